import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { compact } from '../../agents/claw/compact.ts'
import { Fault } from '../../agents/ports/fault.ts'
import { runProgram } from '../../agents/run-program.ts'
import { BOT } from '../support/agent-programs.ts'
import { say } from '../support/asking.ts'
import { faultOf } from '../support/faults.ts'
import { overriding } from '../support/overriding.ts'
import { type Answer, ScriptedModel, says } from '../support/scripted-model.ts'
import { type TestWorld, testWorld } from '../support/world.ts'
import {
  archived,
  contents,
  MANUAL,
  memory,
  request,
  STORED,
  SUMMARY,
  THREE,
  talk,
  talked,
  withSession,
} from './compaction-world.ts'

describe('automatic compaction', () => {
  test('replaces the oldest turns by a system message when there are more than max_history_turns', async () => {
    const t = await talked(THREE, 4)
    t.model.answer(SUMMARY, says('a5'))
    expect(await say(t, 'q5')).toBe('a5')
    expect(await contents(t)).toEqual([STORED, 'q3', 'a3', 'q4', 'a4', 'q5', 'a5'])
    expect(t.model.lastContents).toEqual(['You help customers.', STORED, 'q3', 'a3', 'q4', 'a4', 'q5'])
    expect(t.model.requests.at(-1)?.messages[1]?.role).toBe('system')
    expect(t.events()).not.toContain('session.context_trimmed')
  })

  test('leaves a history within its limits alone', async () => {
    const t = await talked(THREE, 4)
    expect(await contents(t)).toHaveLength(8)
    expect(t.model.requests).toHaveLength(4)
  })

  test('asks for facts and summary in one call, in the words of chapter 24.5', async () => {
    const t = await talked(THREE, 4)
    t.model.answer(SUMMARY, says('a5'))
    await say(t, 'q5')
    const call = t.model.requests.at(-2)
    expect(call?.tools).toEqual([])
    expect(call?.messages[0]?.content).toMatch(
      /^Summarize the following conversation, preserving all key facts, decisions, and context that would be needed to continue the conversation coherently\./,
    )
    expect(call?.messages[1]?.content.split('\n').map((line) => JSON.parse(line))).toEqual([
      { role: 'user', content: 'q1' },
      { role: 'assistant', content: 'a1' },
      { role: 'user', content: 'q2' },
      { role: 'assistant', content: 'a2' },
    ])
    expect(t.model.requests).toHaveLength(6)
  })

  test('compacts a context above 80 % of the window as soon as there are turns that may be summarized', async () => {
    // Keeps 9 turns.
    const t = testWorld(withSession('max_history_turns: 25').replace('gpt-4o-mini', 'gpt-4'))
    const long = 'x'.repeat(27_000)
    t.model.answer(says(long))
    await say(t, 'q1')
    for (let n = 2; n <= 10; n += 1) {
      t.model.answer(says(`a${n}`))
      await say(t, `q${n}`)
    }
    expect((await contents(t)).slice(0, 3)).toEqual(['q1', long, 'q2'])
    expect(t.model.lastContents.slice(0, 3)).toEqual(['You help customers.', 'q2', 'a2'])
    t.model.answer(SUMMARY, says('a11'))
    await say(t, 'q11')
    expect((await contents(t)).slice(0, 3)).toEqual([STORED, 'q2', 'a2'])
    expect(t.model.lastContents.slice(0, 3)).toEqual(['You help customers.', STORED, 'q2'])
    expect(t.model.requests.at(-2)?.messages[1]?.content).toContain('characters left out')
  })

  test('takes the earlier summary into the next one, which stands alone', async () => {
    const t = await talked(THREE, 4)
    t.model.answer(SUMMARY, says('a5'), says('a6'))
    await say(t, 'q5')
    await say(t, 'q6')
    t.model.answer(says('Then of ORD-2.'), says('a7'))
    await say(t, 'q7')
    const transcript = t.model.requests.at(-2)?.messages[1]?.content.split('\n') ?? []
    expect(JSON.parse(transcript[0]!)).toEqual({ role: 'system', content: STORED })
    expect(await contents(t)).toEqual([
      '[Session Summary] Then of ORD-2.',
      'q5',
      'a5',
      'q6',
      'a6',
      'q7',
      'a7',
    ])
  })

  test('keeps facts in MEMORY.md and the old version in the archive', async () => {
    const t = await talked(THREE, 4)
    t.model.answer(SUMMARY, says('a5'))
    await say(t, 'q5')
    expect(memory(t)).toContain('## Session "default"\n\n### 2026-11-21T10:00:00Z\n\n- The order is ORD-1.\n')
    const [name] = archived(t)
    const lines = readFileSync(join(t.root, 'sessions/Bot/default/archive', name!), 'utf8')
      .trim()
      .split('\n')
    expect(lines.map((line) => JSON.parse(line).content)).toEqual([
      'q1',
      'a1',
      'q2',
      'a2',
      'q3',
      'a3',
      'q4',
      'a4',
    ])
  })

  test("lets no session's facts into another session's prompt", async () => {
    const t = await talked(THREE, 4)
    t.model.answer(says('## Facts\n- CANARY\n## Summary\nCANARY'), says('a5'), says('hello'))
    await say(t, 'q5')
    await say(t, 'Hi', { key: 'other' })
    expect(memory(t)).toContain('CANARY')
    expect(JSON.stringify(t.model.requests.at(-1))).not.toContain('CANARY')
  })

  test('writes no facts where flush_on_compact is false', async () => {
    const t = await talked(
      THREE.replace('channels:', 'semantic_memory: { flush_on_compact: false } channels:'),
      4,
    )
    t.model.answer(SUMMARY, says('a5'))
    await say(t, 'q5')
    expect((await contents(t))[0]).toBe(STORED)
    expect(memory(t)).toBeNull()
  })

  test('is recorded with its numbers and without content', async () => {
    const t = await talked(THREE, 4)
    t.model.answer(SUMMARY, says('a5'))
    await say(t, 'q5')
    expect(t.audit.find(({ event }) => event === 'session.compacted')).toMatchObject({
      agent: 'Bot',
      sessionKey: 'default',
      metadata: { turns_before: 4, turns_after: 2, summary_length: 20, facts: 1, tokens: 120 },
    })
  })
})

