import { describe, expect, test } from '@jest/globals'
import { faultText } from '../../agents/ports/fault.ts'
import { ollamaUrl } from '../../providers/registry.ts'
import { faultOf } from '../support/faults.ts'
import { agentDecl, modelBench, modelRequest } from '../support/model-bench.ts'
import { startOpenAIServer } from '../support/openai-server.ts'

const call = { signal: new AbortController().signal, deadlineAt: Number.MAX_SAFE_INTEGER }

describe('the provider of an agent', () => {
  test('one that is not there is said at first use', async () => {
    const fault = await faultOf(modelBench().providers.for(agentDecl({ provider: 'acme' })))
    expect(faultText(fault)).toBe(
      'provider acme is not supported yet; use openai, anthropic, gemini, bedrock, ollama or --offline',
    )
  })

  test('gemini speaks the format of OpenAI at its own endpoint, with its own key', async () => {
    const server = await startOpenAIServer()
    server.script({ text: 'from gemini' })
    const { providers } = modelBench({ keys: { GEMINI_API_KEY: 'gem-key' } })
    const agent = agentDecl({ provider: 'gemini', model: 'gemini-2.0-flash', endpoint: server.url })
    const gemini = await providers.for(agent)
    expect(gemini.free).toBe(false)
    expect((await gemini.complete(modelRequest('x', { model: agent.model }), call)).text).toBe('from gemini')
    expect(server.requests[0]!.headers.authorization).toBe('Bearer gem-key')
    expect(server.requests[0]!.body.model).toBe('gemini-2.0-flash')
  })

  test.each([
    ['anthropic', 'ANTHROPIC_API_KEY'],
    ['gemini', 'GEMINI_API_KEY'],
  ])('%s without a key names %s', async (provider, variable) => {
    const fault = await faultOf(modelBench({ keys: {} }).providers.for(agentDecl({ provider })))
    expect(faultText(fault)).toBe(`no API key for provider ${provider}: set ${variable}, or use --offline`)
  })

  test('openai without a key names the variable to set', async () => {
    const { providers } = modelBench({ keys: {} })
    expect(faultText(await faultOf(providers.for(agentDecl())))).toBe(
      'no API key for provider openai: set OPENAI_API_KEY, or use --offline',
    )
    expect(faultText(await faultOf(providers.for(agentDecl({ apiKeyEnv: 'TEAM_KEY' }))))).toMatch(
      /set TEAM_KEY/,
    )
  })

  test("an agent's own endpoint and key come before those of the environment", async () => {
    const [own, general] = [await startOpenAIServer(), await startOpenAIServer()]
    const { providers } = modelBench({
      openaiBaseUrl: general.url,
      keys: { OPENAI_API_KEY: 'general', TEAM_KEY: 'own' },
    })
    own.script({ text: 'own' })
    general.script({ text: 'general' })
    const special = await providers.for(agentDecl({ endpoint: own.url, apiKeyEnv: 'TEAM_KEY' }))
    expect((await special.complete(modelRequest('x'), call)).text).toBe('own')
    expect(own.requests[0]!.headers.authorization).toBe('Bearer own')
    const plain = await providers.for(agentDecl())
    expect((await plain.complete(modelRequest('x'), call)).text).toBe('general')
    expect(general.requests[0]!.headers.authorization).toBe('Bearer general')
  })

  test('a rotated key is used from the next call of the agent on', async () => {
    const server = await startOpenAIServer()
    server.always({ text: 'ok' })
    const keys = { OPENAI_API_KEY: 'first' }
    const { providers } = modelBench({ openaiBaseUrl: server.url, keys })
    const first = await providers.for(agentDecl())
    expect(await providers.for(agentDecl())).toBe(first)
    await first.complete(modelRequest('x'), call)
    keys.OPENAI_API_KEY = 'second'
    await (await providers.for(agentDecl())).complete(modelRequest('x'), call)
    expect(server.requests.map((request) => request.headers.authorization)).toEqual([
      'Bearer first',
      'Bearer second',
    ])
  })

  test('ollama needs no key and costs nothing; openai does', async () => {
    const { providers } = modelBench({ keys: {} })
    expect((await providers.for(agentDecl({ provider: 'ollama' }))).free).toBe(true)
    expect((await modelBench().providers.for(agentDecl())).free).toBe(false)
  })

  test('offline overrides every provider, and an agent can name it', async () => {
    const { providers } = modelBench({ offline: true, keys: {} })
    for (const provider of ['openai', 'anthropic', 'acme']) {
      const offline = await providers.for(agentDecl({ provider }))
      expect(offline.free).toBe(true)
      expect((await offline.complete(modelRequest('Hello'), call)).text).toMatch(/^\[offline model\]/)
    }
    const named = await modelBench({ keys: {} }).providers.for(agentDecl({ provider: 'offline' }))
    expect((await named.complete(modelRequest('Hello'), call)).text).toMatch(/^\[offline model\]/)
  })
})

test.each([
  ['http://localhost:11434', 'http://localhost:11434/v1'],
  ['http://localhost:11434/v1', 'http://localhost:11434/v1'],
  ['http://localhost:11434/v1/', 'http://localhost:11434/v1'],
  ['gpu-box', 'http://gpu-box:11434/v1'],
  ['gpu-box:9000', 'http://gpu-box:9000/v1'],
  ['0.0.0.0:11434', 'http://127.0.0.1:11434/v1'],
  ['https://models.example.com', 'https://models.example.com/v1'],
])('OLLAMA_HOST %s is reached at %s', (host, url) => {
  expect(ollamaUrl(host)).toBe(url)
})
