import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from '@jest/globals'
import type { EmbedTexts, IndexedSource, MemoryQuery, Passage } from '../../agents/ports/memory.ts'
import { systemHash } from '../../runtime/ids.ts'
import { rank } from '../../stores/memory/rank.ts'
import { prepareIndex } from '../../stores/memory/schema.ts'
import { sqliteMemoryIndex } from '../../stores/memory/sqlite-index.ts'
import { syncSources } from '../../stores/memory/sync.ts'
import { BOT } from '../support/agent-programs.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { testWorld } from '../support/world.ts'

const REF = { agent: 'Bot', key: 'default' }

const index = (slice?: number) =>
  sqliteMemoryIndex({
    directory: join(temporaryDirectory(), 'index'),
    tree: '/tree',
    hash: systemHash,
    ...(slice === undefined ? {} : { slice }),
  })

const fact = (n: number, text: string): Passage => ({
  key: `fact ${n}`,
  kind: 'fact',
  text,
  ts: new Date(n * 1000).toISOString(),
  isTainted: false,
})

const query = (
  sources: readonly IndexedSource[],
  text: string,
  more: Partial<MemoryQuery> = {},
): MemoryQuery => ({
  sources,
  text,
  search: 'keyword',
  embedder: null,
  topK: 5,
  except: new Set(),
  withTainted: true,
  ...more,
})

test('an index is made in the course of several searches, the newest files first, and each file is read once', async () => {
  const read: string[] = []
  const source = (n: number, version: string | null = '1'): IndexedSource => ({
    name: `memory/${n}.jsonl`,
    version,
    passages: () => {
      read.push(`${n}`)
      return [1, 2, 3, 4].map((m) => fact(n * 10 + m, `The parrot ${n} says ${m}.`))
    },
  })
  const memory = index(8)
  const found = async (sources: readonly IndexedSource[]) => {
    read.length = 0
    const { hits, behind } = await memory.search(REF, query(sources, 'parrot', { topK: 100 }))
    return { read: [...read], hits: hits.length, behind }
  }
  const five = [1, 2, 3, 4, 5].map((n) => source(n))
  expect(await found(five)).toEqual({ read: ['5', '4'], hits: 8, behind: 3 })
  expect(await found(five)).toEqual({ read: ['3', '2'], hits: 16, behind: 1 })
  expect(await found(five)).toEqual({ read: ['1'], hits: 20, behind: 0 })
  expect(await found([...five, source(6)])).toEqual({ read: ['6'], hits: 24, behind: 0 })
  // Of an old file nothing but the name is known any more; a new version is read again.
  expect(await found([source(1, null), ...five.slice(1), source(6, '2')])).toEqual({
    read: ['6'],
    hits: 24,
    behind: 0,
  })
  expect(await found([source(1, null)])).toEqual({ read: [], hits: 4, behind: 0 })
})

test('where no index can be made the memory is unavailable, and the place is named', async () => {
  const file = join(temporaryDirectory(), 'file')
  writeFileSync(file, '')
  const memory = sqliteMemoryIndex({ directory: join(file, 'index'), tree: '/tree', hash: systemHash })
  await expect(memory.search(REF, query([], 'parrot'))).rejects.toMatchObject({
    code: 'memory_unavailable',
    data: { problem: expect.stringContaining(file) },
  })
})

test('a passage that another process has deleted since it was ranked is passed over', () => {
  const db = new DatabaseSync(':memory:')
  prepareIndex(db)
  const sources = [
    { name: 'memory/1.jsonl', version: '1', passages: () => [fact(1, 'The parrot.'), fact(2, 'A parrot.')] },
  ]
  syncSources(db, sources, 10)
  db.exec("DELETE FROM passages WHERE text = 'A parrot.'")
  expect(rank(db, query(sources, 'parrot'), null).map(({ text }) => text)).toEqual(['The parrot.'])
  db.close()
})

test('the store asks the newest files only whether they have changed', async () => {
  const { world } = testWorld(BOT)
  for (let seq = 1; seq <= 70; seq += 1) {
    const found = { sessionId: 'ID', seq: 100 + seq, facts: [`fact ${seq}`], ts: 'now', isTainted: false }
    await world.memories.keepFacts(REF, found)
  }
  const sources = await world.memories.sources(REF)
  expect(sources.map(({ version }) => version === null)).toEqual([
    ...Array(6).fill(true),
    ...Array(64).fill(false),
  ])
  expect(sources[0]?.read()).toMatchObject([{ content: 'fact 1' }])
})

test('in a large index a rare word finds its passage among common ones, and the newest passages have vectors', async () => {
  const passages = Array.from({ length: 50_100 }, (_, n) => fact(n, `the guest ${n} of the house`))
  const sources = [{ name: 'memory/all.jsonl', version: '1', passages: () => passages }]
  const memory = index()
  const texts = async (text: string, more: Partial<MemoryQuery> = {}) =>
    (await memory.search(REF, query(sources, text, more))).hits.map((hit) => hit.text)

  expect(await texts('the guest 77 of the house', { topK: 1 })).toEqual(['the guest 77 of the house'])
  expect(await texts('of the house')).toHaveLength(5)
  expect(await texts('nobody said that')).toEqual([])

  const embedded = new Set<string>()
  const embedder: EmbedTexts = {
    model: 'm',
    leastSimilarity: 0,
    share: 0.5,
    embed: async (all) =>
      all.map((text) => {
        embedded.add(text)
        return new Float32Array(text === 'the guest 40100 of the house' ? [1, 0] : [0, 1])
      }),
  }
  // 256 passages a search, until the newest 10,000 have theirs.
  for (let n = 0; n < 41; n += 1) await texts('the guest 40100 of the house', { search: 'vector', embedder })
  const { size } = embedded
  expect(await texts('the guest 40100 of the house', { search: 'vector', embedder, topK: 1 })).toEqual([
    'the guest 40100 of the house',
  ])
  expect([size, embedded.size, embedded.has('the guest 40099 of the house')]).toEqual([10_000, 10_000, false])
}, 60_000)
