import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '../../agents/ports/fault.ts'
import { type Git, GitFailed } from './git-command.ts'
import { PrivateRepository } from './git-private.ts'
import { WorkspaceRepository } from './git-repository.ts'

/**
 * The branch of a workspace with its whole history as one file, which `git clone` and `git fetch` read; null without a
 * repository or a commit. Made through a git dir of our own, so that nothing the workspace configures can run.
 */
export async function bundleOf(
  workspace: string,
  options: { readonly git: Git; readonly path: string; readonly state: string },
): Promise<Uint8Array | null> {
  const own = new WorkspaceRepository(workspace)
  if (!(await own.exists())) return null
  const { ref, commit } = await own.head()
  if (commit === null) return null
  const branch = ref ?? 'refs/heads/main'
  await mkdir(options.state, { recursive: true })
  const dir = await mkdtemp(join(options.state, 'bundle-'))
  try {
    const { git, path } = options
    const repository = new PrivateRepository({ git, dir, workspace, path, content: 'bytes' })
    await repository.prepare('')
    await repository.run(['update-ref', branch, commit])
    await repository.run(['symbolic-ref', 'HEAD', branch])
    const bundle = await repository.run(['bundle', 'create', '--quiet', '-', 'HEAD', branch])
    return Buffer.from(bundle, 'latin1')
  } catch (error) {
    throw error instanceof GitFailed ? new Fault('checkpoint_failed', { problem: error.problem }) : error
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}
