import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import type { StoredMessage } from '../../agents/ports/sessions.ts'
import { Children } from '../support/fs-processes.ts'
import { SESSION } from '../support/fs-scenarios.ts'
import { sessionsDir, testTree } from '../support/fs-tree.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const PROCESSES = 8
const MESSAGES = 125

test('eight processes on one session: of 1,000 acknowledged messages none is lost and none is there twice', async () => {
  const root = temporaryDirectory({ inMemory: true })
  testTree(root)
  const children = await Children.prepare()
  // Leases that anyone may break at once: nothing but the commits themselves keeps the writers apart.
  const writers = Array.from({ length: PROCESSES }, (_, n) =>
    children.start(root, 'write', `writer${n},${MESSAGES},1`),
  )
  const finished = await Promise.all(writers.map(({ finished }) => finished))
  expect(finished.map(({ code }) => code)).toEqual(finished.map(() => 0))
  const acknowledged = finished.flatMap(({ output }) =>
    [...output.matchAll(/acknowledged (\S+)/g)].map(([, turn]) => turn!),
  )
  expect(acknowledged).toHaveLength(PROCESSES * MESSAGES)

  const { messages, degraded } = await testTree(root).sessions.open(SESSION)
  expect(degraded).toBe(false)
  const asked = messages.flatMap(({ role, content }) => (role === 'user' ? [content] : []))
  expect(asked.toSorted()).toEqual(acknowledged.toSorted())
  expect(messages.map(({ content }) => content)).toEqual(asked.flatMap((turn) => [turn, `noted ${turn}`]))
  // Each writer's messages are in the order in which it sent them.
  for (let n = 0; n < PROCESSES; n++) {
    const own = asked.filter((turn) => turn.startsWith(`writer${n}-`))
    expect(own).toEqual(Array.from({ length: MESSAGES }, (_, i) => `writer${n}-${i}`))
  }
  expect(readdirSync(folder(root)).filter((name) => name.startsWith('.t.'))).toEqual([])
  expectChain(root)
}, 60_000)

test('resets in between and processes that are killed: each acknowledged message is once in the history or its archive', async () => {
  const root = temporaryDirectory({ inMemory: true })
  testTree(root)
  const children = await Children.prepare()
  const writing = Array.from({ length: 4 }, (_, n) => children.start(root, 'write', `writer${n},40,1`))
  const resetting = [children.start(root, 'resets', 'fresh,12')]
  const killed = [100, 350, 777, 1234].flatMap((at) => [
    children.start(root, 'write', `killed${at},100,1`, at),
    children.start(root, 'resets', `killed${at},100`, at),
  ])
  const outputs = await Promise.all([...writing, ...resetting, ...killed].map(({ finished }) => finished))
  const survivors = outputs.slice(0, writing.length + resetting.length)
  expect(survivors.map(({ code }) => code)).toEqual(survivors.map(() => 0))
  expect(outputs.slice(survivors.length).map(({ signal }) => signal)).toEqual(killed.map(() => 'SIGKILL'))
  const acknowledged = outputs.flatMap(({ output }) =>
    [...output.matchAll(/acknowledged (\S+)/g)].map(([, turn]) => turn!),
  )
  expect(acknowledged.length).toBeGreaterThanOrEqual(4 * 40)

  const tree = testTree(root)
  const { messages, degraded } = await tree.sessions.open(SESSION)
  expect(degraded).toBe(false)
  const conversations: (readonly StoredMessage[])[] = [messages]
  for (const { file } of await tree.sessions.archives(SESSION)) {
    const archive = await tree.sessions.readArchive(SESSION, file)
    expect(archive?.damagedLines).toBe(0)
    conversations.push(archive?.messages ?? [])
  }
  expect(conversations.length).toBeGreaterThanOrEqual(12)
  for (const conversation of conversations) {
    const asked = conversation.flatMap(({ role, content }) => (role === 'user' ? [content] : []))
    expect(conversation.map(({ content }) => content)).toEqual(
      asked.flatMap((turn) => [turn, `noted ${turn}`]),
    )
  }
  const asked = conversations.flat().flatMap(({ role, content }) => (role === 'user' ? [content] : []))
  expect(asked).toHaveLength(new Set(asked).size)
  expect(acknowledged.filter((turn) => !asked.includes(turn))).toEqual([])
  for (const turn of acknowledged) {
    expect((await tree.sessions.turn(SESSION, turn))?.result?.status).toBe('completed')
  }
  // Whoever looks for a message that nobody acknowledged finds how far it came.
  for (const turn of asked) expect((await tree.sessions.turn(SESSION, turn))?.intent.message).toBe(turn)
  expectChain(root)
}, 60_000)

const folder = (root: string): string => join(sessionsDir(root), 'SupportBot', 'cli_user_alice')

/** Each version that is still there names the one before it. */
function expectChain(root: string): void {
  const headers = readdirSync(folder(root))
    .filter((name) => /^v\.\d+\.jsonl$/.test(name))
    .sort()
    .map((name) => readFileSync(join(folder(root), name), 'utf8').split('\n')[0]!)
    .filter((header) => header !== '')
    .map((header) => JSON.parse(header) as { parent: string; sha256: string })
  for (const [index, { parent }] of headers.slice(1).entries()) expect(parent).toBe(headers[index]?.sha256)
}
