import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type {
  Checkpoint,
  CheckpointLimits,
  CheckpointRequest,
  Preparation,
} from '../../agents/ports/checkpoints.ts'
import { Fault } from '../../agents/ports/fault.ts'
import type { Clock } from '../../agents/ports/time.ts'
import { assertWithin } from './checkpoint-limits.ts'
import { type CheckpointRecord, CheckpointRecords } from './checkpoint-record.ts'
import { type Git, GitFailed } from './git-command.ts'
import { initRepository, repositoryAbove } from './git-init.ts'
import { ITERATION_TRAILER, type LoggedCommit, log, RUN_TRAILER } from './git-log.ts'
import { PrivateRepository } from './git-private.ts'
import { type Head, WorkspaceRepository } from './git-repository.ts'
import { restoreTree } from './git-restore.ts'
import { changed, stage, textOf, untracked } from './git-staging.ts'
import { openWorkspace } from './workspace.ts'
import { pathComponents } from './workspace-path.ts'

const NAME = 'Neam Forge'
const EMAIL = 'forge@neam.local'

export interface GitCheckpointOptions {
  readonly git: Git
  readonly clock: Clock
  /** PATH to find git on. */
  readonly path: string
  /** Private folder of this workspace, outside of it. */
  readonly state: string
  readonly limits: CheckpointLimits
}

const lost = (problem: string): Fault => new Fault('checkpoint_lost', { problem })

/** What a base is kept by in the workspace's repository, so that its `git gc` leaves the objects alone. */
const baseRef = (run: string, iteration: number | string): string => `refs/neam/${run}/base-${iteration}`

/** `forge: <task>`, the numbers, and the trailers that a repeated `keep` finds its commit by (design 3.8). */
function commitMessage(request: CheckpointRequest): string {
  const task = request.task
    .trim()
    .split('\n', 1)[0]!
    .replace(/\p{Cc}+/gu, ' ')
    .trim()
  return [
    `forge: ${task || 'checkpoint'}`,
    '',
    `Iteration ${request.iteration}, $${request.cost.toFixed(4)}, ${request.tokens} tokens.`,
    '',
    `${RUN_TRAILER}: ${request.run}`,
    `${ITERATION_TRAILER}: ${request.iteration}`,
    '',
  ].join('\n')
}

/** Verified work as commits in the workspace's own repository (chapter 25.7, design 3.8). */
export class GitCheckpoint implements Checkpoint {
  readonly #workspace: string
  readonly #options: GitCheckpointOptions
  readonly #own: WorkspaceRepository
  readonly #records: CheckpointRecords

  constructor(workspace: string, options: GitCheckpointOptions) {
    this.#workspace = workspace
    this.#options = options
    this.#own = new WorkspaceRepository(workspace)
    this.#records = new CheckpointRecords(join(options.state, 'runs'))
  }

