import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as v from 'valibot'
import type {
  Checkpoint,
  CheckpointLimits,
  CheckpointRequest,
  Preparation,
} from '../../agents/ports/checkpoints.ts'
import {
  type CopyCount,
  copyTree,
  eachFile,
  inside,
  isSameTree,
  MANIFEST,
  mirrorTree,
  removeEntry,
} from './checkpoint-copy.ts'
import { assertWithin } from './checkpoint-limits.ts'
import { replaceFile } from './checkpoint-record.ts'
import { openWorkspace } from './workspace.ts'
import { errnoOf, Folder, NotAFolder, within } from './workspace-folder.ts'

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL } = constants

const MAX_MANIFEST_BYTES = 1024 * 1024

const ManifestSchema = v.object({ run: v.string(), iteration: v.number() })

export interface SnapshotOptions {
  /** Private folder of this workspace, outside of it. */
  readonly state: string
  readonly limits: CheckpointLimits
}

/**
 * Verified work as copies in `.neam/snapshots/<iteration>/` (chapter 25.7); each is complete or absent. Commands of the
 * program may reach them there, so that nothing is decided by them: what a crash returns to, and which iterations are kept,
 * lies in the private folder.
 */
export class SnapshotCheckpoint implements Checkpoint {
  readonly #workspace: string
  readonly #bases: string
  readonly #kept: string
  readonly #limits: CheckpointLimits

  constructor(workspace: string, options: SnapshotOptions) {
    this.#workspace = workspace
    this.#bases = join(options.state, 'bases')
    this.#kept = join(options.state, 'kept.json')
    this.#limits = options.limits
  }

  /** A snapshot asks nothing of a workspace. */
  async adopt(): Promise<void> {}

  async prepare(): Promise<Preparation> {
    const found = await this.look()
    await mkdir(this.#bases, { recursive: true })
    return found
  }

  async look(): Promise<Preparation> {
    await openWorkspace(this.#workspace)
    await this.#assertWithin()
    return { uncommitted: [] }
  }

  /** The base lies outside the workspace. Marking an iteration twice keeps the first copy. */
  async mark(run: string, iteration: number): Promise<void> {
    await inside(Folder.open(this.#bases), async (bases) => {
      const name = `${run}-${iteration}`
      if (await isComplete(bases, name, run, iteration)) return
      await this.#assertWithin()
      await copyInto(this.#workspace, bases, name, { run, iteration, task: '', cost: 0, tokens: 0 })
      for (const entry of await bases.entries()) if (entry.name !== name) await removeEntry(bases, entry)
    })
  }

  async restore(run: string, iteration: number): Promise<void> {
    await inside(Folder.open(this.#bases), async (bases) => {
      const name = `${run}-${iteration}`
      if (!(await isComplete(bases, name, run, iteration))) return
      await inside(bases.enter(name), (base) =>
        inside(Folder.open(this.#workspace), (to) => mirrorTree(base, to)),
      )
    })
  }

  async hasChanged(run: string, iteration: number): Promise<boolean | null> {
    return await inside(Folder.open(this.#bases), async (bases) => {
      const name = `${run}-${iteration}`
      if (!(await isComplete(bases, name, run, iteration))) return null
      return await inside(bases.enter(name), (base) =>
        inside(Folder.open(this.#workspace), async (now) => !(await isSameTree(base, now))),
      )
    })
  }

  async keep(request: CheckpointRequest): Promise<string> {
    const name = String(request.iteration)
    if (!(await this.#isKept(request))) {
      await this.#assertWithin()
      const copy = (snapshots: Folder) => copyInto(this.#workspace, snapshots, name, request)
      await within(this.#workspace, ['.neam', 'snapshots'], copy, { make: true })
      await replaceFile(this.#kept, `${JSON.stringify({ run: request.run, iteration: request.iteration })}\n`)
    }
    return `.neam/snapshots/${name}`
  }

  /** Looked at before anything is copied: a copy that ends in the middle would have cost as much as one that fits. */
  async #assertWithin(): Promise<void> {
    const found = { files: 0, bytes: 0 }
    await inside(Folder.open(this.#workspace), (folder) =>
      eachFile(folder, (bytes) => {
        found.files += 1
        found.bytes += bytes
        assertWithin(this.#limits, found)
      }),
    )
  }

  /** The iterations of a run are kept in order: only the last one may be asked for again. */
  async #isKept({ run, iteration }: CheckpointRequest): Promise<boolean> {
    const kept = v.safeParse(ManifestSchema, await readJson(this.#kept))
    return kept.success && kept.output.run === run && kept.output.iteration === iteration
  }
}

/** Null for a file that is missing or no JSON. */
async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || error instanceof SyntaxError) return null
    throw error
  }
}

/** Copies the workspace to a name of its own and moves it into place, over an older run's copy if there is one. */
async function copyInto(
  workspace: string,
  to: Folder,
  name: string,
  request: CheckpointRequest,
): Promise<void> {
  for (const entry of await to.entries()) if (entry.name.startsWith('.t-')) await removeEntry(to, entry)
  const temporary = `.t-${randomBytes(6).toString('hex')}`
  await to.make(temporary)
  await inside(to.enter(temporary), async (target) => {
    const count: CopyCount = { files: 0, bytes: 0, skipped: [] }
    await inside(Folder.open(workspace), (from) => copyTree(from, target, count))
    await writeManifest(target, { ...request, ...count })
  })
  const old = await to.stat(name)
  if (old !== null) await to.move(name, to, `${temporary}-old`)
  await to.move(temporary, to, name)
  await to.sync()
  if (old !== null) await removeEntry(to, { name: `${temporary}-old`, isDirectory: () => old.isDirectory() })
}

async function writeManifest(folder: Folder, manifest: Readonly<Record<string, unknown>>): Promise<void> {
  {
    await using handle = await folder.openFile(MANIFEST, O_WRONLY | O_CREAT | O_EXCL)
    await handle.writeFile(`${JSON.stringify(manifest, null, 2)}\n`)
    await handle.sync()
  }
  await folder.sync()
}

/** True when the copy is whole and was made by this run for this iteration. */
async function isComplete(folder: Folder, name: string, run: string, iteration: number): Promise<boolean> {
  try {
    return await inside(folder.enter(name), async (copy) => {
      await using handle = await copy.openFile(MANIFEST, O_RDONLY)
      const stats = await handle.stat()
      if (!stats.isFile() || stats.size > MAX_MANIFEST_BYTES) return false
      const manifest = v.safeParse(ManifestSchema, JSON.parse(await handle.readFile('utf8')))
      return manifest.success && manifest.output.run === run && manifest.output.iteration === iteration
    })
  } catch (error) {
    if (error instanceof NotAFolder || error instanceof SyntaxError || errnoOf(error) !== undefined)
      return false
    throw error
  }
}
