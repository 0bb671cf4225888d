import { Fault } from '../../agents/ports/fault.ts'
import type { Files } from './files.ts'

/** Small JSON records: written whole and read whole, one line each so that `cat` shows them well. */
export const encodeRecord = (value: unknown): string => `${JSON.stringify(value)}\n`

/** Whether a text is JSON of any kind. */
export function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Throws `record_damaged` when the text is no JSON object. */
export function decodeRecord<T>(text: string, path: string): T {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value as T
  } catch {
    // not JSON at all: told below
  }
  throw new Fault('record_damaged', {
    path,
    problem: text === '' ? 'it is empty' : 'it is not a JSON object',
  })
}

/** A record, null when there is none (certainly, after a barrier). Throws `record_damaged`. */
export function readRecord<T>(files: Files, path: string): T | null {
  const text = files.readFresh(path)
  return text === null ? null : decodeRecord<T>(text, files.absolute(path))
}

/** Numbers in file names have ten digits, so that names sort as numbers do. */
export const numbered = (value: number): string => String(value).padStart(10, '0')

/** Numbers n of the names `<prefix><n><suffix>`, ascending. */
export function numbersIn(names: readonly string[], prefix: string, suffix = ''): number[] {
  const found: number[] = []
  for (const name of names) {
    if (!name.startsWith(prefix) || !name.endsWith(suffix)) continue
    const digits = name.slice(prefix.length, name.length - suffix.length)
    if (/^\d+$/.test(digits)) found.push(Number(digits))
  }
  return found.sort((a, b) => a - b)
}

/**
 * Orders the names `<name>[.v<n>].jsonl` of what compactions and resets have kept: by name, then by number. The one without
 * a number ended its session, so that it comes after all of its compactions.
 */
export function byVersion(a: string, b: string): number {
  const [one, other] = [versioned(a), versioned(b)]
  if (one.name !== other.name) return one.name < other.name ? -1 : 1
  return one.number === other.number ? 0 : one.number - other.number
}

function versioned(file: string): { readonly name: string; readonly number: number } {
  const [, name = file, number] = /^(.*?)(?:\.v(\d+))?\.jsonl$/.exec(file) ?? []
  return { name, number: number === undefined ? Infinity : Number(number) }
}
