import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'
import { anthropicMessage, startAnthropicServer } from '../support/anthropic-server.ts'
import { converseAnswer, startBedrockServer } from '../support/bedrock-server.ts'
import { compileSource } from '../support/compile-source.ts'
import { commands, page } from '../support/docs.ts'
import { modelBench, modelRequest } from '../support/model-bench.ts'
import { startOpenAIServer } from '../support/openai-server.ts'
import { ROOT } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

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

test('docs/models.md prints an agent of Bedrock that compiles and reaches it', async () => {
  const program = page('docs/models.md')
    .split('```neam\n')
    .map((part) => part.split('```')[0]!)
    .find((text) => text.includes('"bedrock"'))!
  const [filer] = compileSource(program).manifest.agents
  const bedrock = await startBedrockServer(converseAnswer([{ text: 'from bedrock' }]))
  const { providers, clock } = modelBench()
  const provider = await providers.for({ ...filer!, endpoint: bedrock.url })
  const filed = await provider.complete(modelRequest('x', { model: filer!.model }), {
    signal: new AbortController().signal,
    deadlineAt: clock.now() + 60_000,
  })
  expect([filed.text, bedrock.requests[0]!.path]).toEqual([
    'from bedrock',
    '/model/us.anthropic.claude-sonnet-4-20250514-v1:0/converse',
  ])
})

test('docs/models.md prints an agent that states its window', () => {
  const program = page('docs/models.md')
    .split('```neam\n')
    .map((part) => part.split('```')[0]!)
    .find((text) => text.includes('context_window'))!
  expect(compileSource(program).manifest.agents[0]).toMatchObject({ name: 'clerk', contextWindow: 16_384 })
})

const withoutNpxAfterVariables = (command: string): string =>
  command.replace('npx neam ', 'node bin/neam.js ')

const spawnText = async (command: string, environment: Readonly<Record<string, string>>): Promise<string> =>
  (
    await promisify(execFile)('sh', ['-c', command], {
      cwd: ROOT,
      env: { PATH: process.env.PATH ?? '', ...environment },
    })
  ).stdout

test('docs/models.md prints how a conversation is recorded and replayed', async () => {
  const [record, replay, ...others] = commands(page('docs/models.md')).map(withoutNpxAfterVariables)
  expect(others).toEqual([])
  const directory = temporaryDirectory()
  const run = (command: string, environment: Readonly<Record<string, string>>) =>
    spawnText(command.replaceAll('=cassettes', `=${join(directory, 'cassettes')}`), environment)
  const ollama = await startOpenAIServer()
  ollama.script({ text: 'Noted.' }, { text: 'Green.' })
  expect(await run(record!, { OLLAMA_HOST: ollama.url })).toBe('Noted.\nGreen.\n')
  expect(readdirSync(join(directory, 'cassettes'))).toEqual(['Minimal.jsonl'])
  expect(await run(replay!, { OLLAMA_HOST: 'http://127.0.0.1:9' })).toBe('Noted.\nGreen.\n')
  expect(ollama.requests).toHaveLength(2)
}, 30_000)
