import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, describe, expect, test } from '@jest/globals'
import { faultText } from '../../agents/ports/fault.ts'
import { keepAliveTransport } from '../../providers/transport.ts'
import { faultOf } from '../support/faults.ts'
import { agentDecl, modelBench, modelRequest } from '../support/model-bench.ts'
import { type OpenAIServer, startOpenAIServer } from '../support/openai-server.ts'
import { outOfDescriptors } from '../support/out-of-descriptors.ts'
import { until } from '../support/until.ts'

/** A provider of the server's models over at most `connections` connections. */
async function bench(server: OpenAIServer, connections: number) {
  const transport = keepAliveTransport({ connections, proxies: null })
  const { providers, clock, slept } = modelBench({ openaiBaseUrl: server.url, fetch: transport.fetch })
  const provider = await providers.for(agentDecl())
  const ask = async (options: { withinMs?: number; signal?: AbortSignal; text?: string } = {}) => {
    const { withinMs = 60_000, signal = new AbortController().signal, text = 'Hello' } = options
    return (await provider.complete(modelRequest(text), { signal, deadlineAt: clock.now() + withinMs })).text
  }
  return { transport, ask, slept }
}

describe('connections to models', () => {
  test('are used again by later calls', async () => {
    const server = await startOpenAIServer()
    server.always({ text: 'ok' })
    const { ask } = await bench(server, 4)
    for (let n = 0; n < 5; n++) await ask()
    expect(server.connections.total).toBe(1)
  })

  test('are opened by the next call where the first one could not load what it needs', () => {
    const printed = outOfDescriptors(
      {
        keepAliveTransport: 'providers/transport.ts',
        startAnswering: 'test/support/answering-server.ts',
      },
      `const server = await startAnswering('ok')
      const { fetch } = keepAliveTransport({ connections: 1, proxies: null })
      const ask = async () => await (await fetch(server.url)).text()
      exhaust()
      await shown(ask())
      relieve()
      await shown(ask())
      server.close()`,
    )
    expect(printed).toBe('{}\n"ok"\n')
  })

  test('are never more than the limit: calls beyond it wait, and all are answered over the same ones', async () => {
    const server = await startOpenAIServer()
    const gate = Promise.withResolvers<void>()
    server.always(({ body }) => ({ text: `re: ${body.messages[0]!.content}`, after: gate.promise }))
    const { transport, ask } = await bench(server, 2)
    const texts = ['a', 'b', 'c', 'd', 'e', 'f']
    const answers = Promise.all(texts.map((text) => ask({ text })))
    await until(() => server.requests.length === 2 && transport.occupancy().waiting === 4)
    expect(transport.occupancy()).toEqual({ limit: 2, inUse: 2, waiting: 4 })
    gate.resolve()
    expect(await answers).toEqual(texts.map((text) => `re: ${text}`))
    expect(server.connections).toMatchObject({ total: 2, most: 2 })
    expect(server.requests.map(({ body }) => body.messages[0]!.content)).toEqual(texts)
    await until(() => transport.occupancy().inUse === 0)
  })

  test('make room for those to another vendor when they are not in use', async () => {
    const [one, other] = [await startOpenAIServer(), await startOpenAIServer()]
    one.always({ text: 'one' })
    other.always({ text: 'other' })
    const { transport, ask } = await bench(one, 1)
    const { providers } = modelBench({ openaiBaseUrl: other.url, fetch: transport.fetch })
    const second = await providers.for(agentDecl())
    const options = { signal: new AbortController().signal, deadlineAt: Number.MAX_SAFE_INTEGER }
    expect([await ask(), (await second.complete(modelRequest('Hello'), options)).text]).toEqual([
      'one',
      'other',
    ])
    await until(() => one.connections.open === 0)
    expect(other.connections.open).toBe(1)
  })

  test('that the vendor has closed in the meantime are replaced without a second attempt', async () => {
    const seen: number[] = []
    let sockets = 0
    const closer = createServer((request, response) => {
      const socket = request.socket as typeof request.socket & { number?: number }
      if (socket.number !== undefined) return void socket.resetAndDestroy()
      sockets += 1
      socket.number = sockets
      seen.push(sockets)
      request.resume()
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ choices: [{ message: { content: `over ${sockets}` } }] }))
    })
    await new Promise<void>((resolve) => closer.listen(0, '127.0.0.1', resolve))
    servers.push(closer)
    const url = `http://127.0.0.1:${(closer.address() as AddressInfo).port}`
    const { ask, slept } = await bench({ url } as OpenAIServer, 2)
    expect([await ask(), await ask()]).toEqual(['over 1', 'over 2'])
    expect([seen, slept]).toEqual([[1, 2], []])
  })

  test('go through the proxy that the environment names, if it is to be used', async () => {
    const asked: (string | undefined)[] = []
    const proxy = createServer((request, response) => {
      asked.push(request.url)
      response.setHeader('content-type', 'application/json').end('{}')
    })
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    servers.push(proxy)
    const HTTP_PROXY = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
    const { fetch } = keepAliveTransport({ connections: 1, proxies: { HTTP_PROXY } })
    expect((await fetch('http://models.test/v1')).status).toBe(200)
    expect(asked).toEqual(['http://models.test/v1'])
  })
})

