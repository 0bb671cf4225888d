import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

export interface FileCalls {
  calls: number
  /** Files and directories. */
  made: number
  synced: number
  /** Read and written. */
  bytes: number
}

const SYNCS: ReadonlySet<string> = new Set(['fsync', 'fsyncSync', 'fdatasyncSync'])

/** Flags with which a file is opened that must not be there. */
const isNew = (flags: unknown): boolean =>
  flags === 'wx' || (typeof flags === 'number' && (flags & fs.constants.O_EXCL) !== 0)

/** Counts the synchronous calls of `node:fs`, and syncs aside, from now on, whoever imports them. */
export function countFileCalls(): FileCalls {
  const counts: FileCalls = { calls: 0, made: 0, synced: 0, bytes: 0 }
  const functions = fs as unknown as Record<string, (...args: unknown[]) => unknown>
  for (const name of Object.keys(functions).filter((name) => name.endsWith('Sync') || name === 'fsync')) {
    const call = functions[name]!
    functions[name] = (...args) => {
      counts.calls++
      if (name === 'mkdirSync' || (name === 'openSync' && isNew(args[1]))) counts.made++
      if (SYNCS.has(name)) counts.synced++
      const result = call.apply(fs, args)
      if (name === 'writeSync') counts.bytes += result as number
      else if (name === 'readFileSync') counts.bytes += (result as string).length
      else if (name === 'appendFileSync') counts.bytes += (args[1] as string).length
      return result
    }
  }
  syncBuiltinESMExports()
  return counts
}
