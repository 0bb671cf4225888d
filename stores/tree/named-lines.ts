import { Fault } from '../../agents/ports/fault.ts'
import type { Files, WriteOptions } from './files.ts'

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

  /** `nextId` gives ids that nobody else gets. */
  constructor(files: Files, nextId: () => string) {
    this.#files = files
    this.#nextId = nextId
    this.#writer = nextId()
  }

  /**
   * False: there was a record of that name before. One that is not `durable` survives the process at once, the machine
   * with the next durable one of the same thing.
   */
  putIfAbsent(path: string, record: unknown, { durable = true }: WriteOptions = {}): boolean {
    const [directory, name] = partsOf(path)
    const own = `${directory}/${name.slice(0, name.indexOf('.'))}.lines.${this.#writer}.jsonl`
    const line = this.#line(name, record)
    try {
      this.#files.append(own, line, { durable })
      return this.#files.nameIfAbsent(own, path, (found) => firstLine(found, name) === line, { durable })
    } catch (error) {
      // Its last line may be torn, or may be whole without the name that the next line for it would get.
      this.#writer = this.#nextId()
      throw error
    }
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

  /** Counted, so that no two lines are alike. */
  #line(name: string, record: unknown): string {
    return `${startOf(name)}"writer":"${this.#writer}","line":${this.#count++},"record":${JSON.stringify(record)}}\n`
  }
}

const startOf = (name: string): string => `{"name":${JSON.stringify(name)},`

/** With its line end; null when there is none, or only half of one. */
function firstLine(text: string, name: string): string | null {
  const start = startOf(name)
  const at = text.startsWith(start) ? 0 : text.indexOf(`\n${start}`) + 1
  if (at === 0 && !text.startsWith(start)) return null
  const end = text.indexOf('\n', at)
  return end === -1 ? null : text.slice(at, end + 1)
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
