import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { Hash, Ids } from '../../agents/ports/ids.ts'
import type { Clock, Timers } from '../../agents/ports/time.ts'
import { systemHash } from '../../runtime/ids.ts'
import type { Fs } from '../../stores/tree/fs.ts'
import { nodeFs } from '../../stores/tree/node-fs.ts'
import { createTree, type Tree, type TreeOptions } from '../../stores/tree/tree.ts'
import { realTimers } from './real-timers.ts'

export const hash: Hash = systemHash

/** Sortable as the real ones are, and different in each process. */
export function testIds(): Ids {
  const process = randomUUID().slice(0, 8)
  let count = 0
  return {
    next: () => `${String(++count).padStart(10, '0')}-${process}`,
    uuid: () => randomUUID(),
    random: () => 0.5,
  }
}

/** A clock that stands still but for sleeping, which takes no time. */
export function virtualTime(start = Date.UTC(2026, 10, 21, 10)): {
  clock: Clock & { pass(ms: number): void }
  timers: Timers
} {
  let now = start
  const pass = (ms: number): void => {
    now += ms
  }
  return {
    clock: { now: () => now, pass },
    timers: {
      async sleep(ms) {
        pass(ms)
        await new Promise((resolve) => setImmediate(resolve))
      },
      deadline: () => ({ signal: new AbortController().signal, cancel() {} }),
    },
  }
}

export const sessionsDir = (root: string): string => join(root, 'sessions')
export const stateDir = (root: string): string => join(root, 'state')

/** Virtual time would run away during a sync aside: here it only lets others go first. */
const inVirtualTime = (fs: Fs): Fs => ({
  ...fs,
  async fsyncAside(descriptor) {
    await null
    fs.fsync(descriptor)
  },
  async syncDirectoryAside(path) {
    await null
    fs.syncDirectory(path)
  },
})

/** A tree in a directory of the test's own. */
export function testTree(root: string, options: Partial<TreeOptions> = {}): Tree {
  const { fs = nodeFs, timers } = options
  return createTree({
    sessionsDir: sessionsDir(root),
    stateDir: stateDir(root),
    ...virtualTime(),
    ids: testIds(),
    hash,
    mode: 'create',
    ...options,
    fs: timers === realTimers ? fs : inVirtualTime(fs),
  })
}
