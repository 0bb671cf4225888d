import { Fault } from '../../agents/ports/fault.ts'
import type { TurnIntent, TurnRecord, TurnResult, TurnStep } from '../../agents/ports/sessions.ts'
import type { Files, WriteOptions } from './files.ts'
import type { NamedLines } from './named-lines.ts'
import { numbersIn } from './records.ts'
import type { TurnPlace } from './session-paths.ts'

const SUFFIX = '.jsonl'

/**
 * The journal of one turn: `turn/<group>/<id>.{intent,begin.<k>,step.<k>,wait.<n>,result}.jsonl`, each decided once. Those
 * that one process wrote are names of one file, in which each has its line.
 */
export class TurnJournal {
  readonly #files: Files
  readonly #lines: NamedLines
  readonly #place: TurnPlace

  constructor(files: Files, lines: NamedLines, place: TurnPlace) {
    this.#files = files
    this.#lines = lines
    this.#place = place
  }

  /** False: accepted before. */
  async accept(intent: TurnIntent): Promise<boolean> {
    return await this.#put('intent', intent)
  }

  /** False: recorded before. */
  async recordStep(index: number, step: TurnStep): Promise<boolean> {
    // A model call can be made again. The start of a tool is durable and takes the call that asked for it along.
    return await this.#put(`step.${index}`, step, { durable: step.kind === 'tool' })
  }

  async beginStep(index: number): Promise<void> {
    await this.#put(`begin.${index}`, { index })
  }

  async recordWaiting(confirmation: string): Promise<void> {
    const names = this.#names()
    const newest = newestWait(names)
    if (newest !== null && this.#get<Waiting>(newest).confirmation === confirmation) return
    // Whoever took the number waits for the same: workers on one turn do the same steps.
    await this.#put(`wait.${numbersIn(names, 'wait.', SUFFIX).length}`, { confirmation } satisfies Waiting)
  }

  /** The first result stands. The answer of a completed turn is durable already, in the history. */
  async close(result: TurnResult): Promise<void> {
    await this.#put('result', result, { durable: result.status !== 'completed' })
  }

  /**
   * Deletes the texts of a turn that is over and does not stay; its id and its end stay. The end comes first, so that the
   * turn is never taken for open. Of a turn that cannot be read nothing stays.
   */
  forget(stays: (intent: TurnIntent) => boolean): void {
    const names = this.#names()
    if (!names.includes(CLOSED)) return
    const record = this.#readable()
    if (record !== null && stays(record.intent)) return
    if (record?.result) {
      const { finishedAt } = record.result
      this.#lines.replace(this.#path('result'), { status: 'forgotten', finishedAt } satisfies TurnResult)
      this.#lines.replace(this.#path('intent'), { ...record.intent, message: '' } satisfies TurnIntent)
    }
    const kept = record === null ? [] : [ACCEPTED, CLOSED]
    const removed = names.filter((name) => name !== CLOSED).concat(CLOSED)
    const { directory, name: turn } = this.#place
    for (const name of removed) if (!kept.includes(name)) this.#files.remove(`${directory}/${turn}.${name}`)
    if (record === null) this.#files.removeDirectory(directory)
  }

  /** Null: it is damaged, or there is none. */
  #readable(): TurnRecord | null {
    try {
      return this.read()
    } catch (error) {
      if (error instanceof Fault && error.code === 'record_damaged') return null
      throw error
    }
  }

  /** Null: no such turn. */
  read(): TurnRecord | null {
    const names = this.#finished(this.#names())
    if (!names.includes(ACCEPTED)) return null
    return {
      intent: this.#get<TurnIntent>('intent'),
      steps: numbersIn(names, 'step.', SUFFIX).map((index) => this.#get<TurnStep>(`step.${index}`)),
      begun: numbersIn(names, 'begin.', SUFFIX),
      waits: numbersIn(names, 'wait.', SUFFIX).map((n) => this.#get<Waiting>(`wait.${n}`).confirmation),
      result: names.includes(CLOSED) ? this.#get<TurnResult>('result') : null,
    }
  }

  /** The names, with those that a crash has kept an open turn from getting. */
  #finished(names: readonly string[]): readonly string[] {
    if (!names.includes(ACCEPTED) || names.includes(CLOSED)) return names
    const { directory, name } = this.#place
    const whole = names.map((each) => `${name}.${each}`)
    return namesOf(name, this.#lines.adopt(directory, name, whole))
  }

  #put(
    name: string,
    record: TurnIntent | TurnStep | TurnResult | { index: number } | Waiting,
    options?: WriteOptions,
  ): Promise<boolean> {
    return this.#lines.putIfAbsent(this.#path(name), record, options)
  }

  #get<T>(name: string): T {
    return this.#lines.get<T>(this.#path(name))
  }

  #path(name: string): string {
    return `${this.#place.directory}/${this.#place.name}.${name}${SUFFIX}`
  }

  /** Certainly all, without the turn's own part. */
  #names(): readonly string[] {
    return namesOf(this.#place.name, this.#files.listFresh(this.#place.directory))
  }
}

interface Waiting {
  readonly confirmation: string
}

const ACCEPTED = `intent${SUFFIX}`
const CLOSED = `result${SUFFIX}`

const namesOf = (turn: string, names: readonly string[]): readonly string[] =>
  names.filter((name) => name.startsWith(`${turn}.`)).map((name) => name.slice(turn.length + 1))

/** What a group's directory holds of a turn. */
export interface ListedTurn {
  readonly place: TurnPlace
  /** The records' files; the result comes last, so that a turn half removed still says that it is closed. */
  readonly files: readonly string[]
  /** The file that tells when the turn was accepted; null after a crash before that. */
  readonly accepted: string | null
  /** The file that tells when it ended; null = open. */
  readonly closed: string | null
}

export function turnsIn(directory: string, names: readonly string[]): readonly ListedTurn[] {
  const turns = Map.groupBy(
    names.filter((name) => name.endsWith(SUFFIX) && !name.startsWith('.')),
    (name) => name.slice(0, name.indexOf('.')),
  )
  return [...turns].map(([name, found]) => {
    const file = (record: string) =>
      found.includes(`${name}.${record}`) ? `${directory}/${name}.${record}` : null
    const closed = file(CLOSED)
    const others = found.map((each) => `${directory}/${each}`).filter((each) => each !== closed)
    return {
      place: { directory, name },
      files: closed === null ? others : [...others, closed],
      accepted: file(ACCEPTED),
      closed,
    }
  })
}

function newestWait(names: readonly string[]): string | null {
  const newest = numbersIn(names, 'wait.', SUFFIX).at(-1)
  return newest === undefined ? null : `wait.${newest}`
}
