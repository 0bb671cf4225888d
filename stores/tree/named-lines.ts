import { Fault } from '../../agents/ports/fault.ts'
import type { Files, WriteOptions } from './files.ts'

/** A file that is not known to last gets its directory synced once more. */
const MOST_LASTING = 1000

/**
 * Records that are decided once, as by put-if-absent, for a process that makes many of one thing: each is a line of the
 * process's own file of that thing, and that file gets the record's name as one more of its own. Making a file costs a
 * disk or a network file system twenty times what a name does. A thing is what the names of its records have before
 * their first dot; the file of a process is `<thing>.lines.<writer>.jsonl`.
 *
 * The record of a name is the first line for it in the file under that name. Whoever appends a line and then finds the
 * name taken has written a line that nobody reads.
 */
export class NamedLines {
  readonly #files: Files
  readonly #nextId: () => string
  #writer: string
  #count = 0
  /** Files of this process whose first names survive the machine; the latest ones. */
  readonly #lasting = new Set<string>()
  /** The last record of a thing that is being written. */
  readonly #pending = new Map<string, Promise<boolean>>()

  /** `nextId` gives ids that nobody else gets. */
  constructor(files: Files, nextId: () => string) {
    this.#files = files
    this.#nextId = nextId
    this.#writer = nextId()
  }

  /**
   * False: there was a record of that name before. One that is not `durable` survives the process at once, the machine
   * with the next durable one of the same thing. Of a durable one the line survives the machine, and its name does when
   * it is the first in its file: `adopt` gives the others their names back. The process may do other things meanwhile;
   * records of one thing wait for each other.
   */
  async putIfAbsent(path: string, record: unknown, { durable = true }: WriteOptions = {}): Promise<boolean> {
    const [directory, name] = partsOf(path)
    const thing = `${directory}/${thingOf(name)}`
    const put = () => this.#put(thing, path, record, durable)
    const pending = this.#pending.get(thing)
    const ours = pending === undefined ? put() : pending.then(put, put)
    this.#pending.set(thing, ours)
    try {
      return await ours
    } finally {
      if (this.#pending.get(thing) === ours) this.#pending.delete(thing)
    }
  }

  async #put(thing: string, path: string, record: unknown, durable: boolean): Promise<boolean> {
    const [directory, name] = partsOf(path)
    const own = `${thing}.lines.${this.#writer}.jsonl`
    const line = this.#line(name, record)
    try {
      if (durable) await this.#files.appendAside(own, line)
      else this.#files.append(own, line, { durable })
      const won = this.#name(own, path, line)
      if (durable && won && !this.#lasting.has(own)) {
        await this.#files.syncDirectoryAside(directory)
        if (this.#lasting.size === MOST_LASTING) this.#lasting.clear()
        this.#lasting.add(own)
      }
      return won
    } catch (error) {
      // Its last line may be torn, or may be whole without the name that the next line for it would get.
      this.#writer = this.#nextId()
      throw error
    }
  }

  /**
   * Names the lines of a thing that have none: a crash came between a line and its name. `names` are those in the
   * directory, and the names that are there afterwards are returned.
   */
  adopt(directory: string, thing: string, names: readonly string[]): readonly string[] {
    const all = new Set(names)
    for (const file of names.filter((name) => name.startsWith(`${thing}.lines.`))) {
      for (const line of (this.#files.read(`${directory}/${file}`) ?? '').split(/(?<=\n)/)) {
        const name = nameOf(line)
        if (name === null || !name.startsWith(`${thing}.`) || all.has(name)) continue
        this.#name(`${directory}/${file}`, `${directory}/${name}`, line)
        all.add(name)
      }
    }
    return [...all]
  }

  /** Gives a name another record, in a file that has no other line. Only where nobody decides it any more. */
  replace(path: string, record: unknown): void {
    const [, name] = partsOf(path)
    this.#files.replace(path, this.#line(name, record))
  }

  /** Throws `record_damaged`. */
  get<T>(path: string): T {
    const [, name] = partsOf(path)
    const line = firstLine(this.#files.read(path) ?? '', name)
    const parsed = line === null ? null : recordOf(line)
    if (parsed === null) {
      const problem = `it has no whole line for ${JSON.stringify(name)}`
      throw new Fault('record_damaged', { path: this.#files.absolute(path), problem })
    }
    return parsed.record as T
  }

  #name(file: string, path: string, line: string): boolean {
    const [, name] = partsOf(path)
    return this.#files.nameIfAbsent(file, path, (found) => firstLine(found, name) === line)
  }

  /** Counted, so that no two lines are alike. */
  #line(name: string, record: unknown): string {
    return `${startOf(name)}"writer":"${this.#writer}","line":${this.#count++},"record":${JSON.stringify(record)}}\n`
  }
}

const thingOf = (name: string): string => name.slice(0, name.indexOf('.'))

const startOf = (name: string): string => `{"name":${JSON.stringify(name)},`

/** With its line end; null when there is none, or only half of one. */
function firstLine(text: string, name: string): string | null {
  const start = startOf(name)
  const at = text.startsWith(start) ? 0 : text.indexOf(`\n${start}`) + 1
  if (at === 0 && !text.startsWith(start)) return null
  const end = text.indexOf('\n', at)
  return end === -1 ? null : text.slice(at, end + 1)
}

/** Null for a line that is not whole. */
function nameOf(line: string): string | null {
  const [, name] = /^\{"name":"([^"\\/]+)",.*\n$/.exec(line) ?? []
  return name ?? null
}

function recordOf(line: string): { readonly record: unknown } | null {
  try {
    const parsed: unknown = JSON.parse(line)
    return typeof parsed === 'object' && parsed !== null && 'record' in parsed ? parsed : null
  } catch {
    return null
  }
}

function partsOf(path: string): readonly [directory: string, name: string] {
  const slash = path.lastIndexOf('/')
  return [path.slice(0, slash), path.slice(slash + 1)]
}
