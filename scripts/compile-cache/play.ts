// The handler that runs while a compile cache is made: what it loads and calls is what will be found compiled.
import { readFileSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

interface Event {
  /** Folder of the bundles. */
  readonly taskRoot: string
  /** Folder of ready events. */
  readonly events: string
  /** NEAM_API_KEY. */
  readonly key: string
}

type Function = (event: unknown, context: unknown) => Promise<{ statusCode?: number; body?: string } | null>

export async function handler({ taskRoot, events, key }: Event, context: unknown): Promise<void> {
  const load = async (name: string) => {
    const loaded: { handler: Function } = await import(pathToFileURL(join(taskRoot, `${name}.mjs`)).href)
    return loaded.handler
  }
  const event = (file: string) => {
    const read = JSON.parse(readFileSync(join(events, file), 'utf8'))
    return { ...read, headers: { ...read.headers, authorization: `Bearer ${key}` } }
  }

  process.env.NEAM_TREE = 'create'
  await (await load('tree-init'))({}, context)
  process.env.NEAM_TREE = 'require'
  const api = await load('api')
  // a session that is new, and one that is there
  for (const file of ['health', 'claw-message', 'claw-message', 'claw-list']) {
    const answered = await api(event(`${file}.json`), context)
    if (answered?.statusCode !== 200) throw new Error(`${file}: ${answered?.statusCode} ${answered?.body}`)
  }
  // These go as far as they come without a turn, a run or a command.
  await (await load('turn-worker'))({ agent: 'support_bot', key: 'none', turn: 'none' }, context)
  await (await load('forge-step'))(event('forge-step.json'), context).catch(() => null)
  for (const name of ['sandbox', 'streaming']) await load(name).catch(() => null)
  flushCompileCache()
}
