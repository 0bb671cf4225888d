// What the checks hand on of the declarations: every declared field, and the chapters' defaults for the others.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import type { CheckedProgram } from '../../compiler/check/program.ts'
import { analyseText } from '../support/analyse.ts'

function checked(text: string): CheckedProgram {
  const { program, diagnostics } = analyseText(text)
  if (program === null) throw new Error(diagnostics.map(({ message }) => message).join('\n'))
  return program
}

const chapter = (name: string) =>
  checked(readFileSync(new URL(`../chapters/programs/${name}.neam`, import.meta.url), 'utf8'))

describe('defaults', () => {
  test('of a claw agent are those of chapter 24', () => {
    expect(chapter('ch24-03-minimal').agents).toEqual([
      {
        kind: 'claw',
        name: 'MinimalBot',
        provider: 'ollama',
        model: 'llama3.2:3b',
        system: '',
        temperature: 0.7,
        skills: [],
        guards: [],
        budget: null,
        policy: null,
        apiKeyEnv: null,
        endpoint: null,
        contextWindow: null,
        traits: [],
        channels: ['cli_ch'],
        workspace: './.neam/workspace',
        session: {
          idleResetMinutes: 60,
          dailyResetHour: 4,
          timezone: 'UTC',
          maxHistoryTurns: 100,
          compaction: 'auto',
        },
        lanes: [{ name: 'default', concurrency: 4, priority: 'normal' }],
        semanticMemory: null,
      },
    ])
  })

  test('of a forge agent are those of chapter 25', () => {
    expect(chapter('ch25-01-minimal').agents).toMatchObject([
      {
        kind: 'forge',
        temperature: 0.7,
        workspace: '.',
        checkpoint: 'none',
        loop: {
          maxIterations: 25,
          maxCost: 10,
          maxTokens: 500_000,
          promptFile: null,
          planFile: null,
          progressFile: null,
          learningsFile: null,
          stuckAbort: null,
        },
      },
    ])
  })

  test('of channels are those of chapter 24.6', () => {
    expect(checked('channel a { type: "cli" } channel b { type: http }').channels).toEqual([
      {
        name: 'a',
        type: 'cli',
        prompt: '> ',
        greeting: '',
        port: 8080,
        path: '/chat',
        cors: false,
        policy: 'dm',
      },
      {
        name: 'b',
        type: 'http',
        prompt: '> ',
        greeting: '',
        port: 8080,
        path: '/chat',
        cors: false,
        policy: 'dm',
      },
    ])
  })

  test('a lanes block without a default lane gets one', () => {
    const [agent] = checked(`channel c { type: "cli" }
      claw agent A { provider: "openai" model: "m" channels: [c] lanes: { vip: { priority: high } } }`).agents
    expect(agent).toMatchObject({
      lanes: [
        { name: 'default', concurrency: 4, priority: 'normal' },
        { name: 'vip', concurrency: 4, priority: 'high' },
      ],
    })
  })

  test('nil means not declared', () => {
    const [agent] = checked('agent A { provider: "openai" model: "m" budget: nil system: nil }').agents
    expect(agent).toMatchObject({ budget: null, system: '' })
  })
})

