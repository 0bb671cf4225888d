import { Fault } from '../agents/ports/fault.ts'
import type { Timers } from '../agents/ports/time.ts'

/**
 * Whether a provider answers at all: one request without a key, of which any answer will do. The host that answered.
 * Throws `service_unavailable`.
 */
export async function reachProvider(baseUrl: string, timers: Timers, limitMs: number): Promise<string> {
  const url = URL.parse(baseUrl)
  // An address may hold a password: only its host is told.
  const host = url?.host ?? 'an address that is no URL'
  const { signal, cancel } = timers.deadline(limitMs)
  try {
    const bare = url && `${url.protocol}//${url.host}${url.pathname}`
    await fetch(bare ?? '', { method: 'HEAD', redirect: 'manual', signal })
    return host
  } catch (error) {
    const problem = signal.aborted ? `no answer within ${limitMs} ms` : 'no connection'
    throw new Fault('service_unavailable', { service: host, problem }, { cause: error })
  } finally {
    cancel()
  }
}
