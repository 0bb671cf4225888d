import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll } from '@jest/globals'

const running = new Set<Server>()
afterAll(() => {
  for (const server of running) {
    server.closeAllConnections()
    server.close()
  }
})

/** Has a server listen on a free port of loopback until the tests of the file are over. Answers `http://127.0.0.1:PORT`. */
export async function listenOnLoopback(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  running.add(server)
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
