import { Fault, type FaultCode, faultText } from '../../agents/ports/fault.ts'
import type { Hash, Ids } from '../../agents/ports/ids.ts'
import type { Clock } from '../../agents/ports/time.ts'
import { Files, TEMPORARY } from './files.ts'
import type { Fs } from './fs.ts'
import { isJson } from './records.ts'
import { readSentinel } from './sentinel.ts'
import { decodeVersion, readLines, type VersionFile } from './session-file.ts'
import { currentFile, turnsOf, versionFile, versionsIn } from './session-paths.ts'
import { turnsIn } from './session-turns.ts'

/** Something about a tree that is not as it should be. */
export interface Finding {
  readonly kind:
    | 'tree' // it is missing, of another format, or cannot be used
    | 'damaged_version' // the newest version of a session cannot be read; the one before it is served
    | 'damaged_session' // no version of a session can be read
    | 'damaged_archive' // some lines of an archived conversation cannot be read; the others are
    | 'damaged_record' // a record of the state is no JSON
    | 'stale_view' // current.jsonl is not the newest version
    | 'open_turn' // a message without an answer, and nobody works on it
    | 'leftover' // a temporary file of a process that died
  /** Absolute. */
  readonly path: string
  readonly problem: string
  /** What a person can do; null for what `fix` mends. */
  readonly remedy: string | null
  readonly mended: boolean
}

export interface DoctorOptions {
  readonly fs: Fs
  readonly clock: Clock
  readonly ids: Ids
  readonly hash: Hash
  readonly sessionsDir: string
  readonly stateDir: string
  /** Mend what can be mended without a decision of a person. */
  readonly fix: boolean
}

const SESSIONS_SENTINEL = '.tree.json'
const STATE_SENTINEL = 'sys/tree.json'
/** Writers may be paused for long with a temporary file in their hands. */
const LEFTOVER_AGE_MS = 60 * 60_000
/** A turn of this age is not in hand any more: Lambda ends a worker after 15 minutes. */
const OPEN_TURN_AGE_MS = 20 * 60_000

const REMEDIES: Readonly<Partial<Record<FaultCode, string>>> = {
  tree_missing: 'mount the file system; a new tree is made by the first program that runs',
  tree_version: 'run the release that made it, or a newer one',
  record_damaged:
    'put a copy of the file back; on a local disk it may be removed: the next program that runs makes it anew',
}

/** Looks through a tree. It may be in use meanwhile: nothing that a live process needs is touched. */
export function examineTree(options: DoctorOptions): Finding[] {
  return new Doctor(options).examine()
}

class Doctor {
  readonly #options: DoctorOptions
  readonly #findings: Finding[] = []

  constructor(options: DoctorOptions) {
    this.#options = options
  }

  examine(): Finding[] {
    const { sessionsDir, stateDir } = this.#options
    const sessions = this.#open(sessionsDir, SESSIONS_SENTINEL)
    const state = this.#open(stateDir, STATE_SENTINEL)
    if (sessions !== null) this.#sessions(sessions)
    if (state !== null) this.#records(state, '')
    return this.#findings
  }

