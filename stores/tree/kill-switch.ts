import { Fault } from '../../agents/ports/fault.ts'
import type { KillSwitch, SwitchState } from '../../agents/ports/limits.ts'
import type { Files } from './files.ts'
import { encodeRecord, numbered, numbersIn } from './records.ts'

const DIRECTORY = 'sys'
/** Always present, so that no client can believe it is absent. */
const FILE = `${DIRECTORY}/kill.json`
const ALL = '*'
const TRIES = 20

interface KillFile {
  readonly seq: number
  /** By agent; `*` is all of them. */
  readonly agents: Readonly<Record<string, SwitchState>>
}

const ENABLED: SwitchState = { disabled: false, reason: null, by: null, at: null }
const UNREADABLE: SwitchState = {
  disabled: true,
  reason: 'the kill switch cannot be read',
  by: null,
  at: null,
}

const historyFile = (seq: number): string => `${DIRECTORY}/kill.${numbered(seq)}.json`

/**
 * The kill switch: read before each model call, tool call and iteration, so one open and one read. Changes are taken
 * by put-if-absent in `kill.<seq>.json`, where two admins cannot overwrite each other and which stays as history;
 * `kill.json` is the newest of them. What cannot be read disables.
 */
export class TreeKillSwitch implements KillSwitch {
  readonly #files: Files

  constructor(files: Files) {
    this.#files = files
  }

  async state(agent: string): Promise<SwitchState> {
    const text = this.#files.read(FILE)
    // A tree that is gone is no decision of anybody's.
    if (text === null) this.#files.assertMounted()
    const file = decode(text)
    if (file === null) return UNREADABLE
    const all = file.agents[ALL]
    return all?.disabled ? all : (own(file, agent) ?? ENABLED)
  }

  async set(agent: string, state: SwitchState): Promise<void> {
    for (let tries = 0; tries < TRIES; tries++) {
      const base = this.#newest()
      const next: KillFile = { seq: base.seq + 1, agents: { ...base.agents, [agent]: state } }
      if (this.#files.putIfAbsent(historyFile(next.seq), encodeRecord(next))) return this.repair()
    }
    // Whoever throws the switch must know that it did not move.
    throw new Fault('storage_unavailable', { path: FILE, problem: `${TRIES} changes came in between` })
  }

  async disabled(): Promise<readonly string[]> {
    const file = decode(this.#files.read(FILE))
    if (file === null) return [ALL]
    return Object.keys(file.agents).filter((agent) => own(file, agent)?.disabled)
  }

  /** Makes `kill.json` the newest change: after a change, and when a tree is opened after a crash in between. */
  repair(): void {
    for (let tries = 0; tries < TRIES; tries++) {
      const newest = this.#newest()
      if ((decode(this.#files.read(FILE))?.seq ?? -1) >= newest.seq) return
      this.#files.replace(FILE, encodeRecord(newest))
    }
  }

  /** The newest change that can be read; a tree that never had one starts enabled. */
  #newest(): KillFile {
    const seqs = numbersIn(this.#files.listFresh(DIRECTORY), 'kill.', '.json')
    const last = seqs.at(-1) ?? 0
    // Where its record was lost or damaged, the view still has it.
    const view = decode(this.#files.read(FILE))
    if (view !== null && view.seq >= last) return view
    for (const seq of seqs.reverse()) {
      const file = decode(this.#files.read(historyFile(seq)))
      // A damaged change keeps its number: the next one comes after it.
      if (file !== null) return { ...file, seq: last }
    }
    const closed = last > 0
    return { seq: last, agents: closed ? { [ALL]: UNREADABLE } : {} }
  }
}

const own = (file: KillFile, agent: string): SwitchState | undefined =>
  Object.hasOwn(file.agents, agent) ? file.agents[agent] : undefined

function decode(text: string | null): KillFile | null {
  try {
    const value: unknown = JSON.parse(text ?? '')
    if (typeof value !== 'object' || value === null || !('seq' in value) || !('agents' in value)) return null
    const { seq, agents } = value
    if (typeof seq !== 'number' || typeof agents !== 'object' || agents === null) return null
    return { seq, agents: { ...agents } }
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}
