import { describe, expect, test } from '@jest/globals'
import { findAgent } from '../../agents/find-agent.ts'
import { agentGate } from '../../agents/limits/agent-gate.ts'
import type { ModelRequest } from '../../agents/ports/model.ts'
import type { TurnStep } from '../../agents/ports/sessions.ts'
import type { Gate } from '../../agents/turn/gate.ts'
import { openScene } from '../../agents/turn/scene.ts'
import type { StepJournal } from '../../agents/turn/step-journal.ts'
import { type ToolLoopResult, toolLoop } from '../../agents/turn/tool-loop.ts'
import { type Answer, calls, ScriptedModel, says } from '../support/scripted-model.ts'
import { type TestWorld, type TestWorldOptions, testWorld } from '../support/world.ts'

const TOOLS = `
skill find {
  description: "Finds"
  params: { text: string, count: int }
  impl(text, count) { return f"found {text} x {count}"; }
}
skill listing { description: "Lists" impl() { return [{ "a": 1 }, "b"]; } }
skill broken { description: "Breaks" impl() { return nil.field; } }
skill refuses { description: "Throws" impl() { throw "not today"; } }
skill nothing { description: "Nothing" impl() { let x = 1; } }
skill big { description: "Much" impl() { return "x".repeat(200000); } }
skill pay { description: "Pays" sensitive: true impl() { emit "PAID"; return "paid"; } }
skill erase { description: "Erases" impl() { emit "ERASED"; return "erased"; } }
skill approve { description: "Approves" impl() { emit "APPROVED"; return "approved"; } }
skill again { description: "May be repeated" idempotent: true impl() { emit "RAN"; return "again"; } }
skill other { description: "Not given to the agent" impl() { emit "OTHER"; return "other"; } }
policy rules { deny: [erase] confirm: [approve] }
guard watch {
  description: "Watches the tools"
  on_tool_input(text) {
    if (text.contains("forbidden")) { return "block"; }
    return text.replace("teh", "the");
  }
  on_tool_output(text) {
    if (text.contains("leak")) { return "block"; }
    return text.replace("found", "FOUND");
  }
}
guardchain chain = [watch];
agent A {
  provider: "openai"
  model: "gpt-4o-mini"
  skills: [find, listing, broken, refuses, nothing, big, pay, erase, approve, again]
  policy: rules
  guards: [chain]
}
`

interface Run {
  readonly test: TestWorld
  readonly result: ToolLoopResult
  /** Contents of the tool messages of the last request. */
  readonly results: readonly string[]
  readonly last: ModelRequest
}

async function run(
  answers: readonly Answer[],
  options: TestWorldOptions & { gate?: Gate; journal?: StepJournal; maxSteps?: number } = {},
): Promise<Run> {
  const model = new ScriptedModel().answer(...answers)
  const test = testWorld(TOOLS, { model, ...options })
  const { world } = test
  const agent = findAgent(world, 'agent', 'A')
  const scene = await openScene(world, {
    agent,
    depth: 1,
    workspace: null,
    deadlineAt: test.clock.now() + 60_000,
    signal: new AbortController().signal,
  })
  const result = await toolLoop({
    world,
    scene,
    messages: [{ role: 'user', content: 'go' }],
    journal: options.journal ?? null,
    gate: options.gate ?? agentGate(world, agent, scene),
    ...(options.maxSteps === undefined ? {} : { maxSteps: options.maxSteps }),
  })
  const last = model.requests.at(-1)!
  const results = last.messages.flatMap((message) => (message.role === 'tool' ? [message.content] : []))
  return { test, result, results, last }
}

/** What the model gets for one call. */
const resultOf = async (name: string, args: unknown = {}): Promise<string> =>
  (await run([calls([name, args]), says('ok')])).results[0]!

