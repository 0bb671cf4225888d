import type { Flags, ParsedFlags } from './flags.ts'

/** One of the commands of a program that has several. */
export interface Command {
  /** What follows the program's name in the usage line. */
  readonly usage: string
  /** One line. */
  readonly summary: string
  readonly flags: Flags
  /**
   * The exit code.
   * @throws UsageError, CommandError
   */
  readonly run: (parsed: ParsedFlags<Flags>) => number | Promise<number>
}

/** Makes a command whose `run` sees its own flags with their types. */
export const command = <const F extends Flags>(
  parts: Omit<Command, 'flags' | 'run'> & {
    readonly flags: F
    readonly run: (parsed: ParsedFlags<F>) => number | Promise<number>
  },
): Command => ({
  ...parts,
  run: (parsed) => parts.run(parsed as ParsedFlags<F>),
})
