/**
 * Which files a checkpoint is about, and how they get into a tree. Plumbing only: `git add` would run `git status`
 * in every repository that lies inside the workspace, with the configuration found there.
 */
import type { Stats } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import type { CheckpointLimits } from '../../agents/ports/checkpoints.ts'
import { Fault } from '../../agents/ports/fault.ts'
import { MAX_FILE_BYTES } from './checkpoint-copy.ts'
import { assertWithin } from './checkpoint-limits.ts'
import type { PrivateRepository } from './git-private.ts'
import { errnoOf } from './workspace-folder.ts'

/** Paths are latin1 strings, one character a byte, as git prints them. */
const bytesOf = (path: string): Buffer => Buffer.from(path, 'latin1')
export const textOf = (path: string): string => bytesOf(path).toString('utf8')

const isOurs = (path: string): boolean =>
  path.split('/').some((name) => name === '.neam' || /^\.git$/i.test(name))

/** Never follows a link; null when there is nothing. */
async function statOf(repository: PrivateRepository, path: string): Promise<Stats | null> {
  try {
    return await lstat(Buffer.concat([Buffer.from(`${repository.workspace}/`), bytesOf(path)]))
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(errnoOf(error) ?? '')) return null
    throw error
  }
}

/** Files below a folder that is a repository of its own, which git by itself would skip. */
async function filesOfNested(repository: PrivateRepository, nested: string): Promise<string[]> {
  const found: string[] = []
  const visit = async (folder: string): Promise<void> => {
    const path = Buffer.concat([Buffer.from(`${repository.workspace}/`), bytesOf(folder)])
    for (const entry of await readdir(path, { withFileTypes: true, encoding: 'latin1' })) {
      const below = folder + entry.name
      if (isOurs(entry.name)) continue
      if (entry.isDirectory()) await visit(`${below}/`)
      else if (entry.isFile() || entry.isSymbolicLink()) found.push(below)
    }
  }
  await visit(nested)
  // check-ignore fails when nothing at all is ignored, hence a path that always is.
  const input = `${[...found, '.neam/x'].join('\0')}\0`
  const ignored = new Set(await repository.list(['check-ignore', '-z', '--stdin', '--no-index'], { input }))
  return found.filter((path) => !ignored.has(path))
}

async function listed(repository: PrivateRepository, which: readonly string[]): Promise<string[]> {
  const paths = await repository.list(['ls-files', '-z', '--exclude-standard', ...which])
  const all: string[] = []
  for (const path of new Set(paths)) {
    if (isOurs(path.replace(/\/$/, ''))) continue
    if (path.endsWith('/')) all.push(...(await filesOfNested(repository, path)))
    else all.push(path)
  }
  return all
}

/** Files that are in the workspace and not in the index, ignored ones left out. */
export const untracked = (repository: PrivateRepository): Promise<string[]> =>
  listed(repository, ['--others'])

/** Files of the index that are missing from the workspace or differ there. */
export const changed = (repository: PrivateRepository): Promise<string[]> =>
  listed(repository, ['--modified'])

/** Tells folders from links and files, each looked at once. */
function folderCheck(repository: PrivateRepository): (path: string) => Promise<boolean> {
  const known = new Map<string, Promise<boolean>>([['', Promise.resolve(true)]])
  const isReal = (folder: string): Promise<boolean> => {
    let answer = known.get(folder)
    if (answer === undefined) {
      answer = parentIsReal(folder).then(
        async (real) => real && ((await statOf(repository, folder))?.isDirectory() ?? false),
      )
      known.set(folder, answer)
    }
    return answer
  }
  const parentIsReal = (path: string): Promise<boolean> =>
    isReal(path.slice(0, Math.max(0, path.lastIndexOf('/'))))
  return parentIsReal
}

/** Brings the index up to date with the workspace and writes it as a tree; answers the tree's id. Nothing is written for a workspace beyond the limits. */
export async function stage(repository: PrivateRepository, limits: CheckpointLimits): Promise<string> {
  const liesInFolders = folderCheck(repository)
  const submodules = await submodulePaths(repository)
  const gone: string[] = []
  const present: string[] = []
  const paths = await listed(repository, ['--modified', '--others'])
  assertWithin(limits, { files: paths.length, bytes: 0 })
  let bytes = 0
  for (const path of paths) {
    const stats = (await liesInFolders(path)) ? await statOf(repository, path) : null
    const keepable = stats?.isFile() || stats?.isSymbolicLink() || submodules.has(path)
    if (stats?.isFile() && stats.size > MAX_FILE_BYTES) {
      const problem = `${textOf(path)} has ${stats.size} bytes (at most ${MAX_FILE_BYTES}); add it to .gitignore`
      throw new Fault('checkpoint_failed', { problem })
    }
    bytes += stats?.size ?? 0
    const where = keepable ? present : gone
    where.push(path)
  }
  assertWithin(limits, { files: 0, bytes })
  await update(repository, ['--force-remove'], gone)
  await update(repository, ['--add', '--remove', '--replace'], present)
  return (await repository.run(['write-tree'])).trim()
}

/** Tracked submodules; git records the commit they are at, whatever lies in them. */
async function submodulePaths(repository: PrivateRepository): Promise<ReadonlySet<string>> {
  const entries = await repository.list(['ls-files', '-z', '--stage'])
  const submodules = entries.filter((entry) => entry.startsWith('160000 '))
  return new Set(submodules.map((entry) => entry.slice(entry.indexOf('\t') + 1)))
}

async function update(repository: PrivateRepository, how: readonly string[], paths: readonly string[]) {
  if (paths.length === 0) return
  await repository.run(['update-index', ...how, '-z', '--stdin'], { input: `${paths.join('\0')}\0` })
}