describe('a summary that fails', () => {
  const failing = async (answer: Answer): Promise<TestWorld> => {
    const t = await talked(THREE, 4)
    t.model.answer(answer, says('a5'))
    expect(await say(t, 'q5')).toBe('a5')
    return t
  }

  test.each([
    ['an error of the provider', new Fault('provider_unavailable', { provider: 'openai', problem: 'down' })],
    ['an empty answer', says(' ')],
    ['an answer without a summary', says('## Facts\n- One.\n## Summary\n')],
    ['a filtered answer', { text: 'They', stopReason: 'content_filter' as const }],
  ])('through %s loses nothing: the prompt is cut, the disk keeps every turn', async (_name, answer) => {
    const t = await failing(answer)
    expect(await contents(t)).toEqual(['q1', 'a1', 'q2', 'a2', 'q3', 'a3', 'q4', 'a4', 'q5', 'a5'])
    expect(t.model.lastContents).toEqual(['You help customers.', 'q2', 'a2', 'q3', 'a3', 'q4', 'a4', 'q5'])
    expect(t.events()).toEqual(
      expect.arrayContaining(['session.compaction_failed', 'session.context_trimmed']),
    )
    expect([memory(t), archived(t)]).toEqual([null, []])
  })

  test('is not tried again at once, but after five minutes', async () => {
    const t = await failing(says(''))
    t.model.answer(says('a6'))
    await say(t, 'q6')
    t.clock.pass(5 * 60_000)
    t.model.answer(SUMMARY, says('a7'))
    await say(t, 'q7')
    expect(await contents(t)).toEqual([STORED, 'q5', 'a5', 'q6', 'a6', 'q7', 'a7'])
  })

  test('on a budget that has no room for it leaves the answer its own', async () => {
    const budget = 'budget Small { api_calls: 5 tokens: 100000 reset: "daily" }\nclaw agent'
    const t = await talked(
      THREE.replace('claw agent', budget).replace('channels:', 'budget: Small channels:'),
      4,
    )
    t.model.answer(SUMMARY)
    expect(await faultOf(say(t, 'q5'))).toMatchObject({ code: 'budget_exhausted' })
    // The summary was the fifth call, and it counts.
    expect((await contents(t))[0]).toBe(STORED)
  })
})

describe('compaction: "manual" and "disabled"', () => {
  test.each(['manual', 'disabled'])('%s compacts nothing by itself', async (mode) => {
    const t = await talked(withSession(`max_history_turns: 3 compaction: "${mode}"`), 5)
    expect(await contents(t)).toHaveLength(10)
    expect(t.model.requests).toHaveLength(5)
    expect(t.events()).toContain('session.context_trimmed')
  })

  test('manual compacts on request', async () => {
    const t = await talked(MANUAL, 4)
    t.model.answer(SUMMARY)
    expect(await compact(t.world, request(t))).toEqual({
      status: 'compacted',
      turnsBefore: 4,
      turnsAfter: 2,
      summaryLength: 20,
    })
    expect(await contents(t)).toEqual([STORED, 'q3', 'a3', 'q4', 'a4'])
  })

  test('disabled compacts not even on request', async () => {
    const t = await talked(withSession('max_history_turns: 3 compaction: "disabled"'), 4)
    expect(await compact(t.world, request(t))).toEqual({
      status: 'not_needed',
      turnsBefore: 4,
      turnsAfter: 4,
      summaryLength: 0,
    })
  })
})

