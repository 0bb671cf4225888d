import { appendFileSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '../../agents/ports/fault.ts'
import { type Exchange, readExchange } from './exchange.ts'

/** The exchanges of one agent, a line each, in the order in which they were finished. */
export class Cassette {
  readonly path: string

  constructor(directory: string, agent: string) {
    this.path = join(directory, `${agent}.jsonl`)
  }

  /** Makes sure that exchanges can be kept before one is paid for. Throws `storage_unavailable`. */
  prepare(): void {
    this.#write(() => mkdirSync(join(this.path, '..'), { recursive: true, mode: 0o700 }))
    this.#append('')
  }

  /** One write a line: what several processes record does not mix. Throws `storage_unavailable`. */
  append(exchange: Exchange): void {
    this.#append(`${JSON.stringify(exchange)}\n`)
  }

  /** None where nothing was recorded. Throws `record_damaged` and `storage_unavailable`. */
  read(): readonly Exchange[] {
    return this.#text()
      .split('\n')
      .flatMap((line, index) => {
        if (line.trim() === '') return []
        const exchange = readExchange(line)
        if (!('problem' in exchange)) return [exchange]
        throw new Fault('record_damaged', {
          path: this.path,
          problem: `line ${index + 1}: ${exchange.problem}`,
        })
      })
  }

  #text(): string {
    try {
      return readFileSync(this.path, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
      throw this.#unavailable(error)
    }
  }

  #append(text: string): void {
    this.#write(() => appendFileSync(this.path, text, { mode: 0o600 }))
  }

  #write(write: () => void): void {
    try {
      write()
    } catch (error) {
      throw this.#unavailable(error)
    }
  }

  #unavailable(error: unknown): Fault {
    return new Fault(
      'storage_unavailable',
      { path: this.path, problem: (error as Error).message },
      { cause: error },
    )
  }
}
