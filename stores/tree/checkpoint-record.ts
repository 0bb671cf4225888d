import { randomBytes } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import * as v from 'valibot'
import { Fault } from '../../agents/ports/fault.ts'
import { errnoOf } from './workspace-folder.ts'

const RecordSchema = v.object({
  /** The branch the run works on; null = detached. */
  ref: v.nullable(v.string()),
  /** Newest commit we know of on it; null = none yet. */
  commit: v.nullable(v.string()),
  /** The commit the run began at. */
  start: v.nullable(v.string()),
  /** Tree by iteration, as marked. */
  bases: v.record(v.string(), v.string()),
  /** The workspace's `.git/info/exclude` when the run began. */
  exclude: v.string(),
})

/** What a run knows about the workspace's repository; lies where the workspace's programs cannot change it. */
export type CheckpointRecord = v.InferOutput<typeof RecordSchema>

/** Replaces a file whole and durably. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
  try {
    await using handle = await open(temporary, 'wx')
    await handle.writeFile(text)
    await handle.sync()
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {}) // the first error is the one that matters
    throw error
  }
  await using folder = await open(dirname(path))
  await folder.sync()
}

/** One record a run, in a folder of the workspace's private state. */
export class CheckpointRecords {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  #file(run: string): string {
    if (!/^[\w-]+$/.test(run)) throw new Error(`not a run id: ${JSON.stringify(run)}`)
    return join(this.#folder, `${run}.json`)
  }

  /** Null when the run was not prepared. Throws `record_damaged`. */
  async read(run: string): Promise<CheckpointRecord | null> {
    const path = this.#file(run)
    try {
      return v.parse(RecordSchema, JSON.parse(await readFile(path, 'utf8')))
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return null
      if (errnoOf(error) !== undefined) throw error
      throw new Fault('record_damaged', { path, problem: 'not a checkpoint record' })
    }
  }

  async write(run: string, record: CheckpointRecord): Promise<void> {
    await mkdir(this.#folder, { recursive: true })
    await replaceFile(this.#file(run), JSON.stringify(record))
  }

  async remove(run: string): Promise<void> {
    await rm(this.#file(run), { force: true })
  }

  /** Ids of all runs that have a record. */
  async runs(): Promise<readonly string[]> {
    const names = await readdir(this.#folder).catch((error: unknown) => {
      if (errnoOf(error) === 'ENOENT') return []
      throw error
    })
    return names.filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -'.json'.length))
  }
}