describe('compaction on request', () => {
  test('has nothing to do for a short, an unknown and a due session', async () => {
    const t = await talked(MANUAL, 1)
    expect(await compact(t.world, request(t))).toMatchObject({ status: 'not_needed', turnsBefore: 1 })
    expect(await compact(t.world, request(t, 'nobody'))).toMatchObject({
      status: 'not_needed',
      turnsBefore: 0,
    })
    await talk(t, 3)
    t.clock.pass(61 * 60_000)
    expect(await compact(t.world, request(t))).toMatchObject({ status: 'not_needed', turnsBefore: 0 })
  })

  test('of an agent compacts all its sessions and adds their numbers up', async () => {
    const t = await talked(MANUAL, 4, 'a')
    await talk(t, 3, 'b')
    await talk(t, 1, 'c')
    t.model.answer(SUMMARY, SUMMARY)
    expect(await compact(t.world, request(t, null))).toEqual({
      status: 'compacted',
      turnsBefore: 8,
      turnsAfter: 2 + 1 + 1,
      summaryLength: 40,
    })
    expect(await contents(t, 'b')).toEqual([STORED, 'q3', 'a3'])
    expect(memory(t)).toMatch(/## Session "a".*## Session "b"/s)
  })

  test('that fails says so and leaves the history as it was', async () => {
    const t = await talked(MANUAL, 4)
    t.model.answer(new Fault('provider_unavailable', { provider: 'openai', problem: 'down' }))
    expect(await faultOf(compact(t.world, request(t)))).toMatchObject({ code: 'provider_unavailable' })
    expect(await contents(t)).toHaveLength(8)
    expect(t.audit.at(-1)).toMatchObject({
      event: 'session.compaction_failed',
      detail: 'provider_unavailable',
    })
  })

  test('that cannot be committed leaves the history as it was, and the old version in the archive', async () => {
    const t = await talked(MANUAL, 4)
    const commit = async () => {
      throw new Fault('storage_full', { path: 'sessions' })
    }
    const full = { ...t.world, sessions: overriding(t.world.sessions, { commit }) }
    t.model.answer(SUMMARY)
    expect(await faultOf(compact(full, request(t)))).toMatchObject({ code: 'storage_full' })
    expect(await contents(t)).toHaveLength(8)
    expect(archived(t)).toHaveLength(1)
  })

  test('replaces nothing that it could not archive', async () => {
    const t = await talked(MANUAL, 4)
    const archive = async () => {
      throw new Fault('storage_full', { path: 'archive' })
    }
    const full = { ...t.world, sessions: overriding(t.world.sessions, { archive }) }
    t.model.answer(SUMMARY)
    expect(await faultOf(compact(full, request(t)))).toMatchObject({ code: 'storage_full' })
    expect(await contents(t)).toHaveLength(8)
  })

  test('names the agents there are, and refuses an empty key', async () => {
    const t = testWorld(BOT)
    expect(await faultOf(compact(t.world, { ...request(t), agent: 'Nobody' }))).toMatchObject({
      code: 'agent_not_found',
    })
    expect(await faultOf(compact(t.world, request(t, '')))).toMatchObject({ code: 'session_key_invalid' })
  })

  test('goes ahead where MEMORY.md cannot be written, and warns', async () => {
    const t = await talked(MANUAL, 4)
    mkdirSync(join(t.world.workspaces.resolve('Bot', './.neam/workspace'), 'MEMORY.md'), { recursive: true })
    t.model.answer(SUMMARY)
    expect(await compact(t.world, request(t))).toMatchObject({ status: 'compacted' })
    expect(t.warnings).toEqual([expect.stringContaining('the facts of a session were not kept')])
  })

  test('is the method .compact() of the language', async () => {
    const source = `${MANUAL}
      Bot.ask("q1"); Bot.ask("q2"); Bot.ask("q3"); Bot.ask("q4");
      emit json_stringify(Bot.compact());
      emit json_stringify(Bot.compact("nobody"));
      emit Bot.history().map(fn(message) { return message.role; }).join(" ");`
    const t = testWorld(source, {
      model: new ScriptedModel().answer(...[1, 2, 3, 4].map((n) => says(`a${n}`)), SUMMARY),
    })
    await runProgram(t.world, { signal: new AbortController().signal })
    expect(t.emitted).toEqual([
      '{"status":"compacted","turns_before":4,"turns_after":2,"summary_length":20}',
      '{"status":"not_needed","turns_before":0,"turns_after":0,"summary_length":0}',
      'system user assistant user assistant',
    ])
  })
})