  /** Null: there is nothing to look through. */
  #open(root: string, file: string): Place | null {
    const { fs, clock, ids } = this.#options
    try {
      readSentinel({ fs, clock, ids, root, file, of: null })
      const files = new Files({ fs, ids, root, sentinel: file })
      const now = files.barrier('')
      return { files, now: now ?? clock.now() }
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      this.#find('tree', root, faultText(error), {
        remedy: REMEDIES[error.code] ?? 'see to the file system and its permissions',
      })
      return null
    }
  }

  #sessions(place: Place): void {
    const { files } = place
    for (const agent of files.list('').filter(isOurs)) {
      for (const name of files.list(agent).filter(isOurs)) this.#session(place, `${agent}/${name}`)
    }
  }

  #session(place: Place, session: string): void {
    const { files } = place
    const names = files.listFresh(session)
    this.#leftovers(place, session, names)
    const newest = this.#newestVersion(files, session, names)
    if (newest !== null) this.#view(files, session, newest)
    this.#archives(files, `${session}/archive`)
    this.#turns(place, session)
  }

  /** Null: there is none, or none that can be read. */
  #newestVersion(files: Files, session: string, names: readonly string[]): VersionFile | null {
    const { hash } = this.#options
    const versions = versionsIn(names).reverse()
    for (const [index, seq] of versions.entries()) {
      const path = versionFile(session, seq)
      const version = decodeVersion(files.read(path) ?? '', files.absolute(path), hash)
      if (version === null) continue
      if (index > 0) {
        this.#find(
          'damaged_version',
          files.absolute(versionFile(session, versions[0]!)),
          `it cannot be read; version ${seq} is served`,
          { remedy: 'restore the file from a backup, or delete it to give it up' },
        )
      }
      return version
    }
    if (versions.length > 0) {
      this.#find('damaged_session', files.absolute(session), 'no version of the session can be read', {
        remedy: 'restore a version from a backup; archive/ holds earlier conversations',
      })
    }
    return null
  }

  #view(files: Files, session: string, { body, header }: VersionFile): void {
    const path = currentFile(session)
    if (files.read(path) === body) return
    const mended = this.#mend(() => {
      // somebody may have committed since the version was read
      if (versionsIn(files.listFresh(session)).at(-1) === header.seq) files.replace(path, body)
    })
    this.#find('stale_view', files.absolute(path), `it does not show version ${header.seq}`, { mended })
  }

  #archives(files: Files, directory: string): void {
    for (const name of files.list(directory).filter((name) => name.endsWith('.jsonl'))) {
      const path = `${directory}/${name}`
      const { messages, damagedLines } = readLines(files.read(path) ?? '')
      if (damagedLines === 0) continue
      const problem = `${damagedLines} of its ${damagedLines + messages.length} lines cannot be read`
      this.#find('damaged_archive', files.absolute(path), problem, {
        remedy: 'restore the file from a backup, or remove those lines to give them up',
      })
    }
  }

  #turns({ files, now }: Place, session: string): void {
    for (const name of files.list(turnsOf(session)).filter(isOurs)) {
      const group = `${turnsOf(session)}/${name}`
      for (const { accepted, closed } of turnsIn(group, files.list(group))) {
        const since = accepted === null ? undefined : files.stat(accepted)?.modifiedAt
        if (closed !== null || accepted === null || since === undefined || now - since < OPEN_TURN_AGE_MS)
          continue
        this.#find('open_turn', files.absolute(accepted), 'its message was accepted and has no answer', {
          remedy: 'neam-cli sessions repair FILE goes on with it',
        })
      }
    }
  }

  /** Everything below a directory of the state. */
  #records(place: Place, directory: string): void {
    const { files } = place
    const names = files.list(directory)
    this.#leftovers(place, directory, names)
    for (const name of names) {
      const path = directory === '' ? name : `${directory}/${name}`
      if (name.endsWith('.json')) this.#record(files, path)
      else if (!name.startsWith(TEMPORARY) && isDirectory(files, path)) this.#records(place, path)
    }
  }

  #record(files: Files, path: string): void {
    const text = files.read(path)
    if (text === null || isJson(text)) return
    this.#find('damaged_record', files.absolute(path), 'it is no JSON', {
      remedy: 'restore the file from a backup, or delete it to give it up',
    })
  }

  #leftovers({ files, now }: Place, directory: string, names: readonly string[]): void {
    for (const name of names.filter((name) => name.startsWith(TEMPORARY))) {
      const path = directory === '' ? name : `${directory}/${name}`
      const made = files.stat(path)?.modifiedAt
      if (made === undefined || now - made < LEFTOVER_AGE_MS) continue
      const mended = this.#mend(() => files.remove(path))
      this.#find('leftover', files.absolute(path), 'a process died while it wrote this', { mended })
    }
  }

  #mend(mend: () => void): boolean {
    if (this.#options.fix) mend()
    return this.#options.fix
  }

  #find(
    kind: Finding['kind'],
    path: string,
    problem: string,
    { remedy = null, mended = false }: { readonly remedy?: string | null; readonly mended?: boolean },
  ): void {
    this.#findings.push({ kind, path, problem, remedy, mended })
  }
}

interface Place {
  readonly files: Files
  /** By the file server's clock, ms. */
  readonly now: number
}

/** Names that begin with a dot are the store's own; no encoded name does. */
const isOurs = (name: string): boolean => !name.startsWith('.')

/** A file lists nothing and is no directory; what cannot be looked into is left alone. */
function isDirectory(files: Files, path: string): boolean {
  try {
    files.list(path)
    return true
  } catch {
    return false
  }
}
