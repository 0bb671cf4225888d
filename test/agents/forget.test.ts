import { readFileSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { ask } from '../../agents/claw/ask.ts'
import { compact } from '../../agents/claw/compact.ts'
import { forgetMemory } from '../../agents/claw/forget.ts'
import { history } from '../../agents/claw/history.ts'
import { resetSession } from '../../agents/claw/reset.ts'
import { decideConfirmation } from '../../agents/confirmations/decide.ts'
import { message, say } from '../support/asking.ts'
import { faultOf } from '../support/faults.ts'
import { filesBelow } from '../support/files-below.ts'
import { calls, says } from '../support/scripted-model.ts'
import { type TestWorld, testWorld } from '../support/world.ts'
import { request } from './compaction-world.ts'

const PROGRAM = `
channel web { type: "http" }
skill note { description: "Notes" params: { text: string } impl(text) { return f"noted {text}"; } }
skill pay { description: "Pays" params: { text: string } sensitive: true impl(text) { return f"paid {text}"; } }
claw agent Bot {
  provider: "openai"
  model: "gpt-4o-mini"
  system: "You help customers."
  channels: [web]
  skills: [note, pay]
  session: { max_history_turns: 3 compaction: "manual" }
  semantic_memory: { backend: "sqlite" }
}
`
const REF = { agent: 'Bot', key: 'default' }
/** Each place where a text can come in has a word of its own, so that a test tells which one has survived. */
const CANARIES = {
  message: 'CANARY-MESSAGE',
  answer: 'CANARY-ANSWER',
  argument: 'CANARY-ARGUMENT',
  approved: 'CANARY-APPROVED',
  denied: 'CANARY-DENIED',
  fact: 'CANARY-FACT',
  summary: 'CANARY-SUMMARY',
}

/** Where words stand below a directory: `word in path`. */
const found = (words: readonly string[], directory: string): readonly string[] =>
  filesBelow(directory).flatMap((path) => {
    const text = readFileSync(path, 'latin1')
    return words.filter((word) => text.includes(word)).map((word) => `${word} in ${path}`)
  })

const decide = (t: TestWorld, id: string, action: 'approve' | 'deny') =>
  decideConfirmation(t.world, {
    id,
    action,
    by: 'admin',
    deadlineAt: t.clock.now() + 60_000,
    signal: new AbortController().signal,
    requestId: null,
  })

async function paying(t: TestWorld, action: 'approve' | 'deny', text: string): Promise<void> {
  t.model.answer(calls(['pay', { text }]))
  const waiting = await faultOf(ask(t.world, message(t, 'Pay it')))
  t.model.answer(says('done'))
  await decide(t, String(waiting.data.trace_id), action)
}

/** A session with every canary in it. */
async function told(): Promise<TestWorld> {
  const t = testWorld(PROGRAM)
  t.model.answer(
    calls(['note', { text: CANARIES.argument }]),
    says(`The answer is ${CANARIES.answer}`),
    ...[2, 3].map((n) => says(`a${n}`)),
  )
  await ask(t.world, message(t, `Remember ${CANARIES.message}`, { turn: 'first' }))
  for (const n of [2, 3]) await say(t, `q${n}`)
  await paying(t, 'approve', CANARIES.approved)
  await paying(t, 'deny', CANARIES.denied)
  t.model.answer(says(`## Facts\n- It is ${CANARIES.fact}.\n## Summary\nThey said ${CANARIES.summary}.`))
  await compact(t.world, request(t))
  return t
}

describe('what was forgotten after a reset', () => {
  const WORDS = Object.values(CANARIES)

  test('stands in no file of the tree, the workspaces or the index', async () => {
    const t = await told()
    t.model.answer(says('ok'))
    await say(t, 'Which canary did I name?')
    await resetSession(t.world, REF)
    const before = found(WORDS, t.root)
    for (const word of WORDS) expect(before).toContainEqual(expect.stringContaining(word))
    expect(before).toContainEqual(expect.stringContaining('.sqlite'))
    await forgetMemory(t.world, REF)
    expect(found(WORDS, t.root)).toEqual([])
  })

  test('takes nothing from MEMORY.md while another session changes it, and nothing is lost', async () => {
    const t = await told()
    await resetSession(t.world, REF)
    const file = join(t.world.workspaces.resolve('Bot', './.neam/workspace'), 'MEMORY.md')
    const before = readFileSync(file, 'utf8')
    const changing = await t.world.fileLeases.acquire(file, { ttlMs: 60_000, waitMs: 0 })
    expect(await faultOf(forgetMemory(t.world, REF))).toMatchObject({ code: 'storage_unavailable' })
    expect(readFileSync(file, 'utf8')).toBe(before)
    await changing?.release()
    await forgetMemory(t.world, REF)
    expect(found(WORDS, t.root)).toEqual([])
  })

  test('is not recalled, and the session goes on', async () => {
    const t = await told()
    await resetSession(t.world, REF)
    await forgetMemory(t.world, REF)
    t.model.answer(says('None.'), says('Still here.'))
    await say(t, 'Which canary did I name?')
    expect(t.model.lastContents).toEqual(['You help customers.', 'Which canary did I name?'])
    await say(t, 'Are you there?')
    expect((await history(t.world, REF)).map(({ content }) => content)).toEqual([
      'Which canary did I name?',
      'None.',
      'Are you there?',
      'Still here.',
    ])
  })

  test('is not done again when its message comes again', async () => {
    const t = await told()
    await resetSession(t.world, REF)
    await forgetMemory(t.world, REF)
    const again = ask(t.world, message(t, `Remember ${CANARIES.message}`, { turn: 'first' }))
    expect(await faultOf(again)).toMatchObject({ code: 'turn_forgotten', data: { turn: 'first' } })
    expect(found(WORDS, t.root)).toEqual([])
  })

  test('is gone, too, where the record of its turn cannot be read', async () => {
    const t = await told()
    await resetSession(t.world, REF)
    const turn = join(t.root, 'sessions/Bot/default/turn/first')
    for (const file of filesBelow(turn)) {
      const text = readFileSync(file, 'utf8')
      unlinkSync(file)
      writeFileSync(file, text.replaceAll('{', ''))
    }
    expect(found(WORDS, turn)).not.toEqual([])
    await forgetMemory(t.world, REF)
    expect(found(WORDS, t.root)).toEqual([])
  })

  test('was not in the text that a dead writer left a while ago, either', async () => {
    const t = await told()
    await resetSession(t.world, REF)
    const orphan = join(t.root, 'sessions/Bot/default/.t.orphan')
    writeFileSync(orphan, CANARIES.message)
    const hoursAgo = Date.now() / 1000 - 2 * 3600
    utimesSync(orphan, hoursAgo, hoursAgo)
    await forgetMemory(t.world, REF)
    expect(found(WORDS, t.root)).toEqual([])
  })
})

describe('forgetting a session that is not reset', () => {
  test('leaves what its live history says, and nothing that it no longer says', async () => {
    const t = await told()
    const before = await history(t.world, REF)
    await forgetMemory(t.world, REF)
    expect(await history(t.world, REF)).toEqual(before)
    const { message: asked, answer, argument, fact } = CANARIES
    expect(found([asked, answer, argument, fact], t.root)).toEqual([])
    expect(found([CANARIES.summary], t.root)).not.toEqual([])
  })

  test('answers a repeated message of its live history as before', async () => {
    const t = testWorld(PROGRAM)
    t.model.answer(says('Hello.'))
    await ask(t.world, message(t, 'Hi', { turn: 'live' }))
    await forgetMemory(t.world, REF)
    expect((await ask(t.world, message(t, 'Hi', { turn: 'live' }))).response).toBe('Hello.')
  })

  test('leaves a call alone that waits for a person, and its turn', async () => {
    const t = testWorld(PROGRAM)
    t.model.answer(calls(['pay', { text: 'five' }]))
    const waiting = await faultOf(ask(t.world, message(t, 'Pay it')))
    await forgetMemory(t.world, REF)
    t.model.answer(says('It is paid.'))
    const { continuation } = await decide(t, String(waiting.data.trace_id), 'approve')
    expect(continuation).toMatchObject({ kind: 'answered', answer: { response: 'It is paid.' } })
    expect(t.model.requests.at(-1)?.messages.at(-1)?.content).toBe('paid five')
  })

  test('takes nothing from another session', async () => {
    const t = await told()
    t.model.answer(says('Noted.'))
    await say(t, 'CANARY-OF-BOB', { key: 'bob' })
    await resetSession(t.world, { ...REF, key: 'bob' })
    const before = found(['CANARY-OF-BOB'], t.root)
    await forgetMemory(t.world, REF)
    expect(found(['CANARY-OF-BOB'], t.root)).toEqual(before)
  })
})
