/**
 * A store call is synchronous, and one on a file system that hangs (an NFS mount whose server is gone) never comes back:
 * no timer of this thread fires any more. A second thread sees that, answers what is in hand and ends the process, so
 * that whoever started it starts another one, and no lease is held for longer than its time.
 */
import type { ServerResponse } from 'node:http'
import { url as inspectorUrl } from 'node:inspector'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { type InHand, InHandTable } from './in-hand-table.ts'
import { packageRoot } from './package-root.ts'

export interface Watchdog {
  /** Tells of a request that is worked on; what comes back is to be called when its answer is there. */
  holds(response: ServerResponse, request: Omit<InHand, 'fd'>): () => void
}

export interface WatchdogOptions {
  /** Limit of a request, ms. */
  readonly timeoutMs: number
  /** Number of this worker; null = there is one process. */
  readonly worker: number | null
  /** What is written to the log: errors, and a line of each request. */
  readonly logs: { readonly errors: boolean; readonly requests: boolean }
  /** Most requests in hand at once. */
  readonly requests: number
  /** Which call on the tree's file system the watched thread is in. */
  readonly storageCall: Int32Array
}

export interface WatchdogData {
  /** One Int32: it changes for as long as the watched thread goes on. */
  readonly beats: Int32Array
  /** Of an `InHandTable`. */
  readonly inHand: SharedArrayBuffer
  readonly options: WatchdogOptions
}

const BEAT_MS = 250

/** Watches the calling thread from now on; null under a debugger, where a thread may well stand still. */
export function startWatchdog(options: WatchdogOptions): Watchdog | null {
  if (inspectorUrl() !== undefined) return null
  const beats = new Int32Array(new SharedArrayBuffer(4))
  const inHand = InHandTable.of(options.requests)
  const workerData: WatchdogData = { beats, inHand: inHand.memory, options }
  const thread = new Worker(threadFile(), { workerData })
  thread.unref()
  setInterval(() => Atomics.add(beats, 0, 1), BEAT_MS).unref()
  return {
    holds(response, request) {
      const fd = descriptorOf(response)
      if (fd === null) return () => {}
      const release = inHand.take({ ...request, fd })
      // Its number may then be another connection's.
      response.once('close', release)
      return release
    },
  }
}

/** Node names descriptors of connections nowhere else. Null: another answer is under way on it, or it is gone. */
function descriptorOf({ socket }: ServerResponse): number | null {
  const { _handle: handle } = (socket ?? {}) as { readonly _handle?: { readonly fd?: number } | null }
  return handle?.fd !== undefined && handle.fd >= 0 ? handle.fd : null
}

/** The thread has a file of its own, in a checkout and in the package (scripts/build.ts). */
const threadFile = (): string =>
  join(
    packageRoot(),
    import.meta.filename.endsWith('.ts') ? 'cli/watchdog-thread.ts' : 'dist/cli/watchdog-thread.js',
  )
