import { type Flags, flagsHelp } from './flags.ts'

/** What `--help` prints of a program, or of one of its commands. */
export interface Help {
  /** Each whole: `neam FILE [flags]`. */
  readonly usage: readonly string[]
  /** What it does, in sentences. */
  readonly about: string
  readonly flags: Flags
  /** Between flags and examples: title and lines, indented already. */
  readonly sections?: readonly (readonly [title: string, lines: string])[]
  /** Command lines that work as they are, given the files that they name. */
  readonly examples: readonly string[]
  readonly exitCodes?: ExitCodes
  /** Its Environment section, with its title. */
  readonly environment?: string
}

/** Meanings of exit codes that are not the usual ones. */
export type ExitCodes = Readonly<Record<number, string>>

const USUAL: ExitCodes = { 0: 'all is well', 1: 'it could not be done; stderr says why', 2: 'wrong usage' }

/** The text of a help, in the same order for all. Ends with a line break. */
export function helpText({
  usage,
  about,
  flags,
  sections = [],
  examples,
  exitCodes,
  environment,
}: Help): string {
  const codes = Object.entries({ ...USUAL, ...exitCodes }).map(([code, meaning]) => `  ${code}  ${meaning}`)
  return [
    usage.map((line, index) => `${index === 0 ? 'Usage: ' : '       '}${line}`).join('\n'),
    about,
    `Flags:\n${flagsHelp(flags)}`,
    ...sections.map(([title, lines]) => `${title}:\n${lines}`),
    `Examples:\n${examples.map((line) => `  ${line}`).join('\n')}`,
    `Exit codes:\n${codes.join('\n')}`,
    ...(environment === undefined ? [] : [environment]),
  ]
    .map((part) => `${part}\n`)
    .join('\n')
}

/** A summary as a sentence. */
export const sentence = (summary: string): string => `${summary[0]!.toUpperCase()}${summary.slice(1)}.`
