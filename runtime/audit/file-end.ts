import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { parseRecord } from './record.ts'

/** What a writer needs to know of a file that it goes on with. */
export interface FileEnd {
  /** Hash of its last whole record; null = it has none. */
  readonly head: string | null
  /** Whether the last line was left half written. */
  readonly torn: boolean
}

/** Longer than any record: those hold names and numbers. */
const READ_BYTES = 64 * 1024

/** The end of an audit file; one that is not there is empty. */
export function fileEnd(path: string): FileEnd {
  const text = lastBytes(path)
  const lines = text.split('\n')
  const last = lines.map((line) => parseRecord(line)).findLast((record) => record !== null)
  return { head: last?.hash ?? null, torn: text !== '' && !text.endsWith('\n') }
}

function lastBytes(path: string): string {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
  try {
    const { size } = fstatSync(file)
    const bytes = Buffer.alloc(Math.min(size, READ_BYTES))
    const read = readSync(file, bytes, 0, bytes.length, size - bytes.length)
    return bytes.toString('utf8', 0, read)
  } finally {
    closeSync(file)
  }
}
