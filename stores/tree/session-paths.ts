import { Fault } from '../../agents/ports/fault.ts'
import type { Hash } from '../../agents/ports/ids.ts'
import type { SessionRef } from '../../agents/ports/sessions.ts'
import type { LeasePlace } from './leases.ts'
import { encodeName, nameProblem } from './names.ts'
import { numbered, numbersIn } from './records.ts'

/** Turns whose ids begin alike share a directory: ids begin with the time, and so many characters are 17 minutes. */
const GROUP_CHARACTERS = 6

export interface TurnPlace {
  readonly directory: string
  /** The turn's id as a part of file names: has no dot in it. */
  readonly name: string
}

/** Where the files of sessions lie, relative to the sessions directory. */
export class SessionPaths {
  readonly #hash: Hash
  readonly #foldsCase: boolean

  constructor(options: { hash: Hash; foldsCase: boolean }) {
    this.#hash = options.hash
    this.#foldsCase = options.foldsCase
  }

  /** Throws `session_key_invalid`. */
  directory({ agent, key }: SessionRef): string {
    const problem = nameProblem(key)
    if (problem !== null) throw new Fault('session_key_invalid', { key: key.slice(0, 80), problem })
    return `${this.agent(agent)}/${this.#encode(key)}`
  }

  agent(agent: string): string {
    return this.#encode(agent)
  }

  /** Where the records of a turn lie, and how their names begin. */
  turn(ref: SessionRef, turn: string): TurnPlace {
    const name = this.#encode(turn)
    return { directory: `${turnsOf(this.directory(ref))}/${name.slice(0, GROUP_CHARACTERS)}`, name }
  }

  #encode(name: string): string {
    return encodeName(name, { hash: this.#hash, foldsCase: this.#foldsCase })
  }
}

export const turnsOf = (session: string): string => `${session}/turn`
export const versionFile = (session: string, seq: number): string => `${session}/v.${numbered(seq)}.jsonl`
export const currentFile = (session: string): string => `${session}/current.jsonl`

/** Numbers of the versions among the names of a session's directory, ascending. */
export const versionsIn = (names: readonly string[]): number[] => numbersIn(names, 'v.', '.jsonl')

export const sessionLease = (session: string): LeasePlace => ({
  directory: session,
  lock: 'lock',
  release: 'rel',
  suffix: '',
  keepsClaim: false,
  beat: null,
})
