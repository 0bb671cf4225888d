import { Fault } from '../../agents/ports/fault.ts'
import type { PrivateRepository } from './git-private.ts'
import { changed, textOf, untracked } from './git-staging.ts'
import { errnoOf, NotAFolder, within } from './workspace-folder.ts'
import { isTemporary } from './workspace-path.ts'

/** Each pass can reveal files that an ignore file of the crashed try hid. */
const MAX_PASSES = 20

const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)
const isIgnoreFile = (path: string): boolean => baseName(path) === '.gitignore'

/**
 * Makes the workspace's tracked and untracked files those of `tree`. Ignored files are never touched: first come
 * the ignore files of the tree, then new ignore files go, and only then is anything else removed, so that what was
 * ignored when the tree was recorded still is.
 */
export async function restoreTree(repository: PrivateRepository, tree: string): Promise<void> {
  await repository.load(tree)
  await checkOut(repository, (await changed(repository)).filter(isIgnoreFile))
  for (let pass = 0; pass < MAX_PASSES; pass++) {
    const added = await untracked(repository)
    const addedIgnoreFiles = added.filter(isIgnoreFile)
    if (addedIgnoreFiles.length > 0) {
      await remove(repository.workspace, addedIgnoreFiles)
      continue
    }
    await remove(repository.workspace, added)
    const different = await changed(repository)
    await checkOut(repository, different)
    if (added.length === 0 && different.length === 0) {
      await removeTemporaries(repository)
      return
    }
  }
  throw new Fault('checkpoint_failed', { problem: 'the workspace keeps changing while it is restored' })
}

async function checkOut(repository: PrivateRepository, paths: readonly string[]): Promise<void> {
  if (paths.length === 0) return
  await repository.run(['checkout-index', '--force', '-z', '--stdin'], { input: `${paths.join('\0')}\0` })
}

/** Our own files that a crash left half written. */
async function removeTemporaries(repository: PrivateRepository): Promise<void> {
  const left = await repository.list(['ls-files', '-z', '--others', '--ignored', '--exclude=.neam-*.tmp'])
  await remove(
    repository.workspace,
    left.filter((path) => isTemporary(baseName(path))),
  )
}

/** Removes files, and the folders that become empty by it. */
async function remove(workspace: string, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const components = textOf(path).split('/')
    await removeFile(workspace, components)
    for (let depth = components.length - 1; depth > 0; depth--)
      if (!(await removeEmptyFolder(workspace, components.slice(0, depth)))) break
  }
}

async function removeFile(workspace: string, components: readonly string[]): Promise<void> {
  try {
    await within(workspace, components.slice(0, -1), (folder) => folder.removeFile(components.at(-1)!))
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT' && !(error instanceof NotAFolder)) throw error
  }
}

async function removeEmptyFolder(workspace: string, components: readonly string[]): Promise<boolean> {
  try {
    await within(workspace, components.slice(0, -1), (folder) => folder.removeFolder(components.at(-1)!))
    return true
  } catch (error) {
    if (errnoOf(error) === undefined && !(error instanceof NotAFolder)) throw error
    return false
  }
}
