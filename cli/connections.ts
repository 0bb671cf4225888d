import type { Socket } from 'node:net'
import type { Occupancy } from '../agents/limits/slots.ts'
import { CommandError } from './command-error.ts'

/** Connections beyond the limit that probes are still answered on. */
export const RESERVED = 64

/** Files that a process has open beside its connections: the tree, models, commands, what Node itself needs. */
const OTHER_FILES = 256

const USUAL_LIMIT = 10_000

/**
 * How many connections a process takes: what was asked for, else the usual, or what its open files leave of it (null = any).
 * @throws CommandError when more is asked for than they leave: a process without files answers no probe either.
 */
export function connectionLimit(wanted: number | null, openFiles: number | null): number {
  const possible = Math.max(1, (openFiles ?? Infinity) - RESERVED - OTHER_FILES)
  if (wanted !== null && wanted > possible) {
    throw new CommandError(
      `--max-connections ${wanted} needs ${wanted + RESERVED + OTHER_FILES} open files, and this process may have ${openFiles}: raise ulimit -n, or give ${possible} at most`,
    )
  }
  return wanted ?? Math.min(USUAL_LIMIT, possible)
}

/**
 * The connections of one process (reliability 3.5, H04). Those beyond the limit belong to a small reserve: one request
 * each, and only a probe is served. When the reserve is full, the one that has waited longest without asking gives way, so
 * that connections which ask for nothing keep no probe out.
 */
export class Connections {
  readonly limit: number
  readonly #within = new Set<Socket>()
  readonly #beyond = new Set<Socket>()
  /** Those of the reserve that no request came on yet, oldest first. */
  readonly #silent = new Set<Socket>()

  constructor(limit: number) {
    this.limit = limit
  }

  /** `waiting`: those of the reserve. */
  occupancy(): Occupancy {
    return { limit: this.limit, inUse: this.#within.size, waiting: this.#beyond.size }
  }

  /** Takes a connection in. Answers the one that there is no room for, which may be this one; null = none. */
  took(socket: Socket): Socket | null {
    if (this.#within.size < this.limit) {
      this.#keep(socket, this.#within)
      return null
    }
    const isFull = this.#beyond.size >= RESERVED
    const [longest = socket] = this.#silent
    if (isFull) this.#forget(longest)
    if (!isFull || longest !== socket) {
      this.#keep(socket, this.#beyond)
      this.#silent.add(socket)
    }
    return isFull ? longest : null
  }

  /** Whether a request came on a connection of the reserve, which is in nobody's way from now on. */
  isBeyond(socket: Socket): boolean {
    this.#silent.delete(socket)
    return this.#beyond.has(socket)
  }

  #keep(socket: Socket, among: Set<Socket>): void {
    among.add(socket)
    socket.once('close', () => this.#forget(socket))
  }

  #forget(socket: Socket): void {
    for (const list of [this.#within, this.#beyond, this.#silent]) list.delete(socket)
  }
}
