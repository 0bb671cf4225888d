import type { Ids } from '../../agents/ports/ids.ts'
import type { LaneRequest } from '../../agents/ports/limits.ts'
import { type Files, TEMPORARY } from './files.ts'
import { decodeRecord, encodeRecord, numbered } from './records.ts'
import { bestEffort } from './storage-fault.ts'

/** Who waits for a slot: `wait/<seq>`. */
interface Ticket {
  readonly lane: string
  readonly concurrency: number
  readonly priority: LaneRequest['priority']
  /** Before it joined; tickets of earlier releases do not tell. */
  readonly waitedMs?: number
  /** The waiter gives up before this. */
  readonly ttlMs: number
}

interface KnownTicket extends Ticket {
  /** By the server's clock. */
  readonly made: number
}

interface Waiting extends Ticket {
  readonly seq: number
  /** Priority with what waiting has added. */
  readonly rank: number
}

const LEVEL = { low: 0, normal: 1, high: 2 } as const
/** Each of these raises a waiter by one level, so that `low` comes to its turn. */
const AGEING_MS = 30_000
const GRACE_MS = 5_000

/** The higher comes first. */
export const laneRank = (priority: LaneRequest['priority'], waitedMs: number): number =>
  LEVEL[priority] + Math.floor(waitedMs / AGEING_MS)

/** The waiting room of one agent, all lanes together. */
export class LaneQueue {
  readonly #files: Files
  readonly #ids: Ids
  readonly #directory: string
  /** Tickets as they were last seen: a number may be given again, a file never changes. */
  #known = new Map<string, KnownTicket>()

  constructor(options: { files: Files; ids: Ids; directory: string }) {
    this.#files = options.files
    this.#ids = options.ids
    this.#directory = options.directory
  }

  /** As far as a listing shows it: who comes first with nobody waiting needs no ticket. */
  isEmpty(): boolean {
    return !this.#files.list(this.#directory).some(isTicket)
  }

  /** Returns the ticket's number. */
  join(ticket: Ticket): number {
    const text = encodeRecord({ ...ticket, nonce: this.#ids.next() })
    for (let seq = this.#last() + 1; ; seq++) {
      if (this.#files.putIfAbsent(this.#file(seq), text, { durable: false })) return seq
    }
  }

  leave(seq: number): void {
    bestEffort(() => this.#files.remove(this.#file(seq)))
  }

  /**
   * True when the ticket gets a slot if the free ones are dealt out in order. `room` = free slots over all lanes, null
   * where there is no such limit; `free` = free slots of a lane.
   */
  isNext(
    seq: number,
    slots: { room: number | null; free(lane: string, concurrency: number): number },
  ): boolean {
    let room = slots.room ?? Number.POSITIVE_INFINITY
    const free = new Map<string, number>()
    for (const waiting of this.#waiting()) {
      const left = free.get(waiting.lane) ?? slots.free(waiting.lane, waiting.concurrency)
      const admitted = left > 0 && room > 0
      if (waiting.seq === seq) return admitted
      free.set(waiting.lane, admitted ? left - 1 : left)
      if (admitted) room--
    }
    // Its ticket expired: others think that it gave up, and so it must.
    return false
  }

  /** Live tickets, first come first. Dead ones are removed. */
  #waiting(): readonly Waiting[] {
    const now = this.#files.barrier(this.#directory) ?? 0
    const waiting: Waiting[] = []
    const known = new Map<string, KnownTicket>()
    for (const name of this.#files.list(this.#directory).filter(isTicket)) {
      const ticket = this.#read(name)
      if (ticket === null) continue
      known.set(name, ticket)
      const age = now - ticket.made
      if (age > ticket.ttlMs + GRACE_MS) this.leave(Number(name))
      else
        waiting.push({
          ...ticket,
          seq: Number(name),
          rank: laneRank(ticket.priority, (ticket.waitedMs ?? 0) + age),
        })
    }
    this.#known = known
    return waiting.sort((a, b) => b.rank - a.rank || a.seq - b.seq)
  }

  /** Null: it has gone. */
  #read(name: string): KnownTicket | null {
    const path = `${this.#directory}/${name}`
    const made = this.#files.stat(path)?.modifiedAt
    const known = this.#known.get(name)
    if (known !== undefined && known.made === made) return known
    const text = this.#files.read(path)
    if (made === undefined || text === null) return null
    return { ...decodeRecord<Ticket>(text, this.#files.absolute(path)), made }
  }

  #last(): number {
    return Math.max(0, ...this.#files.list(this.#directory).filter(isTicket).map(Number))
  }

  #file(seq: number): string {
    return `${this.#directory}/${numbered(seq)}`
  }
}

const isTicket = (name: string): boolean => !name.startsWith(TEMPORARY) && /^\d+$/.test(name)
