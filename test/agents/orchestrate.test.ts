import { describe, expect, test } from '@jest/globals'
import { Fault } from '../../agents/ports/fault.ts'
import type { ModelRequest } from '../../agents/ports/model.ts'
import { runProgram } from '../../agents/run-program.ts'
import { type Answer, ScriptedModel, says } from '../support/scripted-model.ts'
import { type TestWorld, testWorld } from '../support/world.ts'

const AGENTS = `
channel web { type: "http" }
skill search { description: "Searches" params: { query: string } impl(query) { return "results"; } }
guard filter { description: "d" on_observation(text) { if (text.contains("evil")) { return "block"; } return text; } }
guardchain safe = [filter];
claw agent researcher { provider: "openai" model: "gpt-4o" system: "You research." skills: [search] guards: [safe] channels: [web] }
claw agent analyst { provider: "openai" model: "gpt-4o" channels: [web] }
agent writer { provider: "openai" model: "gpt-4o-mini" }
fun check(ctx) { return true; }
forge agent builder { provider: "openai" model: "gpt-4o" verify: check }
`

async function run(program: string, answers: readonly Answer[] = []): Promise<TestWorld> {
  const test = testWorld(AGENTS + program, { model: new ScriptedModel().answer(...answers) })
  await runProgram(test.world, { signal: new AbortController().signal })
  return test
}

const prompt = (request: ModelRequest | undefined): string => request?.messages.at(-1)?.content ?? ''

describe('spawn', () => {
  test('is one model call with the system prompt and without tools or session, for all three kinds', async () => {
    const t = await run(
      'emit spawn researcher("find"); let name = "builder"; emit spawn(name, "build"); emit spawn writer("write");',
      [says('found'), says('built'), says('written')],
    )
    expect(t.emitted).toEqual(['found', 'built', 'written'])
    expect(t.model.requests[0]).toMatchObject({
      tools: [],
      messages: [
        { role: 'system', content: 'You research.' },
        { role: 'user', content: 'find' },
      ],
    })
    expect(t.model.agents).toEqual(['researcher', 'builder', 'writer'])
    expect(await t.world.sessions.count('researcher')).toBe(0)
  })

  test('of an unknown name is a catchable error that names what there is', async () => {
    const t = await run('let n = "nobody"; try { spawn(n, "x"); } catch (e) { emit e.kind; emit e.message; }')
    expect(t.emitted).toEqual([
      'agent_not_found',
      'Agent not found: nobody. Available: researcher, analyst, writer, builder',
    ])
  })

  test('passes the guards and the kill switch of the agent', async () => {
    const t = await run('try { spawn researcher("evil plan"); } catch (e) { emit e.kind; }')
    expect(t.emitted).toEqual(['guard_blocked'])
    expect(t.model.requests).toEqual([])
  })

  const CALLBACKS = `
    impl Orchestrable for researcher {
      fn on_spawn(self, child) { emit "spawning " + child; return nil; }
      fn on_delegate(self, result) { emit "got " + result; return nil; }
    }`

  test('calls the callbacks of the agent that is spawned at top level', async () => {
    const t = await run(`${CALLBACKS} emit spawn researcher("find"); emit spawn writer("x");`, [
      says('found'),
      says('text'),
    ])
    expect(t.emitted).toEqual(['spawning researcher', 'got found', 'found', 'text'])
  })

  test('calls the callbacks of the agent whose skill spawns', async () => {
    const program = CALLBACKS.concat('emit researcher.ask("go");')
    const source = AGENTS.replace('return "results";', 'return spawn writer("write it");') + program
    const t = testWorld(source, {
      model: new ScriptedModel().answer(
        { toolCalls: [{ id: 'a', name: 'search', arguments: '{"query":"q"}' }] },
        says('draft'),
        says('done'),
      ),
    })
    await runProgram(t.world, { signal: new AbortController().signal })
    expect(t.emitted).toEqual(['spawning writer', 'got draft', 'done'])
  })

  test('is not disturbed by a callback that fails', async () => {
    const t = await run(
      `${CALLBACKS.replace('"spawning " + child', 'nil.x')} emit spawn researcher("find");`,
      [says('ok')],
    )
    expect(t.emitted).toEqual(['got ok', 'ok'])
    expect(t.warnings.join()).toContain('researcher.on_spawn failed')
  })
})

describe('dag_execute', () => {
  const DAG = `dag_execute([
    { "id": "report", "agent": "writer", "task": "Write", "depends_on": ["gather", "analyze"] },
    { "id": "gather", "agent": "researcher", "task": "Gather" },
    { "id": "analyze", "agent": "analyst", "task": "Analyze", "depends_on": ["gather"] }
  ])`

  test('gives each node what it depends on, and answers in the order of the nodes', async () => {
    const t = await run(`let r = ${DAG}; emit r.keys(); emit r["report"];`, [
      says('facts'),
      says('trends'),
      says('the report'),
    ])
    expect(t.model.agents).toEqual(['researcher', 'analyst', 'writer'])
    expect(prompt(t.model.requests[0])).toBe('Gather')
    expect(prompt(t.model.requests[1])).toBe('Analyze\n\n[Output of "gather"]\nfacts\n[End of "gather"]')
    expect(prompt(t.model.requests[2])).toContain('[Output of "analyze"]\ntrends')
    expect(t.emitted[0]).toMatch(/report.*gather.*analyze/)
    expect(t.emitted[1]).toBe('the report')
  })

  test('runs the nodes of a level at the same time', async () => {
    let waiting = 0
    let most = 0
    const answer: Answer = async () => {
      most = Math.max(most, ++waiting)
      await new Promise((resolve) => setImmediate(resolve))
      waiting -= 1
      return says('x')
    }
    await run(
      'dag_execute([{ "id": "a", "agent": "writer" }, { "id": "b", "agent": "writer" }, { "id": "c", "agent": "analyst" }]);',
      [answer, answer, answer],
    )
    expect(most).toBe(3)
  })

  test('skips what depends on a failed node, runs the rest, and one error names them all', async () => {
    const t = await run(
      `try { dag_execute([
        { "id": "bad", "agent": "researcher", "task": "evil" },
        { "id": "after", "agent": "writer", "depends_on": ["bad"] },
        { "id": "good", "agent": "writer", "task": "fine" }
      ]); } catch (e) { emit e.kind; emit e.message; }`,
      [says('fine')],
    )
    expect(t.emitted).toEqual([
      'dag_failed',
      'dag_execute: bad failed (message blocked by guard filter); after skipped (needs bad)',
    ])
    expect(t.model.agents).toEqual(['writer'])
  })

  test('checks agents and graph before the first model call', async () => {
    const t = await run(`
      try { dag_execute([{ "id": "a", "agent": "writer" }, { "id": "b", "agent": "ghost" }]); } catch (e) { emit e.message; }
      try { dag_execute([{ "id": "a", "agent": "writer", "depends_on": ["a"] }]); } catch (e) { emit e.kind; }`)
    expect(t.emitted).toEqual([
      'Agent not found: ghost. Available: researcher, analyst, writer, builder',
      'dag_invalid',
    ])
    expect(t.model.requests).toEqual([])
  })

  test('reports the failure of a provider in the language', async () => {
    const t = await run(
      'try { dag_execute([{ "id": "a", "agent": "writer" }]); } catch (e) { emit e.message; }',
      [new Fault('provider_timeout', { provider: 'openai' })],
    )
    expect(t.emitted).toEqual(['dag_execute: a failed (the model did not answer in time (openai))'])
  })
})
