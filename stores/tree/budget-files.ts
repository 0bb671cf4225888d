/** The two kinds of files in a budget's directory. A file of another shape must not count as nothing spent. */
import { Fault } from '../../agents/ports/fault.ts'
import type { Spend } from '../../agents/ports/limits.ts'
import { decodeRecord } from './records.ts'

/** `w.<writer>.json`: what one process has spent and reserved. Only that process writes it. */
export interface WriterFile {
  readonly settled: Spend
  readonly open: Readonly<Record<string, Spend>>
}

/** `base.<seq>.json`: the sum of writers that are gone. */
export interface BaseFile {
  readonly spend: Spend
  /** Writers in the sum whose files may still be there. */
  readonly folded: readonly string[]
}

/** Throws `record_damaged`. */
export function decodeWriter(text: string, path: string): WriterFile {
  const { settled, open } = decodeRecord<Partial<WriterFile>>(text, path)
  if (isSpend(settled) && typeof open === 'object' && open !== null && Object.values(open).every(isSpend)) {
    return { settled, open }
  }
  throw new Fault('record_damaged', { path, problem: 'it is no sum of what a process has spent' })
}

/** Throws `record_damaged`. */
export function decodeBase(text: string, path: string): BaseFile {
  const { spend, folded } = decodeRecord<Partial<BaseFile>>(text, path)
  if (isSpend(spend) && Array.isArray(folded)) return { spend, folded }
  throw new Fault('record_damaged', { path, problem: 'it is no sum of what processes have spent' })
}

/** A spend that is no number would be written as null, and count as nothing for everybody: the caller has a defect. */
export function checkedSpend(spend: Spend): Spend {
  if (isSpend(spend)) return spend
  const { apiCalls, tokens, cost } = spend
  throw new TypeError(`no spend of a budget: ${apiCalls} calls, ${tokens} tokens, ${cost} USD`)
}

function isSpend(value: unknown): value is Spend {
  if (typeof value !== 'object' || value === null) return false
  const { apiCalls, tokens, cost } = value as Partial<Spend>
  return [apiCalls, tokens, cost].every((amount) => Number.isFinite(amount) && Number(amount) >= 0)
}
