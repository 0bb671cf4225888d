import type { Fs } from './fs.ts'
import { writeAll } from './put-if-absent.ts'
import { storageFault } from './storage-fault.ts'

export interface JournalLines {
  readonly lines: readonly unknown[]
  /** The last line was cut off by a crash; it is left out. */
  readonly torn: boolean
  /** Unreadable lines elsewhere; left out, never fatal. */
  readonly damaged: number
}

/**
 * P4: a journal with one writer. Two clients appending to one file over NFS lose lines, so each process has a file of
 * its own (its name holds the writer's id) and readers merge them.
 */
export class Journal {
  readonly #fs: Fs
  readonly #path: string
  #descriptor: number | null = null

  constructor(options: { fs: Fs; path: string }) {
    this.#fs = options.fs
    this.#path = options.path
  }

  /** Appends one line; after this it survives the machine. Throws `storage_full` or `storage_unavailable`. */
  append(record: unknown): void {
    try {
      const opening = this.#descriptor === null
      this.#descriptor ??= this.#fs.openAppend(this.#path)
      // Whatever a crash cut off before stays a line of its own.
      writeAll(this.#fs, this.#descriptor, `${opening ? '\n' : ''}${JSON.stringify(record)}\n`)
      this.#fs.fsync(this.#descriptor)
    } catch (error) {
      this.close()
      throw storageFault(error, this.#path)
    }
  }

  close(): void {
    if (this.#descriptor === null) return
    const descriptor = this.#descriptor
    this.#descriptor = null
    this.#fs.close(descriptor)
  }
}

/** Reads a journal's text. */
export function readJournal(text: string): JournalLines {
  const lines: unknown[] = []
  let damaged = 0
  const parts = text.split('\n')
  const last = parts.pop() ?? ''
  for (const part of parts) {
    if (part === '') continue
    try {
      lines.push(JSON.parse(part))
    } catch {
      damaged++
    }
  }
  return { lines, torn: last !== '', damaged }
}