describe('a tool call', () => {
  test('runs the skill with its arguments by name', async () => {
    expect(await resultOf('find', { count: 2, text: 'cats' })).toBe('FOUND cats x 2')
  })

  test('leaves parameters that the model left out nil', async () => {
    expect(await resultOf('find', { text: 'cats' })).toBe('FOUND cats x nil')
  })

  test('gives the model lists and maps as JSON, nil as the language prints it', async () => {
    expect(await resultOf('listing')).toBe('[{"a":1},"b"]')
    expect(await resultOf('nothing')).toBe('nil')
  })

  test('of an unknown tool names those there are, and never runs a skill of another agent', async () => {
    const { results, test } = await run([calls(['other', {}]), says('ok')])
    expect(results[0]).toMatch(/^Unknown tool: other\. Available tools: find, listing, broken/)
    expect(test.emitted).toEqual([])
  })

  test('with malformed arguments gives the model the error, and the model may mend it', async () => {
    const { results, result } = await run([
      calls(['find', '{"text": "cats", ']),
      calls(['find', { text: 'cats', count: '2' }]),
      calls(['find', { text: 'cats', count: 2 }]),
      says('ok'),
    ])
    expect(results[0]).toMatch(/^Tool error: the arguments are not valid JSON: /)
    expect(results[1]).toBe('Tool error: argument "count" must be an integer, got string "2"')
    expect(results[2]).toBe('FOUND cats x 2')
    expect(result).toMatchObject({ text: 'ok', modelCalls: 4, toolCalls: 3 })
  })

  test('that fails in the skill gives the model its error', async () => {
    expect(await resultOf('broken')).toMatch(/^Tool error: /)
    expect(await resultOf('refuses')).toMatch(/^Tool error: .*not today/)
  })

  test('that fails by a mistake in the skill tells its author where; what a skill throws is no mistake', async () => {
    const warningsOf = async (...names: readonly string[]) =>
      (await run([calls(...names.map((name) => [name, {}] as const)), says('ok')])).test.warnings
    expect(await warningsOf('broken', 'refuses')).toEqual([
      expect.stringMatching(/^skill broken failed: nil has no property field \(test\.neam:\d+:\d+\)$/),
    ])
  })

  test('with a huge result is shortened to its start and end', async () => {
    const result = await resultOf('big')
    expect(result.length).toBeLessThan(66_000)
    expect(result).toContain('characters left out')
  })

  test('that needs approval or is denied is not made, and the model is told why', async () => {
    const { results, test } = await run([calls(['pay', {}], ['erase', {}], ['approve', {}]), says('ok')])
    expect(results).toEqual([
      'Not done: the sensitive skill pay requires approval, and nobody can be asked here. Tell the user so, and do not call the tool again.',
      'Denied by policy rules: the tool erase may not be used.',
      'Not done: policy rules requires approval of the tool approve, and nobody can be asked here. Tell the user so, and do not call the tool again.',
    ])
    expect(test.emitted).toEqual([])
    expect(test.events()).toEqual(['policy.confirm', 'policy.deny', 'policy.confirm'])
  })

  test('passes the tool guards, on its arguments and on its result', async () => {
    expect(await resultOf('find', { text: 'teh cats', count: 1 })).toBe('FOUND the cats x 1')
    expect(await resultOf('find', { text: 'forbidden', count: 1 })).toBe(
      'Tool error: tool input blocked by guard watch',
    )
    expect(await resultOf('find', { text: 'leak', count: 1 })).toBe(
      'Tool error: tool result blocked by guard watch',
    )
  })
})

describe('the loop', () => {
  test('sends results back in the order of the calls, each under its own id', async () => {
    const twice: Answer = {
      toolCalls: [
        { id: 'same', name: 'find', arguments: '{"text":"a","count":1}' },
        { id: 'same', name: 'find', arguments: '{"text":"b","count":2}' },
        { id: '', name: 'find', arguments: '{"text":"c","count":3}' },
      ],
    }
    const { last, results } = await run([twice, says('ok')])
    expect(results).toEqual(['FOUND a x 1', 'FOUND b x 2', 'FOUND c x 3'])
    const asked = last.messages.flatMap((m) =>
      m.role === 'assistant' ? (m.toolCalls ?? []).map(({ id }) => id) : [],
    )
    const answered = last.messages.flatMap((m) => (m.role === 'tool' ? [m.callId] : []))
    expect(asked).toEqual(['same', 'same-2', 'call'])
    expect(answered).toEqual(asked)
  })

  test('runs 25 rounds of tools and not a 26th', async () => {
    const asking = Array.from(
      { length: 26 },
      (_, n): Answer => ({ ...calls(['nothing', {}]), text: `thinking ${n}` }),
    )
    const { result } = await run(asking)
    expect(result).toMatchObject({ modelCalls: 26, toolCalls: 25, text: 'thinking 25' })
  })

  test('that runs out of rounds without a text says so', async () => {
    const { result } = await run([calls(['nothing', {}]), calls(['nothing', {}])], { maxSteps: 1 })
    expect(result.text).toBe('Max tool call steps reached without completion.')
  })

  test('takes its rounds from NEAM_MAX_TOOL_STEPS where that is a sensible number', async () => {
    const asking = Array.from({ length: 3 }, () => calls(['nothing', {}]))
    const { result } = await run(asking, { env: { NEAM_MAX_TOOL_STEPS: '2' } })
    expect(result).toMatchObject({ modelCalls: 3, toolCalls: 2 })
    expect((await run([says('ok')], { env: { NEAM_MAX_TOOL_STEPS: 'many' } })).result.text).toBe('ok')
  })

  test('refuses more than 100 calls of one turn', async () => {
    const many = Array.from({ length: 102 }, () => ['nothing', {}] as const)
    const { results } = await run([calls(...many), says('ok')])
    expect(results[99]).toBe('nil')
    expect(results[100]).toBe('Tool error: this turn has used its 100 tool calls')
    expect(results).toHaveLength(102)
  })

  test('answers nothing when the model says nothing', async () => {
    expect((await run([calls(['nothing', {}]), says(' \n ')])).result.text).toBe('')
  })

  test('asks the gate before each model call and each tool call, and settles each call', async () => {
    const log: string[] = []
    const gate: Gate = {
      async beforeModel({ inputTokens }) {
        log.push(`model ${inputTokens > 0}`)
        return {
          maxOutputTokens: 77,
          settle: async (usage, cost) => void log.push(`settle ${usage.outputTokens} ${cost > 0}`),
        }
      },
      async beforeTool(skill, args) {
        log.push(`tool ${skill.name} ${args}`)
        return { kind: 'refuse', text: 'fenced' }
      },
    }
    const { results, last } = await run([calls(['find', { text: 'a' }]), says('ok')], { gate })
    expect(log).toEqual([
      'model true',
      'settle 20 true',
      'tool find {"text":"a"}',
      'model true',
      'settle 20 true',
    ])
    expect(results).toEqual(['fenced'])
    expect(last.maxOutputTokens).toBe(77)
  })
})

