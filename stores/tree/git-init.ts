import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Git } from './git-command.ts'
import { bareEnvironment, EXCLUDES } from './git-private.ts'
import { within } from './workspace-folder.ts'
import { isTemporary, temporaryName } from './workspace-path.ts'

/** Gives an empty workspace its own repository; after a crash it has a whole one or none. */
export async function initRepository(git: Git, workspace: string, path: string): Promise<void> {
  await removeLeftovers(workspace)
  const temporary = temporaryName(randomBytes(8).toString('hex'))
  const place = join(workspace, temporary)
  await mkdir(place)
  await git({
    args: ['init', '--quiet', '--template=', '--initial-branch=main', place],
    cwd: place,
    env: bareEnvironment(path, place),
  })
  await mkdir(join(place, '.git/info'), { recursive: true })
  await writeFile(join(place, '.git/info/exclude'), EXCLUDES)
  await within(workspace, [], async (root) => {
    const made = await root.enter(temporary)
    try {
      await made.move('.git', root, '.git')
    } finally {
      await made.close()
    }
    await root.removeFolder(temporary)
    await root.sync()
  })
}

/** What a try that was killed half way has left. */
async function removeLeftovers(workspace: string): Promise<void> {
  for (const name of await readdir(workspace))
    if (isTemporary(name)) await rm(join(workspace, name), { recursive: true })
}

/** The nearest folder above the workspace that holds a repository, null when there is none. */
export async function repositoryAbove(workspace: string): Promise<string | null> {
  for (let folder = dirname(workspace); ; folder = dirname(folder)) {
    const found = await stat(join(folder, '.git')).catch(() => null)
    if (found) return folder
    if (folder === dirname(folder)) return null
  }
}
