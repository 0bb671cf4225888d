import { type Files, TEMPORARY } from './files.ts'
import { encodeRecord } from './records.ts'
import { turnsOf, versionFile, versionsIn } from './session-paths.ts'
import { turnsIn } from './session-turns.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** Files one turn removes at most. */
const PER_TURN = 20
/** Readers and rebasing writers may still need these. */
const KEPT_VERSIONS = 3
/** A reader may hold a listing this old. */
const TOMBSTONE_AGE_MS = 10 * MINUTE
/** Longer than any writer can be paused (15 minutes of Lambda and caches) with the number in its hand. */
const UNLINK_AGE_MS = 24 * HOUR
const TEMPORARY_AGE_MS = HOUR
/** Idempotency keys and status pages answer this long. */
const TURN_AGE_MS = 7 * 24 * HOUR
/** A turn that a crash left open may still be finished by `sessions repair`. */
const OPEN_TURN_AGE_MS = 30 * 24 * HOUR
/** Groups of turns looked at by one commit. */
const LOOKS = 4

const GOLDEN_SECTION = (Math.sqrt(5) - 1) / 2

/** How far collecting has come, so that a turn looks at the next files only. A wrong hint costs a look, no data. */
interface Progress {
  /** Versions up to here are tombstones. */
  readonly emptied: number
  /** Versions up to here are gone. */
  readonly removed: number
  /** The group of turns that is being removed. */
  readonly group: string | null
}

const PROGRESS = 'gc.json'
const NO_PROGRESS: Progress = { emptied: 0, removed: 0, group: null }

/**
 * Removes what nobody can need any longer, by the server's time and only by the holder of the lease. Old versions
 * become empty files first: the number stays taken, so that a writer that slept for minutes still collides with it.
 */
export class SessionCollector {
  readonly #files: Files

  constructor(files: Files) {
    this.#files = files
  }

  /**
   * `names` is a listing of the session made after commit `seq`, `now` the server's time. Even commits collect versions,
   * odd ones turns.
   */
  afterCommit(session: string, seq: number, names: readonly string[], now: number): void {
    if (seq <= KEPT_VERSIONS && !names.some((name) => name.startsWith(TEMPORARY))) return
    if (seq % 2 === 0) this.#collectVersions(session, seq, names, now)
    else this.#collectTurns(session, seq, names, now)
    this.#removeTemporaries(session, names, now)
  }

  /** What writers that died have left among `names`. */
  collectTemporaries(session: string, names: readonly string[]): void {
    if (!names.some((name) => name.startsWith(TEMPORARY))) return
    const now = this.#files.barrier(session)
    if (now !== null) this.#removeTemporaries(session, names, now)
  }

  #collectVersions(session: string, newest: number, names: readonly string[], now: number): void {
    const hint = this.#readProgress(session, names)
    let { emptied, removed } = hint
    let left = PER_TURN
    const older = (seq: number, age: number): boolean => {
      const made = this.#files.stat(versionFile(session, seq))?.modifiedAt
      return made === undefined || now - made > age
    }
    const versions = versionsIn(names).filter((seq) => seq <= newest - KEPT_VERSIONS)
    for (const seq of versions) {
      if (seq <= removed) continue
      if (seq > emptied || left === 0 || !older(seq, UNLINK_AGE_MS)) break
      this.#files.remove(versionFile(session, seq))
      removed = seq
      left--
    }
    for (const seq of versions) {
      if (seq <= emptied) continue
      if (left === 0 || !older(seq, TOMBSTONE_AGE_MS)) break
      this.#files.replace(versionFile(session, seq), '', { durable: false })
      emptied = seq
      left--
    }
    if (emptied !== hint.emptied || removed !== hint.removed) {
      this.#writeProgress(session, { ...hint, emptied, removed })
    }
  }

  #writeProgress(session: string, progress: Progress): void {
    this.#files.replace(`${session}/${PROGRESS}`, encodeRecord(progress), { durable: false })
  }

  #readProgress(session: string, names: readonly string[]): Progress {
    if (!names.includes(PROGRESS)) return NO_PROGRESS
    try {
      const { emptied, removed, group } = JSON.parse(
        this.#files.read(`${session}/${PROGRESS}`) ?? '',
      ) as Partial<Progress>
      return { emptied: emptied ?? 0, removed: removed ?? 0, group: group ?? null }
    } catch (error) {
      if (error instanceof SyntaxError) return NO_PROGRESS
      throw error
    }
  }

  /**
   * Looks at a few groups a time, or goes on with the one that was begun. Multiples of the golden section spread the looks
   * evenly, however many groups there are.
   */
  #collectTurns(session: string, seq: number, names: readonly string[], now: number): void {
    const progress = this.#readProgress(session, names)
    const { group: begun } = progress
    const groups = this.#files.list(turnsOf(session))
    const first = Math.floor(((seq * GOLDEN_SECTION) % 1) * groups.length)
    const looks = groups.slice(0, LOOKS).map((_, look) => groups[(first + look) % groups.length]!)
    for (const group of begun === null ? looks : [begun]) {
      const directory = `${turnsOf(session)}/${group}`
      // What was removed before made it young.
      if (begun === null && this.#age(directory, now) <= TURN_AGE_MS) continue
      const isDone = this.#collectGroup(directory, now)
      if (isDone === (begun === null)) continue
      this.#writeProgress(session, { ...progress, group: isDone ? null : group })
      return
    }
  }

  /** False: there is more to remove. */
  #collectGroup(group: string, now: number): boolean {
    const turns = turnsIn(group, this.#files.list(group))
    const old = turns.filter(({ files, accepted, closed }) => {
      const limit = closed === null ? OPEN_TURN_AGE_MS : TURN_AGE_MS
      return this.#age(closed ?? accepted ?? files[0]!, now) > limit
    })
    const files = old.flatMap(({ files }) => files)
    for (const file of files.slice(0, PER_TURN)) this.#files.remove(file)
    if (files.length > PER_TURN) return false
    if (old.length === turns.length) this.#files.removeDirectory(group)
    return true
  }

  #age(path: string, now: number): number {
    return now - (this.#files.stat(path)?.modifiedAt ?? now)
  }

  #removeTemporaries(session: string, names: readonly string[], now: number): void {
    for (const name of names.filter((name) => name.startsWith(TEMPORARY)).slice(0, PER_TURN)) {
      const made = this.#files.stat(`${session}/${name}`)?.modifiedAt
      if (made !== undefined && now - made > TEMPORARY_AGE_MS) this.#files.remove(`${session}/${name}`)
    }
  }
}
