import { describe, expect, test } from '@jest/globals'
import { runForge } from '../../agents/forge/run.ts'
import { tellOwed } from '../../agents/forge/tell.ts'
import { Fault } from '../../agents/ports/fault.ts'
import { askOnce } from '../../agents/turn/ask-once.ts'
import { say } from '../support/asking.ts'
import { calls, ScriptedModel, says } from '../support/scripted-model.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { type TestWorld, type TestWorldOptions, testWorld } from '../support/world.ts'

const AGENTS = `
channel desk { type: "cli" }
skill look { description: "Looks" params: {} impl() { return "seen"; } }
claw agent Bot { provider: "openai" model: "gpt-4o" channels: [desk] skills: [look] }
agent Helper { provider: "openai" model: "gpt-4o" skills: [look] }
forge agent Builder {
  provider: "openai"
  model: "gpt-4o"
  verify: fn(ctx) { return true; }
  checkpoint: "none"
}
`
const TOLD = 'emit "ALERT " + event.measure + " " + str(event.observed); return nil;'
const monitored = (agent: string, baseline: string, told = TOLD): string => `${AGENTS}
impl Monitorable for ${agent} {
  fn baseline(self) { ${baseline} }
  fn on_anomaly(self, event) { ${told} }
}
`
const BOT = monitored('Bot', 'return { "avg_tool_calls": 1 };')

const HOUR = 3_600_000

const world = (program: string, options: TestWorldOptions = {}): TestWorld =>
  testWorld(program, { model: new ScriptedModel(), ...options })

/** Turns of the claw agent, each with so many tool calls. */
async function turns(t: TestWorld, ...toolCalls: readonly number[]): Promise<void> {
  for (const count of toolCalls) {
    for (let n = 0; n < count; n += 1) t.model.answer(calls(['look', {}]))
    t.model.answer(says('Done.'))
    await say(t, 'Look')
  }
}

const anomalies = (t: TestWorld) => t.audit.filter(({ event }) => event.startsWith('anomaly.'))

describe('an agent above its baseline', () => {
  test('is told its anomaly once, from the fifth answer on, and audited', async () => {
    const t = world(BOT)
    await turns(t, 3, 3, 3, 3)
    expect([t.emitted, anomalies(t)]).toEqual([[], []])
    await turns(t, 3, 3, 3)
    expect(t.emitted).toEqual(['ALERT avg_tool_calls 3'])
    expect(anomalies(t)).toEqual([
      {
        event: 'anomaly.detected',
        agent: 'Bot',
        requestId: null,
        metadata: { measure: 'avg_tool_calls', baseline: 1, observed: 3, samples: 5 },
      },
    ])
  })

  test('at twice the baseline it is not', async () => {
    const t = world(BOT)
    await turns(t, 2, 2, 2, 2, 2)
    expect(anomalies(t)).toEqual([])
  })

  test('is told again only after the mean has been back near the baseline', async () => {
    const t = world(BOT)
    await turns(t, 3, 3, 3, 3, 3)
    // 15 calls over 9 answers: below the limit, but not yet within one and a half times the baseline.
    await turns(t, 0, 0, 0, 0)
    expect(anomalies(t).map(({ event }) => event)).toEqual(['anomaly.detected'])
    await turns(t, 0)
    expect(anomalies(t).map(({ event }) => event)).toEqual(['anomaly.detected', 'anomaly.ended'])
    await turns(t, 9)
    expect(t.emitted).toEqual([
      'ALERT avg_tool_calls 3',
      expect.stringMatching(/^ALERT avg_tool_calls 2\.18/),
    ])
  })

  test('is told again when it has lasted an hour', async () => {
    const t = world(BOT)
    await turns(t, 3, 3, 3, 3, 3)
    t.clock.pass(HOUR - 1)
    await turns(t, 3)
    expect(t.emitted).toHaveLength(1)
    t.clock.pass(1)
    await turns(t, 3, 3)
    expect(t.emitted).toHaveLength(2)
  })

  test('is the same anomaly after a restart, and for another process on the tree', async () => {
    const root = temporaryDirectory()
    const before = world(BOT, { root })
    await turns(before, 3, 3, 3, 3, 3)
    const after = world(BOT, { root })
    await turns(after, 3, 3)
    expect([before.emitted.length, after.emitted, anomalies(after)]).toEqual([1, [], []])
  })

  test('counts over processes: neither has answered often enough by itself', async () => {
    const root = temporaryDirectory()
    const [one, other] = [world(BOT, { root }), world(BOT, { root })]
    await turns(one, 3, 3, 3)
    await turns(other, 3, 3)
    expect([one.emitted, other.emitted]).toEqual([[], ['ALERT avg_tool_calls 3']])
  })

  test('gets an event that reads well behind a text (chapter 28.10)', async () => {
    const t = world(
      monitored('Bot', 'return { "avg_tool_calls": 1 };', 'emit "ALERT: " + event; return nil;'),
    )
    await turns(t, 3, 3, 3, 3, 3)
    expect(t.emitted).toEqual([
      'ALERT: {type: "above_baseline", description: "avg_tool_calls is 3 over 5 answers; the baseline is 1, the limit 2", ' +
        'agent: "Bot", measure: "avg_tool_calls", baseline: 1, observed: 3, samples: 5, since: "2026-11-21T10:00:00.000Z"}',
    ])
  })

  test('may ask itself about it: that is no second anomaly', async () => {
    const t = world(monitored('Bot', 'return { "avg_tool_calls": 1 };', 'emit self.ask("Why?", "alerts");'))
    await turns(t, 3, 3, 3, 3)
    t.model.answer(
      calls(['look', {}]),
      calls(['look', {}]),
      calls(['look', {}]),
      says('Done.'),
      says('No idea.'),
    )
    await say(t, 'Look')
    expect([t.emitted, anomalies(t).length]).toEqual([['No idea.'], 1])
  })
})

