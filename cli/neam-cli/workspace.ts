import { existsSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { MAX_LISTED, type Workspace } from '../../agents/ports/workspace.ts'
import { openFolder } from '../../runtime/local-folder.ts'
import { unpackWorkspace } from '../../runtime/workspace-archive.ts'
import { readAction } from '../action.ts'
import { API_FLAGS, type ApiClient, apiClient } from '../api-client.ts'
import { command } from '../command.ts'
import { CommandError } from '../command-error.ts'
import { UsageError } from '../flags.ts'
import { writeOutputFile } from '../output-file.ts'

const FLAGS = {
  ...API_FLAGS,
  bundle: { type: 'string', value: 'FILE', help: 'pull: save the git history to FILE, for git clone' },
  force: { type: 'boolean', help: 'pull: write into a folder that is not empty' },
} as const

interface Options {
  readonly bundle?: string
  readonly force?: boolean
}

/** Files of a forge agent's workspace, out and in (design 9.13). */
export const workspace = command({
  usage: 'workspace list|pull|push AGENT [PATH|DIR]',
  summary: "shows, fetches or sends files of a forge agent's workspace on a server",
  examples: [
    'neam-cli workspace list code_builder',
    'neam-cli workspace pull code_builder files',
    'neam-cli workspace push code_builder files',
  ],
  flags: FLAGS,
  run: async ({ values, positionals }) => {
    const [first, agent, place, unexpected] = positionals
    if (unexpected !== undefined) throw new UsageError(`unexpected argument ${unexpected}`)
    const action = readAction('neam-cli workspace', ['list', 'pull', 'push'], first)
    if (agent === undefined) throw new UsageError(`neam-cli workspace ${action} needs the name of an agent`)
    const remote: Remote = {
      api: apiClient(values),
      path: `/api/v1/forge/${encodeURIComponent(agent)}/workspace`,
    }
    if (action === 'list') return await list(remote, place ?? '')
    if (action === 'pull') return await pull(remote, place ?? agent, values)
    if (place === undefined) throw new UsageError('neam-cli workspace push needs the folder to send')
    return await push(remote, place)
  },
})

interface Remote {
  readonly api: ApiClient
  readonly path: string
}

/** A folder's names, or a file as it is. */
async function list({ api, path }: Remote, place: string): Promise<number> {
  let after = ''
  for (;;) {
    const query = new URLSearchParams({ path: place, limit: String(MAX_LISTED), after })
    const { entries, next, content, encoding } = await api.json('GET', `${path}?${query}`)
    if (Array.isArray(entries)) process.stdout.write(entries.map((name) => `${name}\n`).join(''))
    else process.stdout.write(Buffer.from(String(content), encoding === 'base64' ? 'base64' : 'utf8'))
    if (typeof next !== 'string') return 0
    after = next
  }
}

async function pull({ api, path }: Remote, place: string, { bundle, force }: Options): Promise<number> {
  if (bundle !== undefined) {
    writeOutputFile(bundle, await api.bytes(`${path}?export=bundle`))
    return say(`${bundle} holds the git history: git clone ${bundle}`)
  }
  // Asked for first: nothing is made here when the server refuses.
  const files = await unpackWorkspace(await api.bytes(`${path}?export=tar`))
  const folder = await openFolder(resolve(place))
  if (force !== true && !(await folder.isEmpty([])))
    throw new CommandError(`${place} is not empty; --force writes into it, over files of the same names`)
  for (const [name, bytes] of files) await folder.checkWrite(name, bytes)
  for (const [name, bytes] of files) await folder.write(name, bytes)
  return say(`${counted(files.size)} written to ${place}`)
}

/** A request holds 1 MiB; bytes grow by a third as base64, and JSON needs its quotes. */
const BATCH_BYTES = 700_000

type Sent = string | { readonly base64: string }

async function push({ api, path }: Remote, place: string): Promise<number> {
  if (!existsSync(place) || !statSync(place).isDirectory()) throw new CommandError(`${place} is not a folder`)
  const batches = await batchesOf(await openFolder(resolve(place)))
  let written = 0
  for (const files of batches) {
    try {
      await api.json('POST', path, { files })
    } catch (error) {
      if (written === 0 || !(error instanceof CommandError)) throw error
      throw new CommandError(`${error.message} (${counted(written)} were written before)`, { cause: error })
    }
    written += Object.keys(files).length
  }
  return say(`${counted(written)} of ${place} sent`)
}

/** All files of a folder, in requests that fit. @throws CommandError for a file that fits into none */
async function batchesOf(folder: Workspace): Promise<readonly Readonly<Record<string, Sent>>[]> {
  const batches: Record<string, Sent>[] = []
  let left = 0
  for (const name of await folder.walk('')) {
    const bytes = await folder.readBytes(name, BATCH_BYTES)
    if (bytes === null) continue
    const file = sentOf(bytes)
    const size = JSON.stringify({ [name]: file }).length
    if (size > BATCH_BYTES)
      throw new CommandError(`${name} does not fit into a request of ${BATCH_BYTES} bytes`)
    if (size > left) {
      batches.push({})
      left = BATCH_BYTES
    }
    batches.at(-1)![name] = file
    left -= size
  }
  return batches
}

function sentOf(bytes: Uint8Array): Sent {
  const text = Buffer.from(bytes).toString('utf8')
  return Buffer.from(text).equals(bytes) ? text : { base64: Buffer.from(bytes).toString('base64') }
}

const counted = (files: number): string => `${files} ${files === 1 ? 'file' : 'files'}`

function say(line: string): number {
  process.stdout.write(`${line}\n`)
  return 0
}
