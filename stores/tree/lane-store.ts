import type { Hash, Ids } from '../../agents/ports/ids.ts'
import type { LaneRequest, LaneStore } from '../../agents/ports/limits.ts'
import type { Clock, Timers } from '../../agents/ports/time.ts'
import type { Files } from './files.ts'
import { LaneQueue, laneRank } from './lane-queue.ts'
import type { LeasePlace, Leases, Lent } from './leases.ts'
import { encodeName } from './names.ts'
import { Waiters } from './waiters.ts'

/** Longer than any turn may hold a slot (a Lambda of 15 minutes). */
const SLOT_TTL_MS = 16 * 60_000
/** Slots of all lanes together; no lane can have this name, encoded names never begin with `~`. */
const TOTAL = '~total'
const POLL = { firstPollMs: 25, longestPollMs: 500 }

/**
 * Lanes (chapter 24.7, design 9.18): `lanes/<Agent>/<lane>/slot.<k>.<epoch>` are leases, one for each turn that may
 * run at once. Who finds no slot queues with a ticket; a free slot goes to the first live ticket by priority, which
 * grows with waiting, then by number.
 */
export class TreeLaneStore implements LaneStore {
  readonly #files: Files
  readonly #leases: Leases
  readonly #clock: Clock
  readonly #ids: Ids
  readonly #waiters: Waiters
  readonly #queues = new Map<string, LaneQueue>()
  readonly #encode: (name: string) => string

  constructor(options: {
    files: Files
    leases: Leases
    clock: Clock
    timers: Timers
    ids: Ids
    hash: Hash
    foldsCase: boolean
  }) {
    const { hash, foldsCase } = options
    this.#files = options.files
    this.#leases = options.leases
    this.#clock = options.clock
    this.#ids = options.ids
    this.#waiters = new Waiters(options)
    this.#encode = (name) => encodeName(name, { hash, foldsCase })
  }

  async enter(request: LaneRequest): Promise<{ leave(): Promise<void> } | null> {
    const agent = `lanes/${this.#encode(request.agent)}`
    const queue = this.#queueOf(agent)
    const slots =
      (queue.isEmpty() ? this.#take(agent, request) : null) ?? (await this.#wait(agent, queue, request))
    if (slots === null) return null
    return {
      leave: async () => {
        for (const { place, epoch } of slots) this.#leases.release(place, epoch)
        // Those of other lanes may wait for the total.
        this.#waiters.wakeAll(`${agent}/`)
      },
    }
  }

  #queueOf(agent: string): LaneQueue {
    const known = this.#queues.get(agent)
    if (known !== undefined) return known
    const queue = new LaneQueue({ files: this.#files, ids: this.#ids, directory: `${agent}/wait` })
    this.#queues.set(agent, queue)
    return queue
  }

  async #wait(agent: string, queue: LaneQueue, request: LaneRequest): Promise<readonly Lent[] | null> {
    if (request.waitMs <= 0) return null
    const { lane, concurrency, priority, waitMs, waitedMs = 0 } = request
    const began = this.#clock.now()
    const ticket = queue.join({ lane, concurrency, priority, waitedMs, ttlMs: waitMs })
    const waiter = this.#waiters.join(`${agent}/${this.#encode(lane)}`, ticket, () =>
      laneRank(priority, waitedMs + this.#clock.now() - began),
    )
    const free = (name: string, size: number): number => this.#freeIn(`${agent}/${this.#encode(name)}`, size)
    try {
      return await waiter.until({ giveUpAt: began + waitMs, ...POLL }, () => {
        const room =
          request.capacity === undefined ? null : this.#freeIn(`${agent}/${TOTAL}`, request.capacity)
        return { found: queue.isNext(ticket, { room, free }) ? this.#take(agent, request) : null }
      })
    } finally {
      queue.leave(ticket)
      waiter.leave()
    }
  }

  /** A slot of the lane and, where there is a total, one of all lanes; both or none. */
  #take(agent: string, request: LaneRequest): readonly Lent[] | null {
    const own = this.#takeSlot(`${agent}/${this.#encode(request.lane)}`, request.concurrency)
    if (own === null || request.capacity === undefined) return own === null ? null : [own]
    let total: Lent | null = null
    try {
      total = this.#takeSlot(`${agent}/${TOTAL}`, request.capacity)
    } finally {
      if (total === null) this.#leases.release(own.place, own.epoch)
    }
    return total === null ? null : [own, total]
  }

  #takeSlot(directory: string, size: number): Lent | null {
    const claim = { purpose: 'turn', ttlMs: SLOT_TTL_MS, owner: this.#leases.owner, data: {} }
    const slots = slotsOf(directory, size)
    const slot = this.#leases.takeOneOf(directory, slots, claim)
    if (slot !== null) return slot
    for (const place of this.#freeSlots(directory, slots)) {
      const taking = this.#leases.take(place, claim)
      if (taking.kind === 'taken') return { place, epoch: taking.epoch }
    }
    return null
  }

  #freeIn(directory: string, size: number): number {
    return this.#freeSlots(directory, slotsOf(directory, size)).length
  }

  #freeSlots(directory: string, slots: readonly LeasePlace[]): readonly LeasePlace[] {
    const states = this.#leases.inspectAll(directory, slots)
    return slots.filter((_, index) => states[index]?.kind === 'free')
  }
}

const slotsOf = (directory: string, size: number): readonly LeasePlace[] =>
  Array.from({ length: size }, (_, k) => ({
    directory,
    lock: `slot.${k}`,
    release: `free.${k}`,
    suffix: '',
    keepsClaim: false,
    beat: null,
  }))
