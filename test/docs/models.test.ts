import { expect, test } from '@jest/globals'
import { anthropicMessage, startAnthropicServer } from '../support/anthropic-server.ts'
import { compileSource } from '../support/compile-source.ts'
import { page } from '../support/docs.ts'
import { modelBench, modelRequest } from '../support/model-bench.ts'
import { startOpenAIServer } from '../support/openai-server.ts'

test('docs/models.md prints agents that compile and reach their vendors', async () => {
  const [, program] = /```neam\n([\s\S]*?)```/.exec(page('docs/models.md'))!
  const [writer, reviewer] = compileSource(program!).manifest.agents
  const anthropic = await startAnthropicServer(anthropicMessage([{ type: 'text', text: 'from claude' }]))
  const gemini = await startOpenAIServer()
  gemini.script({ text: 'from gemini' })
  const { providers, clock } = modelBench({
    anthropicBaseUrl: anthropic.url,
    keys: { ANTHROPIC_API_KEY: 'a', GEMINI_API_KEY: 'g' },
  })
  const call = { signal: new AbortController().signal, deadlineAt: clock.now() + 60_000 }
  const written = await (await providers.for(writer!)).complete(
    modelRequest('x', { model: writer!.model }),
    call,
  )
  expect(written.text).toBe('from claude')
  const reviewed = await (await providers.for({ ...reviewer!, endpoint: gemini.url })).complete(
    modelRequest('x', { model: reviewer!.model }),
    call,
  )
  expect(reviewed.text).toBe('from gemini')
})

test('docs/models.md prints an agent that states its window', () => {
  const program = page('docs/models.md')
    .split('```neam\n')
    .map((part) => part.split('```')[0]!)
    .find((text) => text.includes('context_window'))!
  expect(compileSource(program).manifest.agents[0]).toMatchObject({ name: 'clerk', contextWindow: 16_384 })
})
