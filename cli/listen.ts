import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CommandError } from './command-error.ts'

export interface Address {
  /** Interface to bind. */
  readonly host: string
  /** 0 = a free one. */
  readonly port: number
  /** Whose port it is, between commas; the server's own has none. */
  readonly owner?: string
  /** What to do when it cannot be had. `which`: what a better one is like. */
  readonly fix: (which: 'another' | 'one above 1023') => string
}

/** Takes connections from now on. Answers the port. @throws CommandError when the address cannot be had */
export function listen(server: Server, { host, port, owner, fix }: Address): Promise<number> {
  const named = owner === undefined ? `port ${port}` : `port ${port}, ${owner},`
  return new Promise((resolve, reject) => {
    // Stays: that one connection could not be accepted later is not the end of the server.
    server.on('error', (error: NodeJS.ErrnoException) => {
      const why: Readonly<Record<string, string>> = {
        EADDRINUSE: `${named} is in use; ${fix('another')}`,
        EACCES: `${named} may not be bound by this user; ${fix('one above 1023')}`,
        EADDRNOTAVAIL: `${host} is no address of this machine`,
        ENOTFOUND: `${host} is no known host`,
      }
      reject(new CommandError(why[error.code ?? ''] ?? `${named}: ${error.message}`, { cause: error }))
    })
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port))
  })
}
