/** `neam-api --watch`: the program is loaded again when the files that it was read from change. */
import { type FSWatcher, statSync, watch } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { encode } from '../bytecode/codec.ts'
import type { Module } from '../bytecode/module.ts'
import { type Loading, type Stamps, stampsOf } from './served-program.ts'

export interface WatchOptions {
  readonly load: () => Loading
  /** What is served already. */
  readonly served: { readonly module: Module; readonly stamps: Stamps }
  readonly onModule: (module: Module) => void
  /** The program cannot be loaded, or its directory not be watched; what is served stays. */
  readonly onProblem: (problem: string) => void
}

/** Writers take several steps: a state that lasts for this time is what was meant. */
const SETTLED_AFTER_MS = 50

/**
 * Looks at the program's files whenever something happens in their directories. Directories are watched, and not
 * files: editors and deployments put a new file in the place of the old one.
 */
export function watchProgram({ load, served, onModule, onProblem }: WatchOptions): { close(): void } {
  let bytes = encode(served.module)
  let isServed = true
  /** The state that was loaded last, and a later one that may not have settled yet. */
  let loaded = served.stamps
  let seen: Stamps | null = null
  let timer: NodeJS.Timeout | null = null
  let watchers: readonly FSWatcher[] = []

  const lookSoon = () => {
    timer ??= setTimeout(look, SETTLED_AFTER_MS)
  }
  const look = () => {
    timer = null
    watchAgain()
    const now = stampsOf(loaded.keys())
    if (isSame(now, loaded)) seen = null
    else if (seen !== null && isSame(now, seen)) reload(now)
    else {
      seen = now
      lookSoon()
    }
  }
  /** A directory may have been replaced, too. The new watchers come before the look at the files: no change is missed. */
  const watchAgain = () => {
    const opened: FSWatcher[] = []
    try {
      for (const directory of directoriesOf(loaded.keys())) {
        // One that ends is opened again by the look that follows.
        opened.push(watch(directory, { persistent: false }, lookSoon).on('error', lookSoon))
      }
      for (const watcher of watchers) watcher.close()
      watchers = opened
    } catch (error) {
      for (const watcher of opened) watcher.close()
      onProblem(`changes of the program may not be seen: ${(error as Error).message}`)
    }
  }
  const reload = (now: Stamps) => {
    seen = null
    const loading = loadSafely(load, now)
    loaded = loading.stamps
    // It may have been read from other files than before.
    lookSoon()
    if ('problem' in loading) {
      isServed = false
      return onProblem(loading.problem)
    }
    const next = encode(loading.module)
    if (isServed && Buffer.compare(bytes, next) === 0) return
    isServed = true
    bytes = next
    onModule(loading.module)
  }

  look()
  return {
    close() {
      if (timer !== null) clearTimeout(timer)
      for (const watcher of watchers) watcher.close()
    },
  }
}

/** A fault of ours is no reason to stop serving. */
function loadSafely(load: WatchOptions['load'], stamps: Stamps): Loading {
  try {
    return load()
  } catch (error) {
    return { stamps, problem: `loading failed: ${error instanceof Error ? error.stack : error}` }
  }
}

const isSame = (one: Stamps, other: Stamps): boolean =>
  one.size === other.size && [...one].every(([path, stamp]) => other.get(path) === stamp)

/** Where changes of these paths are seen: they themselves if they are directories, else what they lie in or will lie in. */
const directoriesOf = (paths: Iterable<string>): readonly string[] => [
  ...new Set([...paths].map((path) => nearestDirectory(resolve(path)))),
]

function nearestDirectory(path: string): string {
  const isDirectory = statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
  return isDirectory || path === dirname(path) ? path : nearestDirectory(dirname(path))
}
