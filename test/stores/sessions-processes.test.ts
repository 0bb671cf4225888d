import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
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
  const directory = join(sessionsDir(root), 'SupportBot', 'cli_user_alice')
  const left = readdirSync(directory)
  expect(left.filter((name) => name.startsWith('.t.'))).toEqual([])
  const headers = left
    .filter((name) => /^v\.\d+\.jsonl$/.test(name))
    .sort()
    .map((name) => readFileSync(join(directory, name), 'utf8').split('\n')[0]!)
    .filter((header) => header !== '')
    .map((header) => JSON.parse(header) as { parent: string; sha256: string })
  for (const [index, { parent }] of headers.slice(1).entries()) expect(parent).toBe(headers[index]?.sha256)
}, 60_000)
