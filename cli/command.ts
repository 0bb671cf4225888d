import { type Flags, GENERAL_FLAGS, type ParsedFlags } from './flags.ts'
import { type ExitCodes, helpText, sentence } from './help.ts'

/** One of the commands of a program that has several. */
export interface Command {
  /** What follows the program's name in the usage line. */
  readonly usage: string
  /** One line. */
  readonly summary: string
  /** What the help says after the summary, in sentences. */
  readonly about?: string
  readonly flags: Flags
  /** Whole command lines; see cli/help.ts. */
  readonly examples: readonly string[]
  readonly exitCodes?: ExitCodes
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

/** The help of `program`'s command. */
export const commandHelp = (
  program: string,
  { usage, summary, about, flags, examples, exitCodes }: Command,
): string =>
  helpText({
    usage: [`${program} ${usage}`],
    about: [sentence(summary), ...(about === undefined ? [] : [about])].join('\n'),
    flags: { ...flags, ...GENERAL_FLAGS },
    examples,
    ...(exitCodes === undefined ? {} : { exitCodes }),
  })

/** Longer usages stand on a line of their own. */
const USAGE_WIDTH = 40

/** The commands of a program for its own help. */
export function commandList(commands: readonly Command[]): string {
  const width = Math.max(
    ...commands.map(({ usage }) => usage.length).filter((length) => length <= USAGE_WIDTH),
  )
  return commands
    .map(({ usage, summary }) =>
      usage.length > USAGE_WIDTH
        ? `  ${usage}\n${' '.repeat(width + 4)}${summary}`
        : `  ${usage.padEnd(width)}  ${summary}`,
    )
    .join('\n')
}
