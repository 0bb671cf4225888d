import type { TurnIntent, TurnRecord, TurnResult, TurnStep } from '../../agents/ports/sessions.ts'
import type { Files } from './files.ts'
import { decodeRecord, encodeRecord, numbersIn } from './records.ts'

/** The journal of one turn: `turn/<id>/{intent,begin.<k>,step.<k>,result}.json`, each written once. */
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
      result: names.includes('result.json') ? this.#get<TurnResult>('result') : null,
    }
  }

  #put(name: string, record: TurnIntent | TurnStep | TurnResult | { index: number }): boolean {
    return this.#files.putIfAbsent(`${this.#directory}/${name}.json`, encodeRecord(record))
  }

  #get<T>(name: string): T {
    const path = `${this.#directory}/${name}.json`
    return decodeRecord<T>(this.#files.read(path) ?? '', this.#files.absolute(path))
  }
}