  async adopt(ownFiles: readonly string[]): Promise<void> {
    if (!(await this.#own.exists())) await this.#initIfEmpty(ownFiles)
  }

  async #isEmpty(ownFiles: readonly string[]): Promise<boolean> {
    return await (await openWorkspace(this.#workspace)).isEmpty(ownFiles)
  }

  /** False: there are files, so that a repository would not be ours to make. */
  async #initIfEmpty(ownFiles: readonly string[]): Promise<boolean> {
    if (!(await this.#isEmpty(ownFiles))) return false
    await failing(initRepository(this.#options.git, this.#workspace, this.#options.path))
    return true
  }

  async prepare(run: string, ownFiles: readonly string[]): Promise<Preparation> {
    if ((await this.#records.read(run)) !== null) return { uncommitted: [] }
    const found = await this.#own.exists()
    if (!found && !(await this.#initIfEmpty(ownFiles))) throw await this.#notARepository()
    await this.#forgetOtherRuns(run)
    const { ref, commit } = await this.#own.head()
    const exclude = await this.#own.exclude()
    const record = { ref, commit, start: commit, bases: {}, exclude }
    await this.#records.write(run, record)
    return { uncommitted: found ? await this.#uncommitted(record, ownFiles) : [] }
  }

  /** Of a repository that is there, preparing touches nothing but its private folder, which is a passing one here. */
  async look(ownFiles: readonly string[]): Promise<Preparation> {
    if (await this.#own.exists()) {
      const state = await mkdtemp(join(tmpdir(), 'neam-look-'))
      try {
        return await new GitCheckpoint(this.#workspace, { ...this.#options, state }).prepare('look', ownFiles)
      } finally {
        await rm(state, { recursive: true })
      }
    }
    if (!(await this.#isEmpty(ownFiles))) throw await this.#notARepository()
    return { uncommitted: [] }
  }

  /** Paths that differ from the branch; loop files are there to be changed. */
  async #uncommitted(record: CheckpointRecord, ownFiles: readonly string[]): Promise<readonly string[]> {
    const repository = await this.#private('commit', record)
    await this.#load(repository, record.commit)
    const paths = await failing(Promise.all([changed(repository), untracked(repository)]))
    assertWithin(this.#options.limits, { files: paths.flat().length, bytes: 0 })
    const own = new Set(ownFiles.map((path) => pathComponents(path).join('/')))
    return paths
      .flat()
      .map(textOf)
      .filter((path) => !own.has(path))
  }

  async #notARepository(): Promise<Fault> {
    const workspace = this.#workspace
    const repository = await repositoryAbove(workspace)
    return repository === null
      ? new Fault('workspace_not_repository', { workspace })
      : new Fault('workspace_inside_repository', { workspace, repository })
  }

  /** A workspace has one live run: what others left can no longer be asked for. */
  async #forgetOtherRuns(run: string): Promise<void> {
    for (const other of await this.#records.runs()) {
      if (other === run) continue
      const bases = (await this.#records.read(other).catch(() => null))?.bases ?? {}
      for (const iteration of Object.keys(bases)) await this.#own.removeRef(baseRef(other, iteration))
      await this.#records.remove(other)
    }
  }

  /** Marking an iteration twice keeps the first tree: the second may already hold a crashed try's files. */
  async mark(run: string, iteration: number): Promise<void> {
    const record = await this.#settled(run)
    if (record.bases[iteration] !== undefined) return
    const repository = await this.#private('base', record)
    await this.#load(repository, record.commit)
    const tree = await failing(stage(repository, this.#options.limits))
    await this.#own.setRef(baseRef(run, iteration), tree)
    await this.#records.write(run, { ...record, bases: { [iteration]: tree } })
    for (const earlier of Object.keys(record.bases)) await this.#own.removeRef(baseRef(run, earlier))
  }

  /** Without a mark nothing has run yet, and there is nothing to undo. */
  async restore(run: string, iteration: number): Promise<void> {
    const record = await this.#settled(run)
    const tree = record.bases[iteration]
    if (tree === undefined) return
    const repository = await this.#private('base', record)
    await this.#load(repository, tree)
    await failing(restoreTree(repository, tree))
  }

  async hasChanged(run: string, iteration: number): Promise<boolean | null> {
    const record = await this.#settled(run)
    const base = record.bases[iteration]
    if (base === undefined) return null
    const repository = await this.#private('base', record)
    await this.#load(repository, record.commit)
    return (await failing(stage(repository, this.#options.limits))) !== base
  }

  async keep(request: CheckpointRequest): Promise<string> {
    const record = await this.#settled(request.run)
    const repository = await this.#private('commit', record)
    await this.#load(repository, record.commit)
    const already = await this.#find(repository, record, request)
    const commit = already ?? (await this.#add(repository, record, request))
    await this.#own.replaceIndex(await readFile(repository.index))
    return commit
  }

  /** Commits the workspace as it is and moves the branch to it. */
  async #add(
    repository: PrivateRepository,
    record: CheckpointRecord,
    request: CheckpointRequest,
  ): Promise<string> {
    const tree = await failing(stage(repository, this.#options.limits))
    const commit = await failing(this.#commit(repository, tree, record.commit, request))
    const isOurs = async (other: string) => (await this.#logged(repository, other))?.run === request.run
    await this.#own.moveHead(record, commit, isOurs)
    await this.#records.write(request.run, { ...record, commit })
    return commit
  }

  async #commit(
    repository: PrivateRepository,
    tree: string,
    parent: string | null,
    request: CheckpointRequest,
  ): Promise<string> {
    const date = `@${Math.floor(this.#options.clock.now() / 1000)} +0000`
    const output = await repository.run(
      ['commit-tree', tree, ...(parent === null ? [] : ['-p', parent]), '-F', '-'],
      {
        input: Buffer.from(commitMessage(request).toWellFormed()).toString('latin1'),
        env: {
          GIT_AUTHOR_NAME: NAME,
          GIT_AUTHOR_EMAIL: EMAIL,
          GIT_AUTHOR_DATE: date,
          GIT_COMMITTER_NAME: NAME,
          GIT_COMMITTER_EMAIL: EMAIL,
          GIT_COMMITTER_DATE: date,
        },
      },
    )
    return output.trim()
  }

  /**
   * The run's record, with the branch where the record says. A branch one commit further, by this very run, is a
   * `keep` that was cut off after it moved the branch: the record follows it.
   */
  async #settled(run: string): Promise<CheckpointRecord> {
    const record = await this.#records.read(run)
    if (record === null) throw lost(`run ${run} has no checkpoint record`)
    const head = await this.#headOrLost()
    if (head.ref === record.ref && head.commit === record.commit) return record
    const newest = head.commit
    if (head.ref === record.ref && newest !== null) {
      const logged = await this.#logged(await this.#private('commit', record), newest)
      if (logged?.run === run && logged.parents.join() === (record.commit ?? '')) {
        const followed = { ...record, commit: newest }
        await this.#records.write(run, followed)
        return followed
      }
    }
    const place = (at: { ref: string | null; commit: string | null }) =>
      `${at.ref ?? 'a detached HEAD'} at ${at.commit?.slice(0, 10) ?? 'no commit'}`
    throw lost(`expected ${place(record)}, found ${place(head)}`)
  }

  async #headOrLost(): Promise<Head> {
    try {
      if (await this.#own.exists()) return await this.#own.head()
    } catch (error) {
      if (error instanceof Fault && error.code === 'checkpoint_failed') throw lost(String(error.data.problem))
      throw error
    }
    throw lost('its .git is gone')
  }

  async #private(purpose: 'base' | 'commit', record: CheckpointRecord): Promise<PrivateRepository> {
    const repository = new PrivateRepository({
      git: this.#options.git,
      dir: join(this.#options.state, `${purpose}.git`),
      workspace: this.#workspace,
      path: this.#options.path,
      content: purpose === 'base' ? 'bytes' : 'attributes',
    })
    await repository.prepare(record.exclude)
    return repository
  }

  /** Loads a tree of which we know that it was there: if git cannot, objects have been taken away. */
  async #load(repository: PrivateRepository, tree: string | null): Promise<void> {
    try {
      await repository.load(tree)
    } catch (error) {
      throw error instanceof GitFailed ? lost(error.problem) : error
    }
  }

  async #logged(repository: PrivateRepository, commit: string): Promise<LoggedCommit | null> {
    try {
      return (await log(repository, ['-1', commit]))[0] ?? null
    } catch (error) {
      if (error instanceof GitFailed) return null
      throw error
    }
  }

  /** The commit of an iteration that this run has kept already. */
  async #find(
    repository: PrivateRepository,
    record: CheckpointRecord,
    request: CheckpointRequest,
  ): Promise<string | null> {
    if (record.commit === null || record.commit === record.start) return null
    const range = record.start === null ? [record.commit] : [record.commit, `^${record.start}`]
    const commits = await failing(log(repository, ['--first-parent', ...range]))
    const iteration = String(request.iteration)
    return commits.find((each) => each.run === request.run && each.iteration === iteration)?.id ?? null
  }
}

/** A git that failed where nothing is lost. */
async function failing<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw error instanceof GitFailed ? new Fault('checkpoint_failed', { problem: error.problem }) : error
  }
}
