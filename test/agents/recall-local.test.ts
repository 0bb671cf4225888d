import { describe, expect, test } from '@jest/globals'
import { resetSession } from '../../agents/claw/reset.ts'
import type { Embedders } from '../../agents/ports/embeddings.ts'
import { embedders } from '../../providers/registry.ts'
import { BOT } from '../support/agent-programs.ts'
import { recalled as recalledPassages, say } from '../support/asking.ts'
import { skippingTime } from '../support/model-bench.ts'
import { says } from '../support/scripted-model.ts'
import { type TestWorld, testWorld } from '../support/world.ts'

const program = (fields: string, provider = 'openai') =>
  BOT.replace('"openai"', `"${provider}"`).replace('channels:', `semantic_memory: { ${fields} } channels:`)

/** Embedders that would have neither key nor network. */
const cutOff = (offline: boolean): Embedders =>
  embedders({
    fetch: () => Promise.reject(new Error('the network was used')),
    secrets: { get: async () => null },
    prices: {},
    ...skippingTime(),
    ids: { random: () => 0 },
    offline,
    openaiBaseUrl: null,
    anthropicBaseUrl: null,
    ollamaHost: null,
  })

/** A world in which four things were said before a reset. */
async function told(source: string, offline = false): Promise<TestWorld> {
  const t = testWorld(source, { parts: { embedders: cutOff(offline) } })
  for (const text of [
    'I own a terrier.',
    'Wir brauchen ein Doppelzimmer mit Parkplatz.',
    '我的女儿对花生过敏。',
    'My train leaves at noon.',
  ]) {
    t.model.answer(says('Noted.'))
    await say(t, text)
  }
  await resetSession(t.world, { agent: 'Bot', key: 'default' })
  return t
}

/** The user's part of each passage. */
const recalled = async (t: TestWorld, text: string): Promise<readonly string[]> =>
  (await recalledPassages(t, text)).map((passage) => passage.split('\n')[0]!)

describe('a memory that names no embedding model', () => {
  test.each(['search: "hybrid"', 'search: "vector"', 'search: "vector" embedding_model: "local"'])(
    'finds what is spelt alike, without a network: %s',
    async (fields) => {
      const t = await told(program(`${fields} top_k: 1`))
      expect(await recalled(t, 'terier?')).toEqual(['user: I own a terrier.'])
      expect(await recalled(t, 'Parkplätze')).toEqual(['user: Wir brauchen ein Doppelzimmer mit Parkplatz.'])
      expect(await recalled(t, '花生')).toEqual(['user: 我的女儿对花生过敏。'])
      expect(t.events()).not.toContain('memory.degraded')
    },
  )

  test('recalls nothing where nothing is alike', async () => {
    const t = await told(program('search: "hybrid"'))
    expect(await recalled(t, 'Which pets?')).toEqual([])
  })

  test('finds by keyword only where it says so', async () => {
    const t = await told(program('search: "keyword"'))
    expect(await recalled(t, 'terier?')).toEqual([])
    expect(await recalled(t, 'terriers?')).toEqual(['user: I own a terrier.'])
  })

  test('puts what shares the word before what is only spelt alike', async () => {
    const t = testWorld(program('search: "hybrid" top_k: 2'), { parts: { embedders: cutOff(false) } })
    for (const text of ['The trainer was kind.', 'The train was late.']) {
      t.model.answer(says('Noted.'))
      await say(t, text)
    }
    await resetSession(t.world, { agent: 'Bot', key: 'default' })
    expect(await recalled(t, 'trains')).toEqual(['user: The train was late.', 'user: The trainer was kind.'])
  })
})

describe('a memory that names a model of a vendor', () => {
  test('is searched with the local one offline, by agents of the provider offline too', async () => {
    for (const t of [
      await told(program('search: "vector" embedding_model: "text-embedding-3-small" top_k: 1'), true),
      await told(program('search: "vector" embedding_model: "nomic-embed-text" top_k: 1', 'offline')),
    ]) {
      expect(await recalled(t, 'terier?')).toEqual(['user: I own a terrier.'])
      expect(t.events()).not.toContain('memory.degraded')
    }
  })

  test('is searched by keyword where it may be asked and cannot be: no vectors of another model take its place', async () => {
    const t = await told(program('search: "vector" embedding_model: "text-embedding-3-small"'))
    expect(await recalled(t, 'terier?')).toEqual([])
    expect(t.events()).toContain('memory.degraded')
  })
})
