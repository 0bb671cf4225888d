import {
  cpSync,
  fstatSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  type Stats,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Fs } from '../../stores/tree/fs.ts'
import { interceptedFs } from '../../stores/tree/intercepted-fs.ts'

export interface PowerLoss {
  readonly fs: Fs
  /** Makes `into` what is left of `root` when the machine comes back, an hour later. */
  cut(root: string, into: string): void
}

/**
 * A file system that keeps over a loss of power what it must and nothing else: of a file the text of its last sync, of a
 * directory the names of its last sync. Real ones keep more, but no two of them the same.
 */
export function losingFs(fs: Fs): PowerLoss {
  const texts = new Map<number, Buffer>()
  const names = new Map<string, ReadonlyMap<string, Stats>>()
  const textOf = (descriptor: number) => readFileSync(`/proc/self/fd/${descriptor}`)
  const namesIn = (path: string) =>
    new Map(readdirSync(path).map((name) => [name, lstatSync(join(path, name))]))
  return {
    fs: {
      ...interceptedFs(fs, (_operation, _subject, run) => run()),
      create(path) {
        const descriptor = fs.create(path)
        // The number of a file that is gone may be given again.
        texts.delete(fstatSync(descriptor).ino)
        return descriptor
      },
      fsync(descriptor) {
        fs.fsync(descriptor)
        texts.set(fstatSync(descriptor).ino, textOf(descriptor))
      },
      // Kept when the sync is over, and then what there was when it began.
      async fsyncAside(descriptor) {
        const [{ ino }, text] = [fstatSync(descriptor), textOf(descriptor)]
        await fs.fsyncAside(descriptor)
        texts.set(ino, text)
      },
      syncDirectory(path) {
        fs.syncDirectory(path)
        names.set(path, namesIn(path))
      },
      async syncDirectoryAside(path) {
        const found = namesIn(path)
        await fs.syncDirectoryAside(path)
        names.set(path, found)
      },
    },
    cut(root, into) {
      const written = new Map<number, string>()
      const anHourAgo = Date.now() / 1000 - 3600
      const restore = (from: string, to: string): void => {
        for (const [name, stats] of names.get(from) ?? []) {
          const path = join(to, name)
          const same = written.get(stats.ino)
          if (stats.isDirectory()) {
            mkdirSync(path)
            restore(join(from, name), path)
          } else if (same === undefined) {
            writeFileSync(path, texts.get(stats.ino) ?? '')
            utimesSync(path, anHourAgo, anHourAgo)
            written.set(stats.ino, path)
          } else linkSync(same, path)
        }
      }
      // The directories of the tree itself were there before it; workspaces have calls of their own, which sync all.
      for (const directory of readdirSync(root)) {
        const [from, to] = [join(root, directory), join(into, directory)]
        if (names.has(from)) {
          mkdirSync(to)
          restore(from, to)
        } else cpSync(from, to, { recursive: true })
      }
    },
  }
}
