/** Sessions that are long enough to be compacted. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CompactRequest } from '../../agents/claw/compact.ts'
import { history } from '../../agents/claw/history.ts'
import { BOT } from '../support/agent-programs.ts'
import { say } from '../support/asking.ts'
import { says } from '../support/scripted-model.ts'
import { type TestWorld, testWorld } from '../support/world.ts'

export const SUMMARY = says('## Facts\n- The order is ORD-1.\n## Summary\nThey spoke of ORD-1.')
export const STORED = '[Session Summary] They spoke of ORD-1.'

export const withSession = (fields: string): string =>
  BOT.replace('channels:', `session: { ${fields} } channels:`)
/** Keeps the newest turn. */
export const THREE = withSession('max_history_turns: 3')
export const MANUAL = withSession('max_history_turns: 3 compaction: "manual"')

/** A world whose session has `turns` turns q1 a1, q2 a2, ... */
export async function talked(source: string, turns: number, key = 'default'): Promise<TestWorld> {
  const t = testWorld(source)
  await talk(t, turns, key)
  return t
}

export async function talk(t: TestWorld, turns: number, key = 'default'): Promise<void> {
  for (let n = 1; n <= turns; n += 1) {
    t.model.answer(says(`a${n}`))
    await say(t, `q${n}`, { key })
  }
}

export const contents = async (t: TestWorld, key = 'default'): Promise<readonly string[]> =>
  (await history(t.world, { agent: 'Bot', key })).map(({ content }) => content)

export const request = (t: TestWorld, key: string | null = 'default'): CompactRequest => ({
  agent: 'Bot',
  key,
  call: {
    requestId: null,
    deadlineAt: t.clock.now() + 60_000,
    signal: new AbortController().signal,
    holding: [],
  },
})

export const memory = ({ world }: TestWorld): string | null => {
  const file = join(world.workspaces.resolve('Bot', './.neam/workspace'), 'MEMORY.md')
  return existsSync(file) ? readFileSync(file, 'utf8') : null
}

export const archived = ({ root }: TestWorld): readonly string[] => {
  const directory = join(root, 'sessions/Bot/default/archive')
  return existsSync(directory) ? readdirSync(directory).filter((name) => name.endsWith('.jsonl')) : []
}
