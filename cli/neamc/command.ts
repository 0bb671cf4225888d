import type { Flags, ParsedFlags } from '../flags.ts'

/** One of neamc's commands. */
export interface Command {
  /** What follows `neamc ` in the usage line. */
  readonly usage: string
  /** One line. */
  readonly summary: string
  readonly flags: Flags
  /**
   * The exit code.
   * @throws UsageError, CommandError
   */
  readonly run: (parsed: ParsedFlags<Flags>) => number
}

/** Makes a command whose `run` sees its own flags with their types. */
export const command = <const F extends Flags>(
  parts: Omit<Command, 'flags' | 'run'> & {
    readonly flags: F
    readonly run: (parsed: ParsedFlags<F>) => number
  },
): Command => ({
  ...parts,
  run: (parsed) => parts.run(parsed as ParsedFlags<F>),
})
