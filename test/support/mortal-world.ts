import type { Timers } from '../../agents/ports/time.ts'
import type { Fs } from '../../stores/tree/fs.ts'
import { interceptedFs } from '../../stores/tree/intercepted-fs.ts'
import { nodeFs } from '../../stores/tree/node-fs.ts'
import { testTree, virtualTime } from './fs-tree.ts'
import type { ScriptedModel } from './scripted-model.ts'
import { type TestWorld, testWorld } from './world.ts'

/** Not an error of a file system, and so nothing that the store could handle. */
class Death extends Error {}

/** Time stands still: whoever sleeps is only woken by an abort. */
export const STILL: Timers = {
  sleep: (_ms, signal) =>
    new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
  deadline: () => ({ signal: new AbortController().signal, cancel() {} }),
}

/** Time that does not pass by the long sleeps of whoever renews a lease: a first call may load for as long as it likes. */
export const withoutRenewals = (timers: Timers): Timers => ({
  ...timers,
  sleep: (ms, signal) => (ms < 1000 ? timers.sleep(ms, signal) : STILL.sleep(ms, signal)),
})

export interface MortalWorld extends TestWorld {
  died(): boolean
  /** Counts from now on to the operation at which it dies. */
  diesAt(at: number): void
}

let processes = 0

/**
 * A process over a tree, which dies at its `at`-th operation on the tree's files: from then on it changes nothing, and
 * others know that it is gone.
 */
export function mortalWorld(
  program: string,
  options: {
    readonly root: string
    readonly model: ScriptedModel
    readonly at?: number
    readonly timers?: Timers
    /** Default: that of the machine. */
    readonly fs?: Fs
  },
): MortalWorld {
  const { root, model } = options
  let { at = Number.POSITIVE_INFINITY } = options
  // Opening the tree does not count.
  let operations = Number.NEGATIVE_INFINITY
  const fs = interceptedFs(options.fs ?? nodeFs, (operation, _subject, run) => {
    operations += 1
    // What a dead process had open is closed by the system.
    if (operations >= at && operation !== 'close') throw new Death('the process is dead')
    return run()
  })
  const { clock, timers: virtual } = virtualTime()
  const timers = options.timers ?? virtual
  processes += 1
  const id = `process-${processes}`
  const tree = testTree(root, { fs, clock, timers, owner: { id, isDead: (other) => other !== id } })
  operations = 0
  const test = testWorld(program, { root, model, parts: { ...tree, clock, timers } })
  return {
    ...test,
    clock,
    died: () => operations >= at,
    diesAt(next) {
      operations = 0
      at = next
    },
  }
}
