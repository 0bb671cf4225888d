import * as v from 'valibot'
import type { StorageTime } from '../../agents/ports/storage-time.ts'
import { AMOUNT, COUNT } from '../answer-parts.ts'

const SLOWEST = v.strictObject({ operation: v.string(), files: v.string(), ms: AMOUNT })

/** `calls` and `ms`: since the process began; `slowest`: of the newest five minutes. */
export const STORAGE = v.strictObject({ calls: COUNT, ms: AMOUNT, slowest: v.nullable(SLOWEST) })

/** What the file system of the tree took, in whole microseconds. */
export function storageFiguresOf(storageTime: StorageTime): v.InferOutput<typeof STORAGE> {
  const { calls, ms, slowest } = storageTime.figures()
  return { calls, ms: rounded(ms), slowest: slowest && { ...slowest, ms: rounded(slowest.ms) } }
}

const rounded = (ms: number): number => Math.round(ms * 1000) / 1000
