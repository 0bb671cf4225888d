import type { Behaviour, BehaviourStore } from '../../agents/ports/behaviour.ts'
import { Fault } from '../../agents/ports/fault.ts'
import type { Hash, Ids } from '../../agents/ports/ids.ts'
import type { Files } from './files.ts'
import { encodeName } from './names.ts'
import { encodeRecord, numbered, numbersIn } from './records.ts'
import { bestEffort } from './storage-fault.ts'

const TRIES = 20
/** Versions that stay: a writer that read one which is gone by now is so late that its change is lost. */
const KEPT = 16

const NOTHING: Behaviour = { samples: [], deviations: {} }

/**
 * `behaviour/<Agent>/v.<seq>.json` in the state directory: each change is the next version, taken by put-if-absent. A
 * statistic, so it is not forced to disk: what a power failure takes is measured again.
 */
export class TreeBehaviourStore implements BehaviourStore {
  readonly #files: Files
  readonly #ids: Ids
  readonly #hash: Hash
  readonly #foldsCase: boolean

  constructor(options: { files: Files; ids: Ids; hash: Hash; foldsCase: boolean }) {
    this.#files = options.files
    this.#ids = options.ids
    this.#hash = options.hash
    this.#foldsCase = options.foldsCase
  }

  async read(agent: string): Promise<Behaviour> {
    return this.#newest(this.#directory(agent)).behaviour
  }

  async update(
    agent: string,
    change: (before: Behaviour) => Behaviour,
  ): Promise<{ readonly before: Behaviour; readonly after: Behaviour }> {
    const directory = this.#directory(agent)
    for (let tries = 0; tries < TRIES; tries++) {
      const { seq, behaviour: before } = this.#newest(directory)
      const after = change(before)
      const text = encodeRecord({ nonce: this.#ids.next(), ...after })
      if (!this.#files.putIfAbsent(versionFile(directory, seq + 1), text, { durable: false })) continue
      if (this.#collect(directory) - (seq + 1) < KEPT) return { before, after }
    }
    throw new Fault('storage_unavailable', { path: directory, problem: `${TRIES} changes came in between` })
  }

  #directory(agent: string): string {
    return `behaviour/${encodeName(agent, { hash: this.#hash, foldsCase: this.#foldsCase })}`
  }

  /** The newest version that can be read: a damaged one keeps its number, and what it said is measured again. */
  #newest(directory: string): { readonly seq: number; readonly behaviour: Behaviour } {
    const seqs = numbersIn(this.#files.listFresh(directory), 'v.', '.json')
    const seq = seqs.at(-1) ?? 0
    for (const number of seqs.reverse()) {
      const behaviour = decode(this.#files.read(versionFile(directory, number)))
      if (behaviour !== null) return { seq, behaviour }
    }
    return { seq, behaviour: NOTHING }
  }

  /** Removes old versions; returns the number of the newest. */
  #collect(directory: string): number {
    const seqs = numbersIn(this.#files.list(directory), 'v.', '.json')
    const newest = seqs.at(-1) ?? 0
    for (const seq of seqs.slice(0, -KEPT)) bestEffort(() => this.#files.remove(versionFile(directory, seq)))
    return newest
  }
}

const versionFile = (directory: string, seq: number): string => `${directory}/v.${numbered(seq)}.json`

function decode(text: string | null): Behaviour | null {
  try {
    const value: unknown = JSON.parse(text ?? '')
    if (typeof value !== 'object' || value === null || !('samples' in value) || !('deviations' in value))
      return null
    const { samples, deviations } = value as Behaviour
    return Array.isArray(samples) && typeof deviations === 'object' && deviations !== null
      ? { samples, deviations }
      : null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}
