import type { Ids } from '../../agents/ports/ids.ts'
import type { Clock, Timers } from '../../agents/ports/time.ts'
import type { Files } from './files.ts'
import type { Owner } from './owner.ts'
import { numbered, numbersIn } from './records.ts'
import { bestEffort } from './storage-fault.ts'
import { Waiters } from './waiters.ts'

/** Where a lease lies: `<lock>.<epoch><suffix>` is taken, `<release>.<epoch>` says "given back". */
export interface LeasePlace {
  readonly directory: string
  readonly lock: string
  readonly release: string
  readonly suffix: string
  /**
   * Whether the claim is read after the lease was given back, too. Otherwise giving it back only renames its file: making
   * a file is the dearest of all calls. `Free.since` is then the time when the lease was taken.
   */
  readonly keepsClaim: boolean
  /** Name of the holder's sign of life, `<beat>.<epoch>`; null where the time to live is enough. */
  readonly beat: string | null
  /** A reason of the caller's why a lease that is neither released nor expired is over. */
  isOver?(claim: Claim): boolean
}

/** What a lease file says. */
export interface Claim {
  readonly purpose: string
  /** Counted from the lease's making or its last sign of life, by the server's clock. */
  readonly ttlMs: number
  /** The process that holds it (`Owner.id`); null when its death proves nothing. */
  readonly owner: string | null
  readonly data: Readonly<Record<string, string>>
}

export interface Held {
  readonly kind: 'held'
  readonly epoch: number
  readonly claim: Claim
  /** Making or last sign of life. */
  readonly since: number
  readonly leftMs: number
}

/** Times are the server's. A lease that was never taken has epoch 0 and is free since 0. */
export interface Free {
  readonly kind: 'free'
  readonly epoch: number
  readonly since: number
}

/** A lease, to be given back. */
export interface Lent {
  readonly place: LeasePlace
  readonly epoch: number
}

export type Taking = { readonly kind: 'taken'; readonly epoch: number } | Held

const nameOf = ({ directory, lock }: LeasePlace): string => `${directory}/${lock}`

/** A lease whose file cannot be read (lost with the power) is held for this long. */
const UNREADABLE: Claim = { purpose: 'unreadable', ttlMs: 60_000, owner: null, data: {} }
/** Of who else took it, when each try came too late to see. */
const CONTENDED: Claim = { purpose: 'contended', ttlMs: 0, owner: null, data: {} }
/** Epochs that stay; older ones are removed by the next holder. */
const KEPT_EPOCHS = 2
const REMOVED_AT_ONCE = 8
/** Claims are filled up with blanks to this many bytes, so that one can be written over another. */
const CLAIM_BYTES = 256
/** Places whose last epoch this process has given back, and knows. */
const MOST_GIVEN_BACK = 1000
const POLL = { firstPollMs: 20, longestPollMs: 250 }
const TRIES = 16

const fits = (text: string): boolean => Buffer.byteLength(text) === CLAIM_BYTES

/**
 * P3: leases with epochs. The epoch only grows and is the fencing token. A lease is politeness: it saves work that
 * would be thrown away, while correctness lies in put-if-absent. No client's clock is compared with another's.
 */
export class Leases {
  readonly #files: Files
  readonly #clock: Clock
  readonly #ids: Ids
  readonly #owner: Owner
  readonly #waiters: Waiters
  /** Names of the places held by this process whose claim has `CLAIM_BYTES`. */
  readonly #fitting = new Set<string>()
  /** The last epochs of those that it has given back, by name; the latest ones. */
  readonly #givenBack = new Map<string, number>()
  #joined = 0

  constructor(options: { files: Files; clock: Clock; timers: Timers; ids: Ids; owner: Owner }) {
    this.#files = options.files
    this.#clock = options.clock
    this.#waiters = new Waiters(options)
    this.#ids = options.ids
    this.#owner = options.owner
  }

  /** This process, for claims that end with it. */
  get owner(): string | null {
    return this.#owner.id
  }