describe('a call that waits for a connection', () => {
  /** One connection, which a call holds that is never answered. */
  async function held() {
    const server = await startOpenAIServer()
    server.script({ fault: 'hang' })
    server.always({ text: 'ok' })
    const { transport, ask } = await bench(server, 1)
    const holding = new AbortController()
    const first = faultOf(ask({ signal: holding.signal })).catch((error: unknown) => error)
    await until(() => server.requests.length === 1)
    return { transport, ask, server, letGo: () => holding.abort(new Error('let go')), first }
  }

  test('is given up at the deadline of its turn, without having been sent', async () => {
    const { transport, ask, server } = await held()
    const fault = await faultOf(ask({ withinMs: 30 }))
    expect(faultText(fault)).toBe('the model did not answer in time (openai)')
    expect([server.requests.length, transport.occupancy().waiting]).toEqual([1, 0])
  })

  test('leaves the queue when its turn is cancelled, with the reason of that', async () => {
    const { transport, ask } = await held()
    const cancelled = new AbortController()
    const waiting = ask({ signal: cancelled.signal })
    await until(() => transport.occupancy().waiting === 1)
    cancelled.abort(new Error('cancelled'))
    await expect(waiting).rejects.toThrow('cancelled')
    expect(transport.occupancy()).toEqual({ limit: 1, inUse: 1, waiting: 0 })
  })

  test('gets the place of one that is cancelled while the vendor computes', async () => {
    const { transport, ask, letGo } = await held()
    const waiting = ask()
    await until(() => transport.occupancy().waiting === 1)
    letGo()
    expect(await waiting).toBe('ok')
  })

  test('gets the place of one whose answer is no HTTP', async () => {
    const server = await startOpenAIServer()
    server.always({ status: 999 })
    const { transport, ask } = await bench(server, 1)
    const failed = await Promise.all([faultOf(ask()), faultOf(ask())])
    expect(failed.map(({ code }) => code)).toEqual(['provider_unavailable', 'provider_unavailable'])
    expect(transport.occupancy()).toEqual({ limit: 1, inUse: 0, waiting: 0 })
  })

  test('gets the place of one that finds nobody at the address', async () => {
    const server = await startOpenAIServer()
    const { transport, ask } = await bench(server, 1)
    await server.close()
    const failed = await Promise.all([faultOf(ask()), faultOf(ask())])
    expect(failed.map(({ code, data }) => [code, data.problem])).toEqual([
      ['provider_unavailable', 'ECONNREFUSED'],
      ['provider_unavailable', 'ECONNREFUSED'],
    ])
    expect(transport.occupancy()).toEqual({ limit: 1, inUse: 0, waiting: 0 })
  })
})

const servers: ReturnType<typeof createServer>[] = []
afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
})