describe('the journal', () => {
  const USAGE = { inputTokens: 1, outputTokens: 2, cachedTokens: 0, estimated: false }
  const asked = (name: string): TurnStep => ({
    kind: 'model',
    text: '',
    toolCalls: [{ id: 'c1', name, arguments: '{}' }],
    usage: USAGE,
    cost: 0.5,
  })
  const journal = (recorded: readonly TurnStep[], begun: readonly number[] = []) => {
    const written: (readonly [number, string])[] = []
    const kept: StepJournal = {
      recorded,
      begun: new Set(begun),
      begin: async (index) => void written.push([index, 'begin']),
      async record(index, step) {
        written.push([index, step.kind])
        return step
      },
    }
    return { kept, written }
  }

  test('gets each step before its result is used, and the start of each tool call', async () => {
    const { kept, written } = journal([])
    await run([calls(['again', {}]), says('ok')], { journal: kept })
    expect(written).toEqual([
      [0, 'model'],
      [1, 'begin'],
      [1, 'tool'],
      [2, 'model'],
    ])
  })

  test('replaces what was done before a crash; its cost counts', async () => {
    const { kept, written } = journal([
      asked('again'),
      { kind: 'tool', callId: 'c1', name: 'again', content: 'as recorded', isError: false },
    ])
    const { result, results, test } = await run([says('ok')], { journal: kept })
    expect(results).toEqual(['as recorded'])
    expect(test.emitted).toEqual([])
    expect(written).toEqual([[2, 'model']])
    expect(result.cost).toBeGreaterThan(0.5)
    expect(result.usage.inputTokens).toBe(101)
  })

  test('makes a call of unknown outcome known to the model instead of repeating it', async () => {
    const { kept } = journal([asked('nothing')], [1])
    const { results } = await run([says('ok')], { journal: kept })
    expect(results[0]).toMatch(/outcome of this call is unknown/)
  })

  test('lets an idempotent skill be repeated', async () => {
    const { kept } = journal([asked('again')], [1])
    const { results, test } = await run([says('ok')], { journal: kept })
    expect(results).toEqual(['again'])
    expect(test.emitted).toEqual(['RAN'])
  })

  test('whose step another worker wrote first is believed', async () => {
    const theirs: TurnStep = { kind: 'model', text: 'theirs', toolCalls: [], usage: USAGE, cost: 0 }
    const { kept } = journal([])
    const { result } = await run([says('ours')], { journal: { ...kept, record: async () => theirs } })
    expect(result.text).toBe('theirs')
  })

  test('that does not fit the turn is damaged', async () => {
    const { kept } = journal([{ kind: 'tool', callId: 'c1', name: 'again', content: '', isError: false }])
    await expect(run([], { journal: kept })).rejects.toMatchObject({ code: 'record_damaged' })
  })
})
