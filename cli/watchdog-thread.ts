/** The thread of `watchdog.ts`. It touches no file: it must go on when no file system does. */
import { readlinkSync, writeSync } from 'node:fs'
import { workerData } from 'node:worker_threads'
import { requestLine } from '../lambda/middleware/access-log.ts'
import { storageCallIn } from '../runtime/storage-gauge.ts'
import { answeredIn, traceIdOf } from '../runtime/tracing/trace-context.ts'
import { InHandTable } from './in-hand-table.ts'
import { answerOf, type Refused, wireText } from './refused-answer.ts'
import type { WatchdogData } from './watchdog.ts'

const TICK_MS = 250
/** For so long a thread may stand still whatever is in hand: a network file system comes back after its failover. */
const LEAST_MS = 10_000
/** An answer leaves before the caller's time is over. */
const MARGIN_MS = 1000

const { beats, inHand, options } = workerData as WatchdogData
const leastMs = Math.min(LEAST_MS, options.timeoutMs / 2)
const table = new InHandTable(inHand)

let lastBeat = Atomics.load(beats, 0)
/** Counted in ticks: a machine that sleeps, or a process that is stopped, stops this thread as well. */
let stalledMs = 0

setInterval(() => {
  const beat = Atomics.load(beats, 0)
  stalledMs = beat === lastBeat ? stalledMs + TICK_MS : 0
  lastBeat = beat
  if (stalledMs >= options.timeoutMs || (stalledMs >= leastMs && isDue(Date.now()))) end()
}, TICK_MS)

const isDue = (now: number): boolean => table.all().some(({ deadlineAt }) => deadlineAt - MARGIN_MS <= now)

/** Never returns. The signal is the only end that reaches a thread which waits for a network file system. */
function end(): void {
  const storageCall = storageCallIn(options.storageCall)
  const refused = refusedIn(storageCall)
  const requests = table.all()
  for (const { fd, requestId, startedAt, ...request } of requests) {
    const traceparent = answeredIn(request.traceparent)
    if (!isSocket(fd)) continue
    write(fd, wireText(answerOf(refused, { requestId, traceparent })))
    if (!options.logs.requests) continue
    const { method, route } = request
    const traceId = traceIdOf(traceparent)
    const durationMs = Date.now() - startedAt
    log(requestLine({ requestId, traceId, route, method, ...refused, durationMs }))
  }
  if (options.logs.errors) {
    log({
      level: 'error',
      message: 'process stalled',
      stalled_ms: stalledMs,
      requests: requests.length,
      ...(storageCall === null ? {} : { storage_call: storageCall }),
    })
  }
  process.kill(process.pid, 'SIGKILL')
}

function refusedIn(storageCall: string | null): Refused {
  const [code, where] =
    storageCall === null
      ? (['process_stalled', 'in no call on the file system of its tree'] as const)
      : (['storage_slow', `in a call on the file system of its tree (${storageCall})`] as const)
  const message = `the process stood still for ${stalledMs / 1000} seconds ${where}; it ends itself`
  return { status: 503, code, message, retryAfterSeconds: 1 }
}

function log(record: Readonly<Record<string, unknown>>): void {
  const worker = options.worker === null ? {} : { worker: options.worker }
  write(2, `${JSON.stringify({ timestamp: new Date().toISOString(), ...worker, ...record })}\n`)
}

/**
 * A connection that closed at the very moment of the stall has left its number to a file, perhaps. Asked of the kernel's
 * table, since a question to the file itself may hang; where there is none nothing is answered.
 */
function isSocket(fd: number): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:')
  } catch {
    return false
  }
}

/** Not through streams: they are the watched thread's. */
function write(fd: number, text: string): void {
  try {
    writeSync(fd, text)
  } catch {
    // The other side has gone, or does not read.
  }
}
