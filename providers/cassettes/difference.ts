import type { KeptRequest } from './exchange.ts'

/** Moments differ from run to run: two requests that differ in nothing else are the same. */
const MOMENT = /\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)/g

/** The same for requests that are to have the same answer. */
export const canonical = (request: KeptRequest): string =>
  JSON.stringify(sorted(request)).replace(MOMENT, '<moment>')

/** With the keys of maps in order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => [key, sorted(each)]),
  )
}

export interface Difference {
  /** Dotted path, e.g. `messages.2.content`. */
  readonly place: string
  /** JSON; `undefined` where there is nothing. */
  readonly recorded: string
  readonly now: string
}

const LONGEST_SHOWN = 120

/** The first place where two requests differ; null = they do not. */
export function difference(recorded: KeptRequest, now: KeptRequest): Difference | null {
  const found = firstDifference(sorted(recorded), sorted(now), [])
  return (
    found && {
      place: found.path.join('.'),
      ...around(shown(found.recorded), shown(found.now)),
    }
  )
}

interface Found {
  readonly path: readonly string[]
  readonly recorded: unknown
  readonly now: unknown
}

function firstDifference(recorded: unknown, now: unknown, path: readonly string[]): Found | null {
  if (shown(recorded) === shown(now)) return null
  if (typeof recorded !== 'object' || typeof now !== 'object' || recorded === null || now === null) {
    return { path, recorded, now }
  }
  for (const key of new Set([...Object.keys(recorded), ...Object.keys(now)])) {
    const found = firstDifference(at(recorded, key), at(now, key), [...path, key])
    if (found !== null) return found
  }
  return null
}

const at = (map: object, key: string): unknown => (map as Readonly<Record<string, unknown>>)[key]

const shown = (value: unknown): string => (JSON.stringify(value) ?? 'undefined').replace(MOMENT, '<moment>')

/** Both texts from shortly before the place where they part. */
function around(recorded: string, now: string): { readonly recorded: string; readonly now: string } {
  let same = 0
  while (same < recorded.length && recorded[same] === now[same]) same += 1
  const start = Math.max(0, same - 40)
  const cut = (text: string) =>
    `${start > 0 ? '...' : ''}${text.slice(start, start + LONGEST_SHOWN)}${text.length > start + LONGEST_SHOWN ? '...' : ''}`
  return { recorded: cut(recorded).toWellFormed(), now: cut(now).toWellFormed() }
}