test('every declared field of the full-featured claw agent is visible', () => {
  const { agents, budgets, channels, guards, guardchains } = chapter('ch24-04-full-featured')
  expect(agents).toMatchObject([
    {
      temperature: 0.5,
      system:
        'You are a customer support assistant for Acme Corp.\nBe helpful, empathetic, and concise. If you cannot\nresolve an issue, use the escalate skill.',
      channels: ['support_cli', 'support_http'],
      skills: ['lookup_order', 'escalate'],
      guards: ['safety'],
      budget: 'SupportBudget',
      workspace: './.neam/support_workspace',
      session: { idleResetMinutes: 30, dailyResetHour: 4, maxHistoryTurns: 80, compaction: 'auto' },
      lanes: [
        { name: 'default', concurrency: 4, priority: 'normal' },
        { name: 'vip', concurrency: 2, priority: 'high' },
      ],
      semanticMemory: {
        backend: 'sqlite',
        embeddingModel: 'nomic-embed-text',
        search: 'hybrid',
        topK: 5,
        flushOnCompact: true,
      },
    },
  ])
  expect(budgets).toEqual([
    { name: 'SupportBudget', apiCalls: 500, tokens: 1_000_000, costUsd: 25, reset: 'daily' },
  ])
  expect(channels.map(({ name, prompt, port, path }) => [name, prompt, port, path])).toEqual([
    ['support_cli', 'customer> ', 8080, '/chat'],
    ['support_http', '> ', 8080, '/chat'],
  ])
  expect(guardchains).toEqual([{ name: 'safety', guards: ['input_filter'] }])
  // An observation is what the user says and what a tool answers.
  expect(guards[0]?.handlers.map(({ phase, event }) => [phase, event])).toEqual([
    ['input', 'on_observation'],
    ['tool_output', 'on_observation'],
  ])
})

/** Design 9.4. */
test.each([
  ['on_observation', ['input', 'tool_output']],
  ['on_input', ['input']],
  ['on_tool_input', ['tool_input']],
  ['on_tool_call', ['tool_input']],
  ['on_action', ['tool_input']],
  ['on_tool_output', ['tool_output']],
  ['on_result', ['tool_output']],
  ['on_output', ['output']],
  ['on_response', ['output']],
])('the guard event %s is called at %j', (event, phases) => {
  const { guards } = checked(`guard g { ${event}(text) { return text; } }`)
  expect(guards[0]?.handlers.map(({ phase }) => phase)).toEqual(phases)
})

test('an unknown guard event is an error at its word, which names the one that was meant', () => {
  const { program, diagnostics } = analyseText('guard g { on_inptu(text) { return text; } }')
  expect(program).toBeNull()
  expect(diagnostics).toMatchObject([
    { code: 'E4020', message: 'unknown guard event `on_inptu`', help: expect.stringContaining('on_input') },
  ])
})

test('handoffs on an agent is an error that says how one agent calls another', () => {
  const { diagnostics } = analyseText(
    'channel c { type: "cli" }\nclaw agent Bot { provider: "openai" model: "gpt-4o" channels: [c] handoffs: [Other] }',
  )
  expect(diagnostics).toMatchObject([{ code: 'E4025', message: '"handoffs" is not supported' }])
  expect(JSON.stringify(diagnostics)).toContain('.run()')
})

test('every declared field of the full-featured forge agent is visible', () => {
  const { agents, verifyOf } = chapter('ch25-09-tdd-code-builder')
  expect(agents).toMatchObject([
    {
      provider: 'anthropic',
      temperature: 0.2,
      workspace: './my-project',
      checkpoint: 'git',
      loop: {
        maxIterations: 30,
        maxCost: 12,
        maxTokens: 600_000,
        promptFile: 'prompt.md',
        planFile: 'plan.txt',
        progressFile: 'progress.jsonl',
        learningsFile: 'learnings.jsonl',
      },
    },
  ])
  expect(verifyOf.get('TDDCodeBuilder')).toMatchObject({ kind: 'name', name: 'verify_tests' })
})

test('a budget takes dollars with their sign, and reads times', () => {
  const { budgets } = checked(
    'budget b { cost_usd: $2.5, max_wall_time: 30min api_calls: 3 } budget c { max_cost: 1 }',
  )
  expect(budgets).toEqual([
    { name: 'b', apiCalls: 3, tokens: null, costUsd: 2.5, reset: 'never' },
    { name: 'c', apiCalls: null, tokens: null, costUsd: 1, reset: 'never' },
  ])
})

