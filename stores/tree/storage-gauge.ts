import type {
  StorageCall,
  StorageFigures,
  StorageMark,
  StorageShare,
  StorageTime,
} from '../../agents/ports/storage-time.ts'
import type { Fs } from './fs.ts'
import { interceptedFs, type Operation } from './intercepted-fs.ts'

/** Shorter calls are only added up. */
const NOTED_MS = 1
/** Calls that are remembered as the slowest since some moment. */
const MAX_NOTED = 128
/** How long a slow call stands in the figures. */
const RECENT_MS = 5 * 60_000

interface NotedCall extends StorageCall {
  /** When it ended. */
  readonly at: number
}

/** Measures every call on the file systems that go through it: two looks at a clock, and nothing is written. */
export class StorageGauge implements StorageTime {
  readonly #now: () => number
  /** Paths of the files that are open, by descriptor. */
  readonly #open = new Map<number, string>()
  #calls = 0
  #ms = 0
  /** In the order of time; each is slower than all behind it, so that the first since a moment is the slowest since then. */
  readonly #noted: NotedCall[] = []

  /** `now`: milliseconds since whenever, never going back. */
  constructor({ now }: { readonly now: () => number }) {
    this.#now = now
  }

  /** The same file system, measured. `filesOf` names the files of a path in few different words. */
  measured(fs: Fs, filesOf: (path: string) => string): Fs {
    const pathOf = (subject: string | number): string =>
      typeof subject === 'string' ? subject : (this.#open.get(subject) ?? '')
    return interceptedFs(fs, (operation, subject, run) => {
      const startedAt = this.#now()
      try {
        const result = run()
        this.#follow(operation, subject, result)
        return result
      } finally {
        const at = this.#now()
        const ms = at - startedAt
        this.#calls += 1
        this.#ms += ms
        if (ms >= NOTED_MS) this.#note({ operation, files: filesOf(pathOf(subject)), ms, at })
        if (operation === 'close') this.#open.delete(subject as number)
      }
    })
  }

  mark(): StorageMark {
    return { at: this.#now(), spentMs: this.#ms }
  }

  since({ at, spentMs }: StorageMark): StorageShare {
    return { ms: this.#ms - spentMs, ofMs: this.#now() - at, slowest: this.#slowestSince(at) }
  }

  figures(): StorageFigures {
    return { calls: this.#calls, ms: this.#ms, slowest: this.#slowestSince(this.#now() - RECENT_MS) }
  }

  #follow(operation: Operation, subject: string | number, result: unknown): void {
    if (operation === 'create' || operation === 'openAppend')
      this.#open.set(result as number, subject as string)
  }

  #note(call: NotedCall): void {
    while ((this.#noted.at(-1)?.ms ?? Infinity) <= call.ms) this.#noted.pop()
    this.#noted.push(call)
    if (this.#noted.length > MAX_NOTED) this.#noted.shift()
  }

  #slowestSince(moment: number): StorageCall | null {
    const found = this.#noted.find(({ at }) => at > moment)
    return found === undefined ? null : { operation: found.operation, files: found.files, ms: found.ms }
  }
}

/** Names the files of a path in a tree: the folder of the state directory that they lie in, else `sessions`. */
export function filesOfTree(stateDir: string): (path: string) => string {
  return (path) => {
    if (!path.startsWith(`${stateDir}/`)) return path === stateDir ? 'state' : 'sessions'
    const [folder = ''] = path.slice(stateDir.length + 1).split('/', 1)
    // What lies beside the folders has a dot in its name.
    return /^[a-z]+$/.test(folder) ? folder : 'state'
  }
}
