import { anthropicMessage, startAnthropicServer } from '../support/anthropic-server.ts'
import { converseAnswer, startBedrockServer } from '../support/bedrock-server.ts'
import { agentDecl, modelBench } from '../support/model-bench.ts'
import { startOpenAIServer } from '../support/openai-server.ts'
import { type ModelProviderSubject, modelProviderContract } from './model-provider.ts'

modelProviderContract('offline', async (): Promise<ModelProviderSubject> => {
  const { providers, clock } = modelBench({ offline: true })
  return {
    provider: await providers.for(agentDecl()),
    deadlineAt: clock.now() + 60_000,
    expectText: () => {},
    expectCall: () => {},
  }
})

for (const provider of ['openai', 'ollama']) {
  modelProviderContract(provider, async (): Promise<ModelProviderSubject> => {
    const server = await startOpenAIServer()
    const { providers, clock } = modelBench({ openaiBaseUrl: server.url, ollamaHost: server.url })
    return {
      provider: await providers.for(agentDecl({ provider })),
      deadlineAt: clock.now() + 60_000,
      expectText: (text) => server.script({ text }),
      expectCall: (name, given) => server.script({ toolCalls: [{ name, arguments: given }] }),
    }
  })
}

modelProviderContract('anthropic', async (): Promise<ModelProviderSubject> => {
  const server = await startAnthropicServer()
  const { providers, clock } = modelBench({
    anthropicBaseUrl: server.url,
    keys: { ANTHROPIC_API_KEY: 'sk-ant-test' },
  })
  return {
    provider: await providers.for(agentDecl({ provider: 'anthropic' })),
    deadlineAt: clock.now() + 60_000,
    expectText: (text) => server.script(anthropicMessage([{ type: 'text', text }])),
    expectCall: (name, given) =>
      server.script(anthropicMessage([{ type: 'tool_use', id: 'toolu_1', name, input: JSON.parse(given) }])),
  }
})

modelProviderContract('bedrock', async (): Promise<ModelProviderSubject> => {
  const server = await startBedrockServer()
  const { providers, clock } = modelBench()
  return {
    provider: await providers.for(agentDecl({ provider: 'bedrock', endpoint: server.url })),
    deadlineAt: clock.now() + 60_000,
    expectText: (text) => server.script(converseAnswer([{ text }])),
    expectCall: (name, given) =>
      server.script(
        converseAnswer([{ toolUse: { toolUseId: 'tooluse_1', name, input: JSON.parse(given) } }], {
          stopReason: 'tool_use',
        }),
      ),
  }
})
