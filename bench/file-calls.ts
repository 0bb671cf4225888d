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

/** Counts the synchronous calls of `node:fs` from now on, whoever imported them. */
export function countFileCalls(): FileCalls {
  const counts: FileCalls = { calls: 0, made: 0, synced: 0, bytes: 0 }
  const functions = fs as unknown as Record<string, (...args: unknown[]) => unknown>
  for (const name of Object.keys(functions).filter((name) => name.endsWith('Sync'))) {
    const call = functions[name]!
    functions[name] = (...args) => {
      counts.calls++
      if (name === 'mkdirSync' || (name === 'openSync' && args[1] === 'wx')) counts.made++
      if (name === 'fsyncSync' || name === 'fdatasyncSync') counts.synced++
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
