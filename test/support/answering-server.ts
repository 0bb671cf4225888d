import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A server on loopback that answers every request with `text`, or what it is by then; needs nothing of a test framework. */
export async function startAnswering(
  text: string | (() => string),
): Promise<{ readonly url: string; close(): void }> {
  const server = createServer((_request, response) =>
    response.end(typeof text === 'string' ? text : text()),
  ).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
