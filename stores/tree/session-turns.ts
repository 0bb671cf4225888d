import { Fault } from '../../agents/ports/fault.ts'
import type { TurnIntent, TurnRecord, TurnResult, TurnStep } from '../../agents/ports/sessions.ts'
import type { Files } from './files.ts'
import type { NamedLines } from './named-lines.ts'
import { numbersIn } from './records.ts'

const SUFFIX = '.jsonl'

/**
 * The journal of one turn: `turn/<id>/{intent,begin.<k>,step.<k>,wait.<n>,result}.jsonl`, each decided once. Those that one
 * process wrote are names of one file, in which each has its line.
 */
export class TurnJournal {
  readonly #files: Files
  readonly #lines: NamedLines
  readonly #directory: string

  constructor(files: Files, lines: NamedLines, directory: string) {
    this.#files = files
    this.#lines = lines
    this.#directory = directory
  }

  /** False: accepted before. */
  accept(intent: TurnIntent): boolean {
    return this.#put('intent', intent)
  }

  /** False: recorded before. */
  recordStep(index: number, step: TurnStep): boolean {
    return this.#put(`step.${index}`, step)
  }

  beginStep(index: number): void {
    this.#put(`begin.${index}`, { index })
  }

  recordWaiting(confirmation: string): void {
    const names = this.#files.listFresh(this.#directory)
    const newest = newestWait(names)
    if (newest !== null && this.#get<Waiting>(newest).confirmation === confirmation) return
    // Whoever took the number waits for the same: workers on one turn do the same steps.
    this.#put(`wait.${numbersIn(names, 'wait.', SUFFIX).length}`, { confirmation } satisfies Waiting)
  }

  /** The first result stands. */
  close(result: TurnResult): void {
    this.#put('result', result)
  }

  /**
   * Deletes the texts of a turn that is over and does not stay; its id and its end stay. The end comes first, so that the
   * turn is never taken for open. Of a turn that cannot be read nothing stays.
   */
  forget(stays: (intent: TurnIntent) => boolean): void {
    const names = this.#files.listFresh(this.#directory)
    if (!isClosedTurn(names)) return
    const record = this.#readable()
    if (record !== null && stays(record.intent)) return
    if (record?.result) {
      const { finishedAt } = record.result
      this.#lines.replace(this.#path('result'), { status: 'forgotten', finishedAt } satisfies TurnResult)
      this.#lines.replace(this.#path('intent'), { ...record.intent, message: '' } satisfies TurnIntent)
    }
    const kept = record === null ? [] : [ACCEPTED_TURN, CLOSED_TURN]
    const removed = names.filter((name) => name !== CLOSED_TURN).concat(CLOSED_TURN)
    for (const name of removed) if (!kept.includes(name)) this.#files.remove(`${this.#directory}/${name}`)
    if (record === null) this.#files.removeDirectory(this.#directory)
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
    const names = this.#files.listFresh(this.#directory)
    if (!names.includes(`intent${SUFFIX}`)) return null
    const wait = newestWait(names)
    return {
      intent: this.#get<TurnIntent>('intent'),
      steps: numbersIn(names, 'step.', SUFFIX).map((index) => this.#get<TurnStep>(`step.${index}`)),
      begun: numbersIn(names, 'begin.', SUFFIX),
      waiting: wait === null ? null : this.#get<Waiting>(wait).confirmation,
      result: isClosedTurn(names) ? this.#get<TurnResult>('result') : null,
    }
  }

  #put(name: string, record: TurnIntent | TurnStep | TurnResult | { index: number } | Waiting): boolean {
    return this.#lines.putIfAbsent(this.#path(name), record)
  }

  #get<T>(name: string): T {
    return this.#lines.get<T>(this.#path(name))
  }

  #path(name: string): string {
    return `${this.#directory}/${name}${SUFFIX}`
  }
}

interface Waiting {
  readonly confirmation: string
}

/** Whether a turn has its result, by the names in its directory. */
export const isClosedTurn = (names: readonly string[]): boolean => names.includes(CLOSED_TURN)
/** Names in a turn's directory that tell when it was accepted and closed. */
export const ACCEPTED_TURN = `intent${SUFFIX}`
export const CLOSED_TURN = `result${SUFFIX}`

function newestWait(names: readonly string[]): string | null {
  const newest = numbersIn(names, 'wait.', SUFFIX).at(-1)
  return newest === undefined ? null : `wait.${newest}`
}
