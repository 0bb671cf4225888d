import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import type { ModelRequest } from '../../agents/ports/model.ts'
import { runProgram } from '../../agents/run-program.ts'
import { type Answer, calls, ScriptedModel, says } from '../support/scripted-model.ts'
import { type TestWorld, testWorld } from '../support/world.ts'

const program = (name: string): string =>
  readFileSync(new URL(`../chapters/programs/${name}.neam`, import.meta.url), 'utf8')

async function run(source: string, answers: readonly Answer[], root?: string): Promise<TestWorld> {
  const t = testWorld(source, {
    model: new ScriptedModel().answer(...answers),
    ...(root === undefined ? {} : { root }),
  })
  await runProgram(t.world, { signal: new AbortController().signal })
  return t
}

const contents = (request: ModelRequest | undefined): readonly string[] =>
  request?.messages.map(({ content }) => content) ?? []
const TUTOR_ANSWERS = [says('a name'), says('x = 1'), says('fn f() {}')]

describe('the programs of chapter 24 run as printed', () => {
  test('ch24-05-tutor: the third request holds all earlier messages, the system prompt its line break', async () => {
    const t = await run(program('ch24-05-tutor'), TUTOR_ANSWERS)
    const [system, ...messages] = contents(t.model.requests[2])
    expect(system).toContain('Remember what the student\n')
    expect(messages).toEqual([
      'What is a variable?',
      'a name',
      'Can you give me an example using what you just explained?',
      'x = 1',
      'Now explain functions, building on what I already know.',
    ])
    expect(t.emitted).toEqual(['Tutor: a name', 'Tutor: x = 1', 'Tutor: fn f() {}'])
  })

  test('ch24-05-tutor: run again, it goes on where it was', async () => {
    const first = await run(program('ch24-05-tutor'), TUTOR_ANSWERS)
    const second = await run(program('ch24-05-tutor'), TUTOR_ANSWERS, first.root)
    expect(contents(second.model.requests[0])).toHaveLength(1 + 6 + 1)
  })

  test('ch24-06-history-block: two lines of history, none after a reset', async () => {
    const tutor = program('ch24-05-tutor')
    const declarations = tutor.slice(0, tutor.indexOf('\n{'))
    const t = await run(`${declarations}\n${program('ch24-06-history-block')}`, [says('recursion')])
    expect(t.emitted).toEqual(['History length: 2', 'After reset: 0 messages'])
  })

  test('ch24-11-legacy-manual: stateless calls know only what the program hands them', async () => {
    const t = await run(program('ch24-11-legacy-manual'), [says('a function'), says('an example')])
    expect(t.model.requests).toHaveLength(2)
    const second = contents(t.model.requests[1])
    expect(second).toHaveLength(2)
    expect(second[1]).toContain('user: What is a closure?\nassistant: a function')
  })

  test('ch24-12-migrated: the second request holds the first exchange', async () => {
    const t = await run(program('ch24-12-migrated'), [says('a function'), says('an example')])
    expect(contents(t.model.requests[1])).toEqual([
      'You are a helpful assistant.',
      'What is a closure?',
      'a function',
      'Can you give me an example?',
    ])
  })

  test('ch24-13-support-bot: calls lookup_order, remembers, counts four messages', async () => {
    const t = await run(program('ch24-13-support-bot'), [
      calls(['lookup_order', { order_id: 'ORD-1001' }]),
      says('Hi Alice, it has shipped.'),
      says('FedEx, on February 20.'),
    ])
    const tool = t.model.requests[1]?.messages.at(-1)
    expect(tool).toMatchObject({
      role: 'tool',
      content: 'Order ORD-1001: Status=shipped, ETA=2026-02-20, Carrier=FedEx',
    })
    expect(contents(t.model.requests[2]).join('\n')).toContain('my name is Alice')
    expect(t.emitted.slice(-3)).toEqual(['[Debug] Session history: 4 messages', '', '=== Demo Complete ==='])
  })

  test('ch24-14-legacy-bot runs', async () => {
    const t = await run(program('ch24-14-legacy-bot'), [says('Everest'), says('8849')])
    expect(t.emitted).toEqual(['Everest', '8849'])
  })
})

describe('the programs of chapter 28.6 run as printed', () => {
  test('ch28-01-spawn: both forms are the same call', async () => {
    const researcher = `channel c { type: "cli" }
      claw agent researcher { provider: "openai" model: "gpt-4o" channels: [c] }\n`
    const t = await run(researcher + program('ch28-01-spawn'), [says('papers'), says('papers')])
    expect(t.model.requests[0]).toEqual(t.model.requests[1])
  })

  test('ch28-02-dag: an unknown agent is an error before any model call', async () => {
    const t = testWorld(program('ch28-02-dag'))
    const running = runProgram(t.world, { signal: new AbortController().signal })
    await expect(running).rejects.toMatchObject({
      name: 'ProgramError',
      kind: 'agent_not_found',
      message: 'Agent not found: researcher. Available: none',
    })
    expect(t.model.requests).toEqual([])
  })

  test('ch28-03-dag-complete: gather, then analyze, then write; each sees what it depends on', async () => {
    const t = await run(program('ch28-03-dag-complete'), [says('facts'), says('trends'), says('summary')])
    expect(t.model.agents).toEqual(['researcher', 'analyst', 'writer'])
    expect(contents(t.model.requests[1]).at(-1)).toContain('facts')
    expect(contents(t.model.requests[2]).at(-1)).toMatch(/facts[\s\S]*trends/)
    expect(t.emitted).toEqual([
      'Researcher spawning: researcher',
      'Researcher received delegation result',
      'Research: facts',
      'Analysis: trends',
      'Report: summary',
    ])
  })
})
