import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'

/** Another program that listens on 127.0.0.1, on a port that the system chose. */
export async function someListener(): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, port: (server.address() as AddressInfo).port }
}

/** Ports of 127.0.0.1 that nobody listens on. */
export async function freePorts(count: number): Promise<readonly number[]> {
  // All are held before one is given back: no two are the same.
  const held = await Promise.all(Array.from({ length: count }, someListener))
  await Promise.all(held.map(async ({ server }) => await once(server.close(), 'close')))
  return held.map(({ port }) => port)
}
