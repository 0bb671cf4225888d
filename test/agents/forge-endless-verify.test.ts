import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { iterate } from '../../agents/forge/iterate.ts'
import { startForge } from '../../agents/forge/start.ts'
import { withoutRenewals } from '../support/mortal-world.ts'
import { ScriptedModel, says } from '../support/scripted-model.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { testWorld } from '../support/world.ts'

const builder = (verify: string) => `
fun verify(ctx) { ${verify} }
forge agent Builder { provider: "openai" model: "gpt-4o" verify: verify workspace: "project" checkpoint: "none" }`

/** A run whose iterations have `seconds` each, driven until it ends. */
async function run(verify: string, seconds: number) {
  const root = temporaryDirectory()
  const model = new ScriptedModel().answer(...Array.from({ length: 5 }, () => says('Done.')))
  const { world, clock } = testWorld(builder(verify), { root, model })
  mkdirSync(join(root, 'workspaces/project'), { recursive: true })
  const config = await startForge(world, { agent: 'Builder', driver: 'asl' })
  // A clock that moves whenever the machine looks at it.
  const now = () => {
    clock.pass(10)
    return clock.now()
  }
  const ticking = { ...world, clock: { now }, timers: withoutRenewals(world.timers) }
  let step = await iterate(ticking, { ...config, iteration: 1 }, { deadlineAt: clock.now() + seconds * 1000 })
  const verdicts = [step.report.verdict]
  while (step.kind === 'next') {
    step = await iterate(ticking, step.state, { deadlineAt: clock.now() + seconds * 1000 })
    verdicts.push(step.report.verdict)
  }
  return { verdicts, outcome: await world.runs.outcome(config), requests: model.requests.length }
}

test.each([
  ['an endless loop', 'while (true) {}'],
  ['an endless loop that catches everything', 'while (true) { try { while (true) {} } catch (e) {} }'],
])(
  'a verify that never returns (%s) is a Retry at the deadline, and the third one in a row ends the run',
  async (_what, body) => {
    const { verdicts, outcome, requests } = await run(body, 60)
    expect(verdicts).toEqual([
      expect.stringMatching(/^retry: Verify error: /),
      expect.stringMatching(/^retry: Verify error: /),
      expect.stringMatching(/^abort: verify failed 3 times in a row: Verify error: /),
    ])
    expect(outcome).toMatchObject({ outcome: 'aborted', iterations: 3 })
    expect(requests).toBe(3)
  },
)
