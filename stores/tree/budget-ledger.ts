import { Fault } from '../../agents/ports/fault.ts'
import type { Ids } from '../../agents/ports/ids.ts'
import type { Spend } from '../../agents/ports/limits.ts'
import { type BaseFile, checkedSpend, decodeBase, decodeWriter, type WriterFile } from './budget-files.ts'
import type { Files } from './files.ts'
import type { Leases } from './leases.ts'
import { encodeRecord, numbered, numbersIn } from './records.ts'
import { SharedWrites } from './shared-writes.ts'
import { addSpend, NOTHING, sumSpend } from './spend.ts'
import { unlessDefect } from './storage-fault.ts'

const HOUR = 3_600_000
/** A writer silent for this long cannot have a call under way. */
const DEAD_AFTER_MS = HOUR
const FOLD_WHEN_OVER = 8
const FOLDED_AT_ONCE = 20
const TIDY_EVERY = 64
const KEPT_BASES = 2
const READ_TRIES = 5
const NO_BASE: BaseFile = { spend: NOTHING, folded: [] }

const writerFile = (writer: string): string => `w.${writer}.json`
const totalOf = ({ settled, open }: WriterFile): Spend => addSpend(settled, sumSpend(Object.values(open)))

/**
 * One budget in one period (design 9.16). Reserving replaces this process's own file, which is also the barrier, and
 * then adds up everybody's: of two processes that reserve at once at least one sees the other. Calls of one process share
 * writes of the file, and each adds up those that came before it. Files of processes
 * that are gone are folded into a base, so that the cost of a sum does not grow with traffic.
 */
export class BudgetLedger {
  readonly #files: Files
  readonly #leases: Leases
  readonly #ids: Ids
  readonly #directory: string
  #writer: string
  /** The name under which the file was last written; null = never. */
  #writtenAs: string | null = null
  readonly #writes = new SharedWrites(() => this.#write())
  #settled = NOTHING
  /** What others had at the last look; null = there was none. */
  #others: Spend | null = null
  readonly #open = new Map<string, Spend>()
  /** Ms, by the clock of this process; null = never. */
  #reservedAt: number | null = null
  #calls = 0

  constructor(options: { files: Files; leases: Leases; ids: Ids; directory: string }) {
    this.#files = options.files
    this.#leases = options.leases
    this.#ids = options.ids
    this.#directory = options.directory
    this.#writer = options.ids.next()
  }

  /** The total of the last look, with what this process has spent since; null = there was none. */
  get lastSeen(): Spend | null {
    return this.#others === null ? null : addSpend(this.#others, totalOf(this.#own()))
  }

  /** Nothing of this process is under way. */
  get idle(): boolean {
    return this.#open.size === 0
  }

