import { describe, expect, test } from '@jest/globals'
import { ask } from '../../agents/claw/ask.ts'
import { iterate } from '../../agents/forge/iterate.ts'
import type { ForgeDriver } from '../../agents/ports/forge-driver.ts'
import type { World } from '../../agents/world.ts'
import { withoutRenewals } from '../support/mortal-world.ts'
import { calls, ScriptedModel, says } from '../support/scripted-model.ts'
import { testWorld } from '../support/world.ts'

const PROGRAM = `
fun check(ctx) { if (ctx.attempt < 2) { return "not yet"; } return true; }
forge agent Builder { provider: "openai" model: "gpt-4o" verify: check checkpoint: "none" loop: { max_iterations: 3 } }
skill build { description: "Builds it" impl() { let r = Builder.run(); return r.outcome + ": " + r.message; } }
channel desk { type: "cli" }
claw agent Bot { provider: "openai" model: "gpt-4o" channels: [desk] skills: [build] }`

/** Asks the bot, whose skill runs the builder; `drive` is what the driver does with a run that it is given. */
async function asked(
  kind: ForgeDriver['kind'],
  drive: (world: World, run: Parameters<ForgeDriver['start']>[0]) => Promise<unknown>,
) {
  const started: string[] = []
  const model = new ScriptedModel().answer(calls(['build', {}]))
  const test = testWorld(PROGRAM, { model })
  const world: World = {
    ...test.world,
    timers: withoutRenewals(test.world.timers),
    forgeDriver: {
      ...test.world.forgeDriver,
      kind,
      start: async (run) => {
        started.push(run.run)
        await drive(world, run)
      },
      describe: async () => 'running',
    },
  }
  const turn = async () =>
    await ask(world, {
      agent: 'Bot',
      key: 'ann',
      message: 'Build it.',
      deadlineAt: test.clock.now() + 120_000,
      signal: new AbortController().signal,
    })
  return { world, model, started, turn }
}

/** What the bot's model was told of its tool call. */
const told = (model: ScriptedModel) =>
  model.requests.at(-1)!.messages.findLast(({ role }) => role === 'tool')!.content

describe('a claw skill that runs a forge agent', () => {
  test('does so in this process where runs are driven by it', async () => {
    const { model, started, turn } = await asked('asl', async () => {})
    model.answer(says('first'), says('second'), says('It is built.'))
    expect((await turn()).response).toBe('It is built.')
    expect(told(model)).toBe('completed: All tasks verified')
    expect(started).toEqual([])
  })

  test('starts an execution where Step Functions drives runs, and waits for its outcome', async () => {
    const { model, started, world, turn } = await asked('states', async (place, run) => {
      const first = await iterate(place, { ...run, iteration: 1 })
      await iterate(place, first.state)
    })
    model.answer(says('first'), says('second'), says('It is built.'))
    expect((await turn()).response).toBe('It is built.')
    expect(told(model)).toBe('completed: All tasks verified')
    expect((await world.runs.list('Builder')).map(({ run }) => run)).toEqual(started)
    expect((await world.runs.config({ agent: 'Builder', run: started[0]! }))?.driver).toBe('states')
  })

  test('is told when its time ends before the run, which goes on', async () => {
    const { model, started, world, turn } = await asked('states', async () => {})
    model.answer(says('It is under way.'))
    expect((await turn()).response).toBe('It is under way.')
    expect(told(model)).toContain(`out of time while waiting for run ${started[0]} of Builder, which goes on`)
    expect(await world.runs.outcome({ agent: 'Builder', run: started[0]! })).toBeNull()
  })
})
