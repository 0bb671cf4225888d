import type { HttpServer } from './http-server.ts'
import type { Told } from './stop-signals.ts'

export interface DrainOptions {
  readonly http: Pick<HttpServer, 'idle' | 'close' | 'cut'>
  readonly told: Told
  /** Ends what runs beside requests, after the step in hand. */
  readonly endBackground: () => Promise<void>
  /** How long requests and steps in hand may take, ms. */
  readonly limitMs: number
  /** Aborts the requests that are still in hand after that. */
  readonly abort: () => void
}

/** For aborted requests to write down how they ended, to free what they held and to answer. */
const GRACE_MS = 2000

/**
 * Stops accepting requests and finishes those in hand. Those that take too long, or are in the way of a second signal,
 * are aborted. False: something was cut off.
 */
export async function drain({ http, told, endBackground, limitMs, abort }: DrainOptions): Promise<boolean> {
  http.close()
  const isDone = await Promise.race([
    Promise.all([http.idle(), endBackground()]).then(() => true),
    told.again.then(() => false),
    after(limitMs),
  ])
  if (!isDone) {
    abort()
    await Promise.race([http.idle(), after(GRACE_MS)])
  }
  http.cut()
  return isDone
}

const after = (ms: number): Promise<false> => new Promise((resolve) => setTimeout(resolve, ms, false))
