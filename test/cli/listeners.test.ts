import { once } from 'node:events'
import { afterEach, expect, test } from '@jest/globals'
import { NO_STORAGE_TIME } from '../../agents/ports/storage-time.ts'
import { Connections } from '../../cli/connections.ts'
import { createHttpServer } from '../../cli/http-server.ts'
import { Listeners } from '../../cli/listeners.ts'
import type { Handler } from '../../lambda/edge.ts'
import { freePorts, someListener } from '../support/free-port.ts'
import { moduleOf } from '../support/system.ts'
import { until } from '../support/until.ts'

let listeners: Listeners
let lines: Readonly<Record<string, unknown>>[]
afterEach(() => {
  listeners.close()
  listeners.cut()
})

const manifestOf = (...ports: readonly number[]) =>
  moduleOf(ports.map((port) => `channel c${port} { type: "http" port: ${port} }`).join('\n')).manifest

/** Listens on a port that is free; every channel is answered what the handler says. */
async function start(handler: Handler): Promise<Listeners> {
  lines = []
  listeners = await Listeners.on(0, {
    host: '127.0.0.1',
    onePort: false,
    retryMs: 1,
    log: (record) => lines.push(record),
    create: (entrance) =>
      createHttpServer({
        handlers: new Map([['ANY /{proxy+}', handler]]),
        entrance,
        timeoutMs: 60_000,
        storageTime: NO_STORAGE_TIME,
        localOnly: true,
        connections: new Connections(10),
        onRefused: () => {},
        onError: (error) => {
          throw error
        },
      }),
  })
  return listeners
}

const entranceOf: Handler = async (_event, { entrance }) => ({
  statusCode: 200,
  body: JSON.stringify(entrance),
})
const ask = async (port: number) => await (await fetch(`http://127.0.0.1:${port}/chat`)).json()
const said = (message: string) => lines.filter((line) => line.message === message).map(({ port }) => port)

test('a request knows the port that it came in at, and the port of the server', async () => {
  const [port] = (await freePorts(1)) as [number]
  const all = await start(entranceOf)
  const ownPort = Number(new URL(all.url).port)
  await all.openChannels(manifestOf(port))
  expect([await ask(ownPort), await ask(port)]).toEqual([
    { port: ownPort, ownPort },
    { port, ownPort },
  ])
  expect(all.channelPorts).toMatchObject([{ url: `http://127.0.0.1:${port}`, channels: [{ port }] }])
})

test('a port that another program has is said once, tried again, and opened when it is free', async () => {
  const other = await someListener()
  const [free] = (await freePorts(1)) as [number]
  const all = await start(entranceOf)
  await all.follow(manifestOf(other.port, free))
  expect(said('channel port opened')).toEqual([free])
  other.server.close()
  await once(other.server, 'close')
  await until(() => said('channel port opened').length === 2)
  expect(said('channel port not opened')).toEqual([other.port])
  expect(await ask(other.port)).toMatchObject({ port: other.port })
})

test('programs that follow each other at once leave the ports of the last one', async () => {
  const [first, second, third] = (await freePorts(3)) as [number, number, number]
  const all = await start(entranceOf)
  await Promise.all(
    [manifestOf(first, second), manifestOf(second, third), manifestOf(second), manifestOf(third)].map(
      async (manifest) => await all.follow(manifest),
    ),
  )
  expect(all.channelPorts.map(({ url }) => url)).toEqual([`http://127.0.0.1:${third}`])
  for (const port of [first, second]) await expect(ask(port)).rejects.toThrow()
})

test('a request at a port that is given up counts until it is answered, and the port may come back before', async () => {
  const [port] = (await freePorts(1)) as [number]
  const work = Promise.withResolvers<{ statusCode: number; body: string }>()
  let asked = 0
  const all = await start((event, context) => {
    asked += 1
    return asked === 1 ? work.promise : entranceOf(event, context)
  })
  await all.openChannels(manifestOf(port))
  const late = ask(port)
  await until(() => asked === 1)
  await all.follow(manifestOf())
  await expect(ask(port)).rejects.toThrow()
  expect(all.active()).toBe(1)
  await all.follow(manifestOf(port))
  expect(await ask(port)).toMatchObject({ port })

  all.close()
  const idle = all.idle()
  expect(all.active()).toBe(1)
  work.resolve({ statusCode: 200, body: '"late"' })
  expect(await late).toBe('late')
  await idle
  expect(all.active()).toBe(0)
})