  /** One try. */
  take(place: LeasePlace, claim: Claim): Taking {
    const epoch = this.#takeAgain(place, claim)
    if (epoch !== null) return { kind: 'taken', epoch }
    for (let tries = 0; tries < TRIES; tries++) {
      const newest = this.#newest(place, this.#files.list(place.directory))
      if (newest.epoch > 0 && !newest.released) {
        const state = this.inspect(place)
        if (state.kind === 'held') return state
        // Free by age, or changed meanwhile: inspecting made the listing fresh.
        const again = this.#newest(place, this.#files.list(place.directory))
        if (again.epoch !== newest.epoch) continue
      }
      const epoch = newest.epoch + 1
      if (this.#claim(place, epoch, claim)) return { kind: 'taken', epoch }
    }
    return { kind: 'held', epoch: 0, claim: CONTENDED, since: 0, leftMs: POLL.longestPollMs }
  }

  /** Waits at most `waitMs` for the lease; null when it stayed held. */
  async waitFor(place: LeasePlace, claim: Claim, waitMs: number): Promise<number | null> {
    const patience = { giveUpAt: this.#clock.now() + waitMs, ...POLL }
    // Who comes later does not overtake.
    const line = this.#waiters.join(nameOf(place), this.#joined++, () => 0)
    try {
      return await line.until(patience, () => {
        const taking = this.take(place, claim)
        if (taking.kind === 'taken') return { found: taking.epoch }
        return { found: null, againWithinMs: taking.leftMs + 1 }
      })
    } finally {
      line.leave()
    }
  }

  /** Who holds the lease now, or since when it is free. Certain at the moment of the call. */
  inspect(place: LeasePlace): Held | Free {
    const now = this.#files.barrier(place.directory) ?? 0
    return this.#inspect(place, now, this.#files.list(place.directory))
  }

  /** As `inspect`, for the places of one directory. */
  inspectAll(directory: string, places: readonly LeasePlace[]): readonly (Held | Free)[] {
    const now = this.#files.barrier(directory) ?? 0
    const names = this.#files.list(directory)
    return places.map((place) => this.#inspect(place, now, names))
  }

  /** One try at each of the places of one directory that seem free, by what this machine last saw of them; null: none was. */
  takeOneOf(directory: string, places: readonly LeasePlace[], claim: Claim): Lent | null {
    for (const place of places) {
      const epoch = this.#takeAgain(place, claim)
      if (epoch !== null) return { place, epoch }
    }
    const names = this.#files.list(directory)
    for (const place of places) {
      const { epoch, released } = this.#newest(place, names)
      if (epoch > 0 && !released) continue
      if (this.#claim(place, epoch + 1, claim)) return { place, epoch: epoch + 1 }
    }
    return null
  }

  #inspect(place: LeasePlace, now: number, names: readonly string[]): Held | Free {
    const { epoch, released } = this.#newest(place, names)
    if (epoch === 0) return { kind: 'free', epoch, since: 0 }
    if (released) {
      const since = this.#files.stat(this.#releaseFile(place, epoch))?.modifiedAt ?? now
      return { kind: 'free', epoch, since }
    }
    const claim = this.#readClaim(place, epoch)
    const lastSign = this.#lastSign(place, epoch)
    const gone = claim.owner !== null && this.#owner.isDead(claim.owner)
    if (gone || place.isOver?.(claim)) return { kind: 'free', epoch, since: lastSign }
    const leftMs = lastSign + claim.ttlMs - now
    if (leftMs <= 0) return { kind: 'free', epoch, since: lastSign + claim.ttlMs }
    return { kind: 'held', epoch, claim, since: lastSign, leftMs }
  }

  /** Newest epoch ever taken and whether it was given back. `fresh` costs a barrier and makes it certain. */
  newest(place: LeasePlace, fresh: boolean): { epoch: number; released: boolean } {
    const { directory } = place
    return this.#newest(place, fresh ? this.#files.listFresh(directory) : this.#files.list(directory))
  }

  /** A sign of life. */
  beat(place: LeasePlace, epoch: number): void {
    this.#files.replace(this.#beatFile(place, epoch), '', { durable: false })
  }

  /** Gives a lease back. Never fails: what cannot be given back expires. */
  release(place: LeasePlace, epoch: number): void {
    const released = this.#releaseFile(place, epoch)
    bestEffort(() => {
      if (place.keepsClaim) return this.#files.mark(released)
      this.#files.move(this.#lockFile(place, epoch), released)
      if (this.#fitting.delete(nameOf(place))) this.#remember(nameOf(place), epoch)
    })
    this.#waiters.wake(nameOf(place))
  }

  #remember(name: string, epoch: number): void {
    if (this.#givenBack.size === MOST_GIVEN_BACK) this.#givenBack.clear()
    this.#givenBack.set(name, epoch)
  }

  /**
   * Takes what this process has given back last: the file of that is used again, and nothing is looked at before. Null:
   * there is none, or another has taken the lease since.
   */
  #takeAgain(place: LeasePlace, claim: Claim): number | null {
    const last = this.#givenBack.get(nameOf(place))
    if (last === undefined) return null
    this.#givenBack.delete(nameOf(place))
    const text = this.#textOf(claim)
    if (!fits(text)) return null
    const epoch = last + 1
    const isOurs = this.#files.reuse(this.#releaseFile(place, last), this.#lockFile(place, epoch), text)
    return isOurs && this.#stands(place, epoch, text) ? epoch : null
  }

  #claim(place: LeasePlace, epoch: number, claim: Claim): boolean {
    const file = this.#lockFile(place, epoch)
    const text = this.#textOf(claim)
    return this.#files.putIfAbsent(file, text, { durable: false }) && this.#stands(place, epoch, text)
  }

  #textOf(claim: Claim): string {
    const text = JSON.stringify({ ...claim, nonce: this.#ids.next() })
    return `${text}${' '.repeat(Math.max(0, CLAIM_BYTES - Buffer.byteLength(text) - 1))}\n`
  }

  /** Whether an epoch whose name was free is the newest; it is given up when it is not. */
  #stands(place: LeasePlace, epoch: number, text: string): boolean {
    const file = this.#lockFile(place, epoch)
    const names = this.#namesAfter(file, place.directory)
    const newest = this.#newest(place, names)
    if (newest.epoch > epoch || newest.released) {
      // The number was free only because it had been used, and given back or removed.
      this.#files.remove(file)
      return false
    }
    // One that was lost may have left its mark.
    if (fits(text) && !place.keepsClaim) this.#fitting.add(nameOf(place))
    else this.#fitting.delete(nameOf(place))
    bestEffort(() => this.#removeOld(place, names, epoch))
    return true
  }

  /** The names once a claim has been made. Who is told of an error holds nothing. */
  #namesAfter(file: string, directory: string): readonly string[] {
    try {
      return this.#files.list(directory)
    } catch (error) {
      bestEffort(() => this.#files.remove(file))
      throw error
    }
  }

  #removeOld(place: LeasePlace, names: readonly string[], epoch: number): void {
    const series: [prefix: string, suffix: string][] = [
      [`${place.lock}.`, place.suffix],
      [`${place.release}.`, ''],
    ]
    if (place.beat !== null) series.push([`${place.beat}.`, ''])
    for (const [prefix, suffix] of series) {
      const old = numbersIn(names, prefix, suffix).filter((number) => number <= epoch - KEPT_EPOCHS)
      for (const number of old.slice(0, REMOVED_AT_ONCE)) {
        this.#files.remove(`${place.directory}/${prefix}${numbered(number)}${suffix}`)
      }
    }
  }

  #newest(place: LeasePlace, names: readonly string[]): { epoch: number; released: boolean } {
    const taken = numbersIn(names, `${place.lock}.`, place.suffix).at(-1) ?? 0
    const released = numbersIn(names, `${place.release}.`).at(-1) ?? 0
    return { epoch: Math.max(taken, released), released: released > 0 && released >= taken }
  }

  #readClaim(place: LeasePlace, epoch: number): Claim {
    try {
      const text = this.#files.read(this.#lockFile(place, epoch)) ?? ''
      return { ...UNREADABLE, ...(JSON.parse(text) as Partial<Claim>) }
    } catch (error) {
      if (error instanceof SyntaxError) return UNREADABLE
      throw error
    }
  }

  #lastSign(place: LeasePlace, epoch: number): number {
    const made = this.#files.stat(this.#lockFile(place, epoch))?.modifiedAt ?? 0
    const beat = place.beat === null ? null : this.#files.stat(this.#beatFile(place, epoch))
    return Math.max(made, beat?.modifiedAt ?? 0)
  }

  #releaseFile(place: LeasePlace, epoch: number): string {
    return `${place.directory}/${place.release}.${numbered(epoch)}`
  }

  #lockFile(place: LeasePlace, epoch: number): string {
    return `${place.directory}/${place.lock}.${numbered(epoch)}${place.suffix}`
  }

  #beatFile(place: LeasePlace, epoch: number): string {
    return `${place.directory}/${place.beat}.${numbered(epoch)}`
  }
}
