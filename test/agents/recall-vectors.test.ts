import { beforeEach, describe, expect, test } from '@jest/globals'
import { resetSession } from '../../agents/claw/reset.ts'
import { embedders } from '../../providers/registry.ts'
import { keepAliveTransport } from '../../providers/transport.ts'
import { BOT } from '../support/agent-programs.ts'
import { recalled, say } from '../support/asking.ts'
import { type OpenAIServer, type RecordedRequest, startOpenAIServer } from '../support/openai-server.ts'
import { realTimers } from '../support/real-timers.ts'
import { says } from '../support/scripted-model.ts'
import { type TestWorld, testWorld } from '../support/world.ts'

/** Texts about animals point one way, all others another. */
const vectorOf = (text: string): readonly number[] =>
  /dog|terrier|pet/.test(text) ? [3, 4, 0.1] : [0, 0.1, 5]
const embeddings = ({ body }: RecordedRequest) => ({
  raw: JSON.stringify({
    object: 'list',
    model: body.model,
    data: body.input?.map((text, index) => ({ object: 'embedding', index, embedding: vectorOf(text) })),
  }),
})

let server: OpenAIServer
beforeEach(async () => {
  server = await startOpenAIServer()
  server.always(embeddings)
})

const program = (fields: string) => BOT.replace('channels:', `semantic_memory: { ${fields} } channels:`)

/** A world that embeds at the server, and in which three things were said before a reset. */
async function told(fields = 'embedding_model: "nomic-embed-text" top_k: 1'): Promise<TestWorld> {
  const t = testWorld(program(fields))
  Object.assign(t.world, {
    embedders: embedders({
      fetch: keepAliveTransport({ connections: 8, proxies: null }).fetch,
      secrets: { get: async (name) => (name === 'OPENAI_API_KEY' ? 'sk-test' : null) },
      prices: {},
      clock: t.clock,
      timers: realTimers,
      ids: { random: () => 0 },
      offline: false,
      openaiBaseUrl: server.url,
      anthropicBaseUrl: null,
      ollamaHost: server.url,
    }),
  })
  for (const text of ['I own a terrier.', 'My train leaves at noon.', 'I like tea with milk.']) {
    t.model.answer(says('Noted.'))
    await say(t, text)
  }
  await resetSession(t.world, { agent: 'Bot', key: 'default' })
  return t
}

const TERRIER = 'user: I own a terrier.\nassistant: Noted.'
const TRAIN = 'user: My train leaves at noon.\nassistant: Noted.'

describe('vector search', () => {
  test.each(['vector', 'hybrid'])('"%s" finds what shares the meaning and no word', async (search) => {
    const t = await told(`search: "${search}" embedding_model: "nomic-embed-text" top_k: 1`)
    expect(await recalled(t, 'Which pets are allowed?')).toEqual([TERRIER])
  })

  test('"keyword" asks no endpoint and finds words only', async () => {
    const t = await told('search: "keyword" embedding_model: "nomic-embed-text" top_k: 1')
    expect(await recalled(t, 'Which pets are allowed?')).toEqual([])
    expect(await recalled(t, 'When does the train go?')).toEqual([TRAIN])
    expect(server.requests).toEqual([])
  })

  test('embeds each passage once, also when it has moved into the archive', async () => {
    const t = await told()
    await recalled(t, 'Which dog?')
    await recalled(t, 'Which dog again?')
    const sent = server.requests.flatMap(({ body }) => body.input ?? [])
    expect(sent.filter((text) => text === TERRIER)).toHaveLength(1)
  })

  test.each([
    ['text-embedding-3-small', 'Bearer sk-test'],
    ['nomic-embed-text', 'Bearer ollama'],
  ])('asks the vendor of %s', async (model, authorization) => {
    const t = await told(`embedding_model: "${model}"`)
    await recalled(t, 'Which dog?')
    const [request] = server.requests
    expect(request?.path).toBe('/v1/embeddings')
    expect(request?.body.model).toBe(model)
    expect(request?.headers.authorization).toBe(authorization)
  })
})

describe('an embedding endpoint that fails', () => {
  test('costs the vectors and not the recall, with an audit record and a warning', async () => {
    const t = await told()
    server.always({ status: 503 })
    expect(await recalled(t, 'When does the train go?')).toEqual([TRAIN])
    expect(t.audit).toContainEqual(
      expect.objectContaining({ event: 'memory.degraded', agent: 'Bot', detail: 'provider_unavailable' }),
    )
    expect(t.warnings.at(-1)).toBe(
      'memory was searched by keyword only: the model provider cannot be reached (ollama: status 503)',
    )
  })

  test('is asked again after a minute, not by every turn', async () => {
    const t = await told()
    server.always({ status: 503 })
    await recalled(t, 'Which pets?')
    const asked = server.requests.length
    await recalled(t, 'Which pets?')
    expect(server.requests).toHaveLength(asked)
    server.always(embeddings)
    t.clock.pass(61_000)
    expect(await recalled(t, 'Are any allowed, of such pets?')).not.toEqual([])
    expect(server.requests.length).toBeGreaterThan(asked)
  })

  test.each([
    ['an answer with too few vectors', { raw: '{"data": []}' }],
    ['vectors that are no numbers', { raw: '{"data": [{"embedding": ["a"]}]}' }],
    ['text that is no JSON', { raw: '<html>' }],
  ])('so does %s', async (_name, reply) => {
    const t = await told()
    server.always(reply)
    expect(await recalled(t, 'When does the train go?')).toEqual([TRAIN])
    expect(t.events()).toContain('memory.degraded')
  })

  test('a model that now gives vectors of another size has all of them made again', async () => {
    const t = await told()
    await recalled(t, 'Which dog?')
    server.always(({ body }) => ({
      raw: JSON.stringify({
        data: body.input?.map((text) => ({ embedding: [...vectorOf(text), 0, 0] })),
      }),
    }))
    await recalled(t, 'Which dog, again?')
    expect(await recalled(t, 'Which pets are allowed?')).toContain(TERRIER)
  })
})
