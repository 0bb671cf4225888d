// Design 9.9: what binds an agent everywhere binds every model and tool call of an iteration.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { runForge } from '../../agents/forge/run.ts'
import { type Answer, calls, ScriptedModel, says } from '../support/scripted-model.ts'
import { testWorld } from '../support/world.ts'

const program = (fields: string) => `
skill write { description: "Writes" params: { text: string } impl(text) { workspace_write("out.txt", text); return "written " + text; } }
guard filter {
  on_tool_input(text) { if (text.contains("rude")) { return "block"; } return text; }
  on_tool_output(text) { return text.replace("secret", "[hidden]"); }
  on_input(text) { return text.replace("sk-canary", "[key]"); }
}
guardchain safety = [filter];
policy rules { deny: [write] }
budget small { api_calls: 2 reset: "never" }
forge agent Builder {
  provider: "openai" model: "gpt-4o" system: "Build." skills: [write] verify: fn(ctx) { return "use sk-canary"; }
  checkpoint: "none" workspace: "project" loop: { max_iterations: 2 } ${fields}
}`

async function run(fields: string, ...answers: readonly Answer[]) {
  const model = new ScriptedModel().answer(...answers)
  const t = testWorld(program(fields), { model })
  const outcome = await runForge(t.world, 'Builder')
  const out = join(t.root, 'workspaces/project/out.txt')
  const told = model.requests.flatMap(({ messages }) => messages.map(({ content }) => content))
  return { ...t, outcome, model, told, written: existsSync(out) ? readFileSync(out, 'utf8') : null }
}

const write = (text: string) => calls(['write', { text }])

test('a policy that denies a tool: the model is told, and nothing is done', async () => {
  const { told, written } = await run('policy: rules', write('x'), says('ok'), says('ok'))
  expect(told).toContainEqual(
    expect.stringContaining('Denied by policy rules: the tool write may not be used.'),
  )
  expect(written).toBeNull()
})

test('guards see what goes into a tool, what comes out of it, and what verify fed back', async () => {
  const { told, written } = await run(
    'guards: [safety]',
    write('rude'),
    write('secret'),
    says('ok'),
    says('ok'),
  )
  expect(written).toBe('secret')
  expect(told).toContainEqual(expect.stringContaining('written [hidden]'))
  expect(told).toContainEqual(expect.stringContaining('use [key]'))
  expect(told.join('\n')).not.toContain('sk-canary')
})

test('a declared budget that is used up ends the run, and no further call is made', async () => {
  const { outcome, model } = await run('budget: small', write('a'), says('ok'), says('never asked'))
  expect(outcome).toMatchObject({
    outcome: 'budget_exhausted',
    message: expect.stringContaining('api_calls'),
  })
  expect(model.requests).toHaveLength(2)
})
