/** What goes into a process's log, and what of an error: never what people, models or programs wrote. */
import { Fault, faultText } from '../agents/ports/fault.ts'
import { ProgramError } from '../vm/program.ts'
import { RuntimeError } from '../vm/values/runtime-error.ts'
import { LOG_LEVELS, type LogLevel } from './settings.ts'

export type LogRecord = Readonly<Record<string, unknown>>

/** Writes records of the level and above; `silent` writes none. A record without `level` counts as `info`. */
export const leveledLog = (
  level: LogLevel,
  write: (record: LogRecord) => void,
): ((record: LogRecord) => void) => {
  const least = LOG_LEVELS.indexOf(level)
  return (record) => {
    const own = LOG_LEVELS.findIndex((one) => one === (record.level ?? 'info'))
    if (own >= least && level !== 'silent') write(record)
  }
}

/** Errors whose messages quote what could not be read. */
const QUOTING: ReadonlySet<string> = new Set(['SyntaxError', 'ValiError'])

/**
 * What a log may hold of an error. A program's error may say anything, so that only its kind and place are told; of a
 * text that is no error nothing is.
 */
export function loggable(error: unknown): LogRecord {
  if (error instanceof ProgramError) {
    const [at] = error.trace
    const place = at === undefined ? {} : { at: `${at.file}:${at.line}:${at.column}`, in: at.function }
    return { code: 'program_error', kind: error.kind, ...place }
  }
  if (error instanceof RuntimeError) return { code: 'program_error', kind: error.kind }
  if (error instanceof Fault) {
    if (error.code !== 'program_error') return { code: error.code, cause: faultText(error) }
    return error.cause instanceof ProgramError ? loggable(error.cause) : { code: error.code }
  }
  if (!(error instanceof Error)) return {}
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  const stack = [QUOTING.has(error.name) ? error.name : String(error), ...frames].join('\n')
  return { cause: QUOTING.has(error.name) ? error.name : error.message, stack }
}

/** ` (bot.neam:4:30)`, where the program was. */
function placeText({ trace: [at] }: ProgramError): string {
  return at === undefined ? '' : ` (${at.file}:${at.line}:${at.column})`
}

/** A warning with its cause as a person at a terminal reads it. */
export function warningText(line: string, cause?: unknown): string {
  if (cause === undefined) return line
  if (cause instanceof Fault) return `${line}: ${faultText(cause)}`
  if (cause instanceof ProgramError) return `${line}: ${cause.message}${placeText(cause)}`
  if (cause instanceof RuntimeError) return `${line}: ${cause.message}`
  return `${line}: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`
}