  /**
   * `refusal` tells from the total why this call may not be made; then nothing stays reserved, and the calls that were made
   * after it do not count it. Null = it is reserved. `nowMs` by the clock of this process.
   */
  async reserve<T>(
    id: string,
    { worst, nowMs }: { readonly worst: Spend; readonly nowMs: number },
    refusal: (total: Spend) => T | null,
  ): Promise<T | null> {
    if (this.#wasFolded(nowMs)) this.#becomeAnotherWriter()
    this.#reservedAt = nowMs
    this.#open.set(id, checkedSpend(worst))
    try {
      await this.#writes.written()
    } catch (error) {
      this.#open.delete(id)
      throw error
    }
    let refused: T | null
    try {
      refused = await this.#withTotal(id, (total) => {
        const why = refusal(total)
        if (why !== null) this.#open.delete(id)
        return why
      })
    } catch (error) {
      await this.#withdraw(id).catch(unlessDefect)
      throw error
    }
    if (refused !== null) await this.#withdraw(id)
    return refused
  }

  async #withdraw(id: string): Promise<void> {
    this.#open.delete(id)
    await this.#writes.written()
  }

  async settle(id: string, actual: Spend): Promise<void> {
    const settled = addSpend(this.#settled, checkedSpend(actual))
    if (!this.#open.delete(id)) return
    this.#settled = settled
    await this.#writes.written()
  }

  /** Settled and reserved by all processes. */
  async total(): Promise<Spend> {
    return await this.#withTotal(null, (total) => total)
  }

  /** What `judge` says of the total, in which what this process has reserved after `upTo` is left out. Nothing runs in between. */
  async #withTotal<T>(upTo: string | null, judge: (total: Spend) => T): Promise<T> {
    for (let tries = 1; ; tries++) {
      // Another call has found that this process goes on under a new name.
      if (this.#writtenAs !== null && this.#writtenAs !== this.#writer) await this.#writes.written()
      const names = this.#files.list(this.#directory)
      const base = this.#newestBase(names)
      if (base?.folded.includes(this.#writer) && names.includes(writerFile(this.#writer))) {
        this.#becomeAnotherWriter()
        continue
      }
      const others = base === null ? null : this.#sumOfOthers(names, base)
      if (others !== null) {
        this.#others = others
        // A file of ours that is gone was folded: what it had is in the base.
        const isCounted = !names.includes(writerFile(this.#writer))
        return judge(isCounted ? others : addSpend(others, totalOf(this.#own(upTo))))
      }
      if (tries === READ_TRIES) {
        const path = this.#files.absolute(this.#directory)
        throw new Fault('record_damaged', { path, problem: 'files that are listed cannot be read' })
      }
    }
  }

  /** Folds the files of dead writers once there are many; looks at a writer's first call and then now and then. */
  tidy(): void {
    if (this.#calls++ % TIDY_EVERY !== 0) return
    const names = this.#files.list(this.#directory)
    if (names.filter((name) => name.startsWith('w.')).length <= FOLD_WHEN_OVER) return
    const place = {
      directory: this.#directory,
      lock: 'fold',
      release: 'folded',
      suffix: '',
      keepsClaim: false,
      beat: null,
    }
    const lease = this.#leases.take(place, {
      purpose: 'fold',
      ttlMs: 60_000,
      owner: this.#leases.owner,
      data: {},
    })
    if (lease.kind === 'held') return
    try {
      this.#fold()
    } finally {
      this.#leases.release(place, lease.epoch)
    }
  }

  #fold(): void {
    const now = this.#files.barrier(this.#directory)
    const names = this.#files.list(this.#directory)
    const base = this.#newestBase(names)
    if (base === null) return
    const dead = new Map<string, WriterFile>()
    for (const name of names.filter((name) => name.startsWith('w.'))) {
      const writer = name.slice(2, -'.json'.length)
      if (base.folded.includes(writer)) {
        this.#files.remove(`${this.#directory}/${name}`)
        continue
      }
      const made = this.#files.stat(`${this.#directory}/${name}`)?.modifiedAt
      if (writer === this.#writer || made === undefined || now === null || now - made < DEAD_AFTER_MS)
        continue
      const file = this.#readWriter(writer)
      if (file !== null && dead.size < FOLDED_AT_ONCE) dead.set(writer, file)
    }
    if (dead.size === 0 || !this.#writeBase(names, base, dead)) return
    // A writer that woke up has either seen the new base, or has written before it and is seen here.
    const awake = [...dead].filter(
      ([writer, file]) => encodeRecord(this.#readWriter(writer)) !== encodeRecord(file),
    )
    if (awake.length > 0) {
      for (const [writer] of awake) dead.delete(writer)
      if (!this.#writeBase(this.#files.list(this.#directory), base, dead)) return
    }
    for (const writer of dead.keys()) this.#files.remove(`${this.#directory}/${writerFile(writer)}`)
    const bases = numbersIn(names, 'base.', '.json')
    for (const seq of bases.slice(0, -KEPT_BASES)) this.#files.remove(this.#baseFile(seq))
  }

  #writeBase(names: readonly string[], base: BaseFile, dead: ReadonlyMap<string, WriterFile>): boolean {
    const seq = (numbersIn(names, 'base.', '.json').at(-1) ?? 0) + 1
    const spend = addSpend(base.spend, sumSpend([...dead.values()].map(totalOf)))
    const record = { spend, folded: [...dead.keys()], nonce: this.#ids.next() }
    return this.#files.putIfAbsent(this.#baseFile(seq), encodeRecord(record))
  }

  /** Null when a file vanished while reading: it was folded meanwhile. */
  #sumOfOthers(names: readonly string[], base: BaseFile): Spend | null {
    let sum = base.spend
    for (const name of names.filter((name) => name.startsWith('w.'))) {
      const writer = name.slice(2, -'.json'.length)
      if (writer === this.#writer || base.folded.includes(writer)) continue
      const file = this.#readWriter(writer)
      if (file === null) return null
      sum = addSpend(sum, totalOf(file))
    }
    return sum
  }

  /**
   * This process was silent so long that its file was folded: the base holds what it had, reservations in full.
   * It goes on under a new name, where what is open counts once more rather than not at all.
   */
  #becomeAnotherWriter(): void {
    this.#writer = this.#ids.next()
    this.#settled = NOTHING
  }

  /** Asked only after a silence in which it may have been: bases tell of the last folding only, and there may have been many. */
  #wasFolded(nowMs: number): boolean {
    if (this.#reservedAt === null || nowMs - this.#reservedAt < DEAD_AFTER_MS / 2) return false
    return this.#files.stat(`${this.#directory}/${writerFile(this.#writer)}`) === null
  }

  /** Null when it vanished while reading: a newer one is there. */
  #newestBase(names: readonly string[]): BaseFile | null {
    const seq = numbersIn(names, 'base.', '.json').at(-1)
    if (seq === undefined) return NO_BASE
    const path = this.#baseFile(seq)
    const text = this.#files.read(path)
    return text === null ? null : decodeBase(text, this.#files.absolute(path))
  }

  #readWriter(writer: string): WriterFile | null {
    const path = `${this.#directory}/${writerFile(writer)}`
    const text = this.#files.read(path)
    return text === null ? null : decodeWriter(text, this.#files.absolute(path))
  }

  async #write(): Promise<void> {
    const writer = this.#writer
    await this.#files.replaceAside(`${this.#directory}/${writerFile(writer)}`, encodeRecord(this.#own()))
    this.#writtenAs = writer
  }

  #own(upTo: string | null = null): WriterFile {
    const open = [...this.#open]
    const end = upTo === null ? -1 : open.findIndex(([id]) => id === upTo)
    return { settled: this.#settled, open: Object.fromEntries(end === -1 ? open : open.slice(0, end + 1)) }
  }

  #baseFile(seq: number): string {
    return `${this.#directory}/base.${numbered(seq)}.json`
  }
}