describe('skills', () => {
  test('carry the JSON schema words of their parameters', () => {
    const types = ['string', 'int', 'float', 'number', 'bool', 'list', 'map', 'any']
    const params = types.map((type) => `p_${type}: ${type}`).join(', ')
    const [skill] = checked(`skill s { description: "d" params: { ${params} } impl() { return 1; } }`).skills
    expect(skill?.params.map(({ type }) => type)).toEqual([
      'string',
      'integer',
      'number',
      'number',
      'boolean',
      'array',
      'object',
      null,
    ])
  })

  test('carry defaults, choices and descriptions, however their parameters are written', () => {
    const params = (text: string) =>
      checked(`skill s { description: "d" params: ${text} impl(mode) { return mode; } }`).skills[0]?.params
    const mode = { name: 'mode', type: 'string', enum: ['fast', 'safe'], default: 'fast' }
    expect(params('{ mode: string(enum = ["fast", "safe"]) = "fast", n: int = -1, x: any = nil }')).toEqual([
      mode,
      { name: 'n', type: 'integer', default: -1 },
      { name: 'x', type: null, default: null },
    ])
    expect(
      params(
        '[{ name: "mode", schema: { type: "string", enum: ["fast", "safe"], default: "fast", description: "How" } }]',
      ),
    ).toEqual([{ ...mode, description: 'How' }])
  })

  test('that are built in come along when an agent or code names them', () => {
    const { skills } = checked(
      'agent A { provider: "openai" model: "m" skills: [read_file] }\nwrite_file("a.txt", "b");',
    )
    expect(skills.map(({ name, impl }) => [name, impl])).toEqual([
      ['read_file', { kind: 'native', native: 'workspace_read' }],
      ['write_file', { kind: 'native', native: 'workspace_write' }],
    ])
  })

  test('that are declared take the place of built-in ones', () => {
    const { skills } = chapter('ch25-09-tdd-code-builder')
    expect(skills.map(({ name, impl }) => [name, impl.kind])).toEqual([
      ['write_file', 'declared'],
      ['read_file', 'declared'],
      ['run_command', 'declared'],
      ['list_files', 'declared'],
    ])
  })
})

describe('traits', () => {
  test('of an agent are those implemented for it, before or after it', () => {
    const { agents } = chapter('ch24-13-support-bot')
    expect(agents[0]?.traits).toEqual(['Monitorable'])
    expect(chapter('ch28-04-agents').agents.map(({ name, traits }) => [name, traits])).toEqual([
      ['support_bot', ['Monitorable']],
      ['code_builder', ['Monitorable']],
    ])
  })

  test('give their default methods to an impl that lacks them, those of supertraits too', () => {
    const { impls } = checked(`
      trait Base { fn name(self) { return "base"; } fn kind(self) { return "k"; } }
      trait Shape: Base { fn area(self); fn twice(self) { return 2 * self.area(); } }
      struct Square { side }
      impl Shape for Square { fn area(self) { return self.side; } fn kind(self) { return "square"; } }`)
    expect(impls[0]?.traits).toEqual(['Shape', 'Base'])
    expect(impls[0]?.methods.map(({ name }) => name.text).sort()).toEqual(['area', 'kind', 'name', 'twice'])
  })
})

describe('the program as a whole', () => {
  test('has the built-in sealed types once, repeated or not', () => {
    expect(
      checked('')
        .sealed.map(({ name }) => name.text)
        .sort(),
    ).toEqual(['LoopOutcome', 'VerifyResult'])
    expect(chapter('ch25-04-sealed').sealed).toHaveLength(2)
  })

  test('has the hash of its one file, and another for every change in any of its files', () => {
    const hash = (text: string, others = {}) => analyseText(text, others).program?.sourceHash
    expect(hash('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
    const a = hash('import "./x.neam";', { 'x.neam': 'let x = 1;' })
    const b = hash('import "./x.neam";', { 'x.neam': 'let x = 2;' })
    expect(a).toMatch(/^[0-9a-f]{64}$/)
    expect(a).not.toBe(b)
  })
})
