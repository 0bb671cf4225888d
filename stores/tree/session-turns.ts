import type { TurnIntent, TurnRecord, TurnResult, TurnStep } from '../../agents/ports/sessions.ts'
import type { Files } from './files.ts'
import { decodeRecord, encodeRecord, numbersIn } from './records.ts'

/** The journal of one turn: `turn/<id>/{intent,begin.<k>,step.<k>,wait.<n>,result}.json`, each written once. */
export class TurnJournal {
  readonly #files: Files
  readonly #directory: string

  constructor(files: Files, directory: string) {
    this.#files = files
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
    if (this.#waiting(names) === confirmation) return
    // Whoever took the number waits for the same: workers on one turn do the same steps.
    this.#put(`wait.${numbersIn(names, 'wait.', '.json').length}`, { confirmation })
  }

  /** The first result stands. */
  close(result: TurnResult): void {
    this.#put('result', result)
  }

  /** Null: no such turn. */
  read(): TurnRecord | null {
    const names = this.#files.listFresh(this.#directory)
    if (!names.includes('intent.json')) return null
    const indices = numbersIn(names, 'step.', '.json')
    return {
      intent: this.#get<TurnIntent>('intent'),
      steps: indices.map((index) => this.#get<TurnStep>(`step.${index}`)),
      begun: numbersIn(names, 'begin.', '.json'),
      waiting: this.#waiting(names),
      result: names.includes('result.json') ? this.#get<TurnResult>('result') : null,
    }
  }

  #waiting(names: readonly string[]): string | null {
    const newest = numbersIn(names, 'wait.', '.json').at(-1)
    return newest === undefined ? null : this.#get<{ confirmation: string }>(`wait.${newest}`).confirmation
  }

  #put(
    name: string,
    record: TurnIntent | TurnStep | TurnResult | { index: number } | { confirmation: string },
  ): boolean {
    return this.#files.putIfAbsent(`${this.#directory}/${name}.json`, encodeRecord(record))
  }

  #get<T>(name: string): T {
    const path = `${this.#directory}/${name}.json`
    return decodeRecord<T>(this.#files.read(path) ?? '', this.#files.absolute(path))
  }
}
