// A client under its own process: `load.ts JOB`, answers a LoadResult to its parent. It writes requests and reads answers on
// plain sockets: what node:http costs a client would be the most that can be measured of a server.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setPriority } from 'node:os'

export interface LoadJob {
  readonly url: string
  readonly key: string
  readonly paths: readonly string[]
  readonly connections: number
  readonly seconds: number
  /** Requests a second, evenly spread; null = one after the other on each connection. */
  readonly rate: number | null
}

export interface LoadResult {
  readonly requests: number
  /** Milliseconds from when a request was due to the end of its answer. */
  readonly p50: number
  readonly p99: number
  readonly perSecond: number
  /** Microseconds of CPU that the client itself took for a request. */
  readonly cpu: number
}

/** The end of an answer whose head says how long its body is. */
const HEAD = /^HTTP\/1\.1 (\d{3}) .*?\r\ncontent-length: (\d+)\r\n(?:.*?\r\n)??\r\n/is

/** One kept connection, which has one request in hand at a time. */
class Connection {
  readonly #socket: Socket
  #received = ''
  #done: ((error: Error | null) => void) | null = null

  constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true).setEncoding('latin1')
    socket.on('data', (text: string) => {
      this.#received += text
      this.#look()
    })
    socket.on('error', (error) => this.#end(error))
    socket.on('close', () => this.#end(new Error('the server closed a connection')))
  }

  /** Rejects on any answer but 200. */
  ask(request: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#done = (error) => (error === null ? resolve() : reject(error))
      this.#socket.write(request)
    })
  }

  #look(): void {
    const [head, status, length] = HEAD.exec(this.#received) ?? []
    if (head === undefined || this.#received.length < head.length + Number(length)) return
    this.#received = ''
    this.#end(status === '200' ? null : new Error(`answered with ${status}`))
  }

  #end(error: Error | null): void {
    const done = this.#done
    this.#done = null
    done?.(error)
  }
}

const job = JSON.parse(process.argv[2]!) as LoadJob
const { hostname, port } = new URL(job.url)
const requests = job.paths.map(
  (path) => `GET ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nAuthorization: Bearer ${job.key}\r\n\r\n`,
)
const connections = await Promise.all(
  Array.from({ length: job.connections }, async () => {
    const socket = connect(Number(port), hostname)
    await once(socket, 'connect')
    return new Connection(socket)
  }),
)
// Where processes outnumber cores, a client that waits for its turn would count that as the server's time.
try {
  setPriority(-15)
} catch {} // Only root may.

const times: number[] = []
let next = 0

async function ask(connection: Connection, due: number): Promise<void> {
  await connection.ask(requests[next++ % requests.length]!)
  times.push(performance.now() - due)
}

const started = performance.now()
const ends = started + job.seconds * 1000
const used = process.cpuUsage()

/** A request that is late because others were slow has waited all the same. */
async function evenly(rate: number): Promise<void> {
  const due: number[] = []
  const idle = [...connections]
  const busy = new Set<Promise<void>>()
  const send = (): void => {
    while (due.length > 0 && idle.length > 0) {
      const connection = idle.shift()!
      const asked = ask(connection, due.shift()!).then(() => {
        idle.push(connection)
        busy.delete(asked)
        send()
      })
      busy.add(asked)
    }
  }
  for (let n = 0; ; n += 1) {
    const at = started + (n * 1000) / rate
    if (at >= ends) break
    const wait = at - performance.now()
    if (wait > 1) await new Promise((resolve) => setTimeout(resolve, wait))
    due.push(Math.min(at, performance.now()))
    send()
  }
  while (busy.size > 0) await Promise.all(busy)
}

async function flatOut(): Promise<void> {
  await Promise.all(
    connections.map(async (connection) => {
      while (performance.now() < ends) await ask(connection, performance.now())
    }),
  )
}

await (job.rate === null ? flatOut() : evenly(job.rate))
const spent = (performance.now() - started) / 1000
const { user, system } = process.cpuUsage(used)
times.sort((a, b) => a - b)
const at = (share: number): number => times[Math.min(times.length - 1, Math.floor(times.length * share))]!
const result: LoadResult = {
  requests: times.length,
  p50: at(0.5),
  p99: at(0.99),
  perSecond: times.length / spent,
  cpu: (user + system) / times.length,
}
process.send!(result, () => process.exit(0))