describe('what is compared', () => {
  test('are time, cost and tokens of answers as well', async () => {
    const t = world(
      monitored('Bot', 'return { "avg_response_time_ms": 100, "avg_cost": 0.0001, "avg_tokens": 50 };'),
    )
    for (let n = 0; n < 5; n += 1) {
      t.model.answer(() => {
        t.clock.pass(250)
        return says('Done.')
      })
      await say(t, 'Hi')
    }
    expect(t.emitted).toEqual([
      'ALERT avg_response_time_ms 250',
      'ALERT avg_cost 0.00045',
      'ALERT avg_tokens 120',
    ])
  })

  test('is the work of a stateless agent', async () => {
    const t = world(monitored('Helper', 'return { "avg_tool_calls": 0.25 };'))
    const agent = t.world.program.module.manifest.agents.find(({ name }) => name === 'Helper')!
    for (let n = 0; n < 5; n += 1) {
      t.model.answer(calls(['look', {}]), says('Done.'))
      await askOnce(t.world, { agent, message: 'Look', tools: true, call: CALL })
    }
    expect(t.emitted).toEqual(['ALERT avg_tool_calls 1'])
  })

  test('are the runs of a forge agent, not what it is asked', async () => {
    const t = world(monitored('Builder', 'return { "avg_iterations": 0.4, "avg_cost": 2.0 };'))
    const agent = t.world.program.module.manifest.agents.find(({ name }) => name === 'Builder')!
    for (let n = 0; n < 5; n += 1) {
      t.model.answer(says('Built.'))
      await askOnce(t.world, { agent, message: 'How?', tools: true, call: CALL })
    }
    expect(await t.world.behaviour.read('Builder')).toEqual({ samples: [], deviations: {} })
    for (let n = 0; n < 5; n += 1) {
      t.model.answer(says('Built.'))
      await runForge(t.world, 'Builder', { signal: CALL.signal })
    }
    expect(t.emitted).toEqual(['ALERT avg_iterations 1'])
  })

  test('are runs, too, whose process died before it could count them', async () => {
    const program = monitored('Builder', 'return { "avg_iterations": 9 };')
    const root = temporaryDirectory()
    const dying = world(program, { root, parts: { fileLeases: { acquire: async () => null } } })
    dying.model.answer(says('Built.'))
    await runForge(dying.world, 'Builder', { signal: CALL.signal })
    const heir = world(program, { root })
    const samples = async () => (await heir.world.behaviour.read('Builder')).samples
    expect(await samples()).toEqual([])
    await tellOwed(heir.world)
    await tellOwed(heir.world)
    expect(await samples()).toHaveLength(1)
    expect((await heir.world.outbox.list()).owed).toEqual([])
  })

  test('is nothing without a baseline, and nothing of it that is not measured', async () => {
    const t = world(AGENTS)
    await turns(t, 9, 9, 9, 9, 9)
    expect(await t.world.behaviour.read('Bot')).toEqual({ samples: [], deviations: {} })
    const other = world(monitored('Bot', 'return { "avg_mood": 1, "avg_tool_calls": "few" };'))
    await turns(other, 9, 9, 9, 9, 9)
    expect([other.emitted, other.warnings]).toEqual([[], []])
  })
})

describe('what fails while it watches', () => {
  test.each([
    ['baseline', monitored('Bot', 'return nil + 1;'), /^Bot\.baseline failed: .*nil/],
    [
      'on_anomaly',
      monitored('Bot', 'return { "avg_tool_calls": 1 };', 'return nil + 1;'),
      /^Bot\.on_anomaly failed: .*nil/,
    ],
  ])('is a warning, and the answer stands: %s', async (_method, program, warning) => {
    const t = world(program)
    await turns(t, 3, 3, 3, 3, 3)
    expect(t.warnings.at(-1)).toMatch(warning)
    expect(t.events().filter((event) => event === 'agent.answer')).toHaveLength(5)
  })

  test('a loop without end in baseline() does not hold the answer up for ever', async () => {
    const t = world(monitored('Bot', 'while (true) { }'))
    await turns(t, 0)
    expect(t.warnings).toEqual([expect.stringMatching(/^Bot\.baseline failed: /)])
  })

  test('a store that cannot be written is a warning, and the answer stands', async () => {
    const t = world(BOT)
    const broken = {
      ...t.world.behaviour,
      update: async () => {
        throw new Fault('storage_full', { path: '/tree' })
      },
    }
    const full = { ...t, world: { ...t.world, behaviour: broken } }
    await turns(full, 3)
    expect(t.warnings).toEqual([expect.stringMatching(/^Bot\.baseline failed: .*\/tree/)])
  })
})

const CALL = {
  depth: 1,
  deadlineAt: Number.POSITIVE_INFINITY,
  signal: new AbortController().signal,
  requestId: null,
  holding: [],
}
