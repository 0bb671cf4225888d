import { AsyncLocalStorage } from 'node:async_hooks'
import { types } from 'node:util'
import type {
  StorageCall,
  StorageFigures,
  StorageMark,
  StorageShare,
  StorageTime,
} from '../../agents/ports/storage-time.ts'
import { CallUnderWay } from './call-under-way.ts'
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

/** A call that has begun. */
interface BegunCall {
  readonly operation: Operation
  readonly path: string
  readonly filesOf: (path: string) => string
  readonly startedAt: number
}

/** A piece of work that wants to know what it waited for. */
interface Work {
  readonly startedAt: number
  /** Milliseconds that synchronous calls had taken until then. */
  readonly blockedBefore: number
  /** Milliseconds that it waited for syncs aside; those that go on are not in it. */
  asideMs: number
  /** Syncs aside that go on. */
  readonly asides: Set<BegunCall>
  /** Since when there are any. */
  asideSince: number
  /** The work that it is a part of. */
  readonly outer: Work | null
}

/** Measures every call on the file systems that go through it: two looks at a clock, and nothing is written. */
export class StorageGauge implements StorageTime {
  /** For a thread that watches this one. */
  readonly underWay = new CallUnderWay()
  readonly #now: () => number
  /** Paths of the files that are open, by descriptor. */
  readonly #open = new Map<number, string>()
  readonly #works = new AsyncLocalStorage<Work>()
  #calls = 0
  /** Of all calls. */
  #ms = 0
  /** Of these, those in which the process stood still. */
  #blockedMs = 0
  /** In the order of time; each is slower than all behind it, so that the first since a moment is the slowest since then. */
  readonly #noted: NotedCall[] = []

  /** `now`: milliseconds since whenever, never going back. */
  constructor({ now }: { readonly now: () => number }) {
    this.#now = now
  }

  /** The same file system, measured. `filesOf` names the files of a path in few different words. */
  measured(fs: Fs, filesOf: (path: string) => string): Fs {
    return interceptedFs(fs, (operation, subject, run) => {
      const call = { operation, path: this.#pathOf(subject), filesOf, startedAt: this.#now() }
      let isAside = false
      this.underWay.begins(operation)
      try {
        const result = run()
        isAside = types.isPromise(result)
        if (isAside) return this.#aside(call, result as Promise<unknown>) as typeof result
        if (isOpening(operation)) this.#open.set(result as number, subject as string)
        return result
      } finally {
        this.underWay.ends()
        const at = this.#now()
        this.#blockedMs += at - call.startedAt
        if (!isAside) this.#ended(call, at)
        if (operation === 'close') this.#open.delete(subject as number)
      }
    })
  }

  during<T>(work: (share: () => StorageShare) => T): T {
    const own: Work = {
      startedAt: this.#now(),
      blockedBefore: this.#blockedMs,
      asideMs: 0,
      asides: new Set(),
      asideSince: 0,
      outer: this.#works.getStore() ?? null,
    }
    return this.#works.run(own, () => work(() => this.#shareOf(own)))
  }

  mark(): StorageMark {
    return { at: this.#now(), spentMs: this.#ms }
  }

  since({ at, spentMs }: StorageMark): Pick<StorageShare, 'ms' | 'slowest'> {
    return { ms: this.#ms - spentMs, slowest: this.#slowestSince(at) }
  }

  figures(): StorageFigures {
    return { calls: this.#calls, ms: this.#ms, slowest: this.#slowestSince(this.#now() - RECENT_MS) }
  }

  #pathOf(subject: string | number): string {
    return typeof subject === 'string' ? subject : (this.#open.get(subject) ?? '')
  }

  /** The work that made the call waits for it; what else the process does goes on. */
  async #aside(call: BegunCall, result: Promise<unknown>): Promise<unknown> {
    const works = [...withOuter(this.#works.getStore() ?? null)]
    const since = this.#now()
    for (const work of works) {
      if (work.asides.size === 0) work.asideSince = since
      work.asides.add(call)
    }
    try {
      return await result
    } finally {
      const at = this.#now()
      for (const work of works) {
        work.asides.delete(call)
        if (work.asides.size === 0) work.asideMs += at - work.asideSince
      }
      this.#ended(call, at)
    }
  }

  #ended(call: BegunCall, at: number): void {
    const ms = at - call.startedAt
    this.#calls += 1
    this.#ms += ms
    if (ms >= NOTED_MS) this.#note({ ...told(call, ms), at })
  }

  #shareOf({ startedAt, blockedBefore, asideMs, asides, asideSince }: Work): StorageShare {
    const now = this.#now()
    const ofMs = now - startedAt
    const ms = this.#blockedMs - blockedBefore + asideMs + (asides.size === 0 ? 0 : now - asideSince)
    const underWay = [...asides].map((call) => told(call, now - call.startedAt))
    // While a sync goes on aside, another call may have held up everything.
    return { ms: Math.min(ms, ofMs), ofMs, slowest: slower(this.#slowestSince(startedAt), underWay) }
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

const isOpening = (operation: Operation): boolean => operation === 'create' || operation.startsWith('open')

const told = ({ operation, path, filesOf }: BegunCall, ms: number): StorageCall => ({
  operation,
  files: filesOf(path),
  ms,
})

function slower(ended: StorageCall | null, underWay: readonly StorageCall[]): StorageCall | null {
  let slowest = ended
  for (const call of underWay) if (call.ms >= NOTED_MS && call.ms > (slowest?.ms ?? 0)) slowest = call
  return slowest
}

function* withOuter(work: Work | null): Generator<Work> {
  for (let each = work; each !== null; each = each.outer) yield each
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
