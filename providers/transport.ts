/** How model clients reach their vendors: over connections that are kept and counted (chapter 28.5, `--llm-pool-size`). */
import { type Occupancy, Slots } from '../agents/limits/slots.ts'
import { lazily } from '../agents/ports/lazily.ts'

export interface TransportOptions {
  /** Most connections at once, to all vendors together. */
  readonly connections: number
  /** Variables that name proxies (`HTTPS_PROXY` and its like); null = none is used. */
  readonly proxies: Readonly<Record<string, string | undefined>> | null
}

export interface Transport {
  /**
   * For the vendors' packages: bodies of requests are text. A call beyond the limit waits for its turn as long as its
   * signal allows. Redirects are not followed: a key stays with the address that it was given for.
   */
  readonly fetch: typeof fetch
  occupancy(): Occupancy
}

export function keepAliveTransport({ connections: limit, proxies }: TransportOptions): Transport {
  const slots = new Slots(limit)
  // Loading node:http takes 10 ms, which a process that asks no model need not spend.
  const connections = lazily(async () => {
    const { openConnections } = await import('./connections.ts')
    return openConnections({ proxies, unused: () => limit - slots.occupancy().inUse })
  })

  return {
    async fetch(input, init) {
      const { method = 'GET', headers, body = '', signal: given } = init ?? {}
      if (input instanceof Request || typeof body !== 'string')
        throw new TypeError('a call has an address and a body of text')
      const signal = given ?? new AbortController().signal
      const release = await slots.take(signal)
      try {
        const { send } = await connections()
        const call = { url: new URL(input), method, headers: new Headers(headers), body, signal }
        return await send(call, release)
      } catch (error) {
        release()
        signal.throwIfAborted()
        throw new TypeError('no answer', { cause: error })
      }
    },
    occupancy: () => slots.occupancy(),
  }
}
