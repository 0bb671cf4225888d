/**
 * Command line flags of all our programs: declared once as data, which both reads them and prints the help.
 *
 *   const FLAGS = {
 *     port: { type: 'integer', min: 0, max: 65535, value: 'PORT', help: 'port to listen on (default 8080)' },
 *     offline: { type: 'boolean', help: 'answer with the offline model' },
 *   } as const satisfies Flags
 *   const { values, positionals } = parseFlags('neam-api', FLAGS, argv)   // values.port: number | undefined
 */

import { parseArgs } from 'node:util'
import { choices } from '../bytecode/choices.ts'
import { closest } from '../compiler/diagnostics/closest.ts'

interface FlagBase {
  /** One letter: `-o`. */
  readonly short?: string
  /** What the help calls the value, e.g. `DIR`. */
  readonly value?: string
  /** One line of help. */
  readonly help: string
}

export type Flag =
  | (FlagBase & { readonly type: 'boolean' })
  | (FlagBase & { readonly type: 'string'; readonly choices?: readonly string[] })
  | (FlagBase & { readonly type: 'integer' | 'number'; readonly min?: number; readonly max?: number })

export type Flags = Readonly<Record<string, Flag>>

/** Every program and command has these. */
export const GENERAL_FLAGS = {
  help: { type: 'boolean', short: 'h', help: 'print this help' },
  version: { type: 'boolean', help: 'print the version' },
  'no-color': { type: 'boolean', help: 'print without colours, as with NO_COLOR set' },
} as const satisfies Flags

type FlagValue<F extends Flag> = F extends { readonly type: 'boolean' }
  ? boolean
  : F extends { readonly type: 'string' }
    ? string
    : number

export interface ParsedFlags<F extends Flags> {
  /** By flag name; a flag that was not given is absent. */
  readonly values: { readonly [N in keyof F]?: FlagValue<F[N]> }
  readonly positionals: readonly string[]
}

/** The command line cannot be understood: the program prints the message and ends with exit code 2. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'UsageError'
  }
}

/** @throws UsageError naming the flag, its value and what is accepted. */
export function parseFlags<const F extends Flags>(
  program: string,
  flags: F,
  argv: readonly string[],
): ParsedFlags<F> {
  const { tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries(
      Object.entries(flags).map(([name, { type, short }]) => [
        name,
        { type: type === 'boolean' ? 'boolean' : 'string', ...(short === undefined ? {} : { short }) },
      ]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  const values: Record<string, boolean | string | number> = {}
  const positionals: string[] = []
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value)
    if (token.kind !== 'option') continue
    const flag = Object.hasOwn(flags, token.name) ? flags[token.name] : undefined
    if (flag === undefined) throw new UsageError(unknownFlag(program, flags, token.rawName))
    // `-o --json`: the value was forgotten, unless it is joined by `=`.
    const text = token.inlineValue === false && token.value.startsWith('--') ? undefined : token.value
    values[token.name] = readValue(flag, token.rawName, text)
  }
  // Each value was read by its own flag's type.
  return { values: values as ParsedFlags<F>['values'], positionals }
}

function unknownFlag(program: string, flags: Flags, rawName: string): string {
  const near = closest(rawName.replace(/^-+/, ''), Object.keys(flags))
  const hint = near === null ? `see ${program} --help` : `did you mean --${near}?`
  return `unknown flag ${rawName}; ${hint}`
}

/** What a text says as the value of a flag, which errors call `rawName`. @throws UsageError */
export function readValue(flag: Flag, rawName: string, text: string | undefined): boolean | string | number {
  if (flag.type === 'boolean') {
    if (text !== undefined) throw new UsageError(`${rawName} takes no value, got ${JSON.stringify(text)}`)
    return true
  }
  if (text === undefined) throw new UsageError(`${rawName} needs a value: ${rawName} ${placeholder(flag)}`)
  if (flag.type === 'string') {
    if (flag.choices !== undefined && !flag.choices.includes(text))
      throw new UsageError(`${rawName} must be ${choices(flag.choices)}, got ${JSON.stringify(text)}`)
    return text
  }
  const number = text.trim() === '' ? Number.NaN : Number(text)
  const { min = -Infinity, max = Infinity } = flag
  const fits = flag.type === 'integer' ? Number.isSafeInteger(number) : Number.isFinite(number)
  if (!fits || number < min || number > max)
    throw new UsageError(`${rawName} must be ${rangeText(flag.type, min, max)}, got ${JSON.stringify(text)}`)
  return number
}

function rangeText(type: 'integer' | 'number', min: number, max: number): string {
  const noun = type === 'integer' ? 'a whole number' : 'a number'
  if (min > -Infinity && max < Infinity) return `${noun} from ${min} to ${max}`
  if (min > -Infinity) return `${noun} of at least ${min}`
  return max < Infinity ? `${noun} of at most ${max}` : noun
}

const placeholder = (flag: Flag): string =>
  flag.value ??
  (flag.type === 'string' && flag.choices !== undefined
    ? flag.choices.join('|')
    : flag.type === 'string'
      ? 'TEXT'
      : 'N')

/** The flags as lines of a help text, two columns, indented by two. */
export function flagsHelp(flags: Flags): string {
  const rows = Object.entries(flags).map(([name, flag]) => {
    const short = flag.short === undefined ? '    ' : `-${flag.short}, `
    const value = flag.type === 'boolean' ? '' : ` ${placeholder(flag)}`
    return [`${short}--${name}${value}`, flag.help] as const
  })
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n')
}
