import { describe, expect, test } from '@jest/globals'
import { ask } from '../../agents/claw/ask.ts'
import { reserveCall } from '../../agents/limits/budget.ts'
import { Fault, type FaultCode } from '../../agents/ports/fault.ts'
import { message, say } from '../support/asking.ts'
import { faultOf } from '../support/faults.ts'
import { overriding } from '../support/overriding.ts'
import { type Answer, CALL_USAGE, calls, ScriptedModel, says } from '../support/scripted-model.ts'
import { type TestWorld, testWorld } from '../support/world.ts'

const program = (limits: string): string => `
channel desk { type: "cli" }
budget Shared { ${limits} reset: "daily" }
claw agent Bot { provider: "openai" model: "gpt-4o-mini" channels: [desk] budget: Shared
  lanes: { default: { concurrency: 50, priority: "normal" } } }
claw agent Other { provider: "openai" model: "gpt-4o-mini" channels: [desk] budget: Shared }
`
const world = (limits: string, ...answers: readonly Answer[]): TestWorld =>
  testWorld(program(limits), { model: new ScriptedModel().answer(...answers) })

const used = (t: TestWorld) =>
  t.world.budgets.used(t.world.program.module.manifest.budgets[0]!, t.world.clock.now())

describe('a budget', () => {
  test('holds when many messages come at once: no call beyond it is made', async () => {
    const t = world('api_calls: 7', ...Array.from({ length: 7 }, () => says('ok')))
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, n) => ask(t.world, message(t, 'hi', { key: `user-${n}` }))),
    )
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(7)
    const codes = outcomes.flatMap((o) => (o.status === 'rejected' ? [(o.reason as Fault).code] : []))
    expect(new Set(codes)).toEqual(new Set<FaultCode>(['budget_exhausted']))
    expect(t.model.requests).toHaveLength(7)
  })

  test('in money is never overdrawn by 50 calls at once at its edge', async () => {
    const t = world('cost_usd: 0.02', ...Array.from({ length: 50 }, () => says('ok')))
    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, (_, n) => ask(t.world, message(t, 'hi', { key: `user-${n}` }))),
    )
    const answered = outcomes.filter(({ status }) => status === 'fulfilled').length
    expect(answered).toBeGreaterThan(0)
    expect(answered).toBeLessThan(50)
    expect(t.model.requests).toHaveLength(answered)
    expect((await used(t)).cost).toBeLessThanOrEqual(0.02)
    // What the calls had reserved beyond their price is free again.
    expect(await say(t, 'hi')).toBe('ok')
  })

  test('stops agents that ask each other without end', async () => {
    const source = program('api_calls: 40').replace(
      'claw agent Bot {',
      `skill again { description: "Asks on" impl() { return [Bot.ask("left"), Other.ask("right"), spawn Other("on")]; } }
      claw agent Bot { skills: [again]`,
    )
    const t = testWorld(source.replace('claw agent Other {', 'claw agent Other { skills: [again]'), {
      model: new ScriptedModel().answer(...Array.from({ length: 100 }, () => calls(['again', {}]))),
    })
    expect((await faultOf(ask(t.world, message(t, 'go')))).code).toBe('budget_exhausted')
    expect(t.model.requests).toHaveLength(40)
    expect((await used(t)).apiCalls).toBe(40)
  })

  test('is one counter for all agents that name it, and comes back after its period', async () => {
    const t = world('api_calls: 1', says('one'), says('two'))
    await say(t, 'hi')
    expect((await faultOf(ask(t.world, message(t, 'hi', { agent: 'Other' })))).code).toBe('budget_exhausted')
    t.clock.pass(14 * 3_600_000)
    expect(await say(t, 'hi', { agent: 'Other' })).toBe('two')
  })

  test('settles what a call really used', async () => {
    const t = world('tokens: 100000 cost_usd: 1.0', says('ok'))
    await say(t, 'hi')
    const spent = await used(t)
    expect(spent).toMatchObject({ apiCalls: 1, tokens: 120 })
    expect(spent.cost).toBeCloseTo(0.000027, 9)
  })

  test('limits the output of a call to what it still pays for', async () => {
    const t = world('tokens: 1000', says('ok'))
    await say(t, 'hi')
    expect(t.model.requests[0]?.maxOutputTokens).toBeLessThan(1000)
    expect(t.model.requests[0]?.maxOutputTokens).toBeGreaterThan(900)
  })

  test('gets back what a call reserved that the vendor refused, but not of one that was cut off', async () => {
    const t = world(
      'tokens: 100000',
      new Fault('provider_auth', { provider: 'openai' }),
      new Fault('provider_timeout', { provider: 'openai' }),
    )
    await faultOf(ask(t.world, message(t, 'hi')))
    expect((await used(t)).tokens).toBe(0)
    await faultOf(ask(t.world, message(t, 'hi')))
    expect((await used(t)).tokens).toBeGreaterThan(4096)
  })
})

describe('what other processes spend', () => {
  /** A second process over the same tree. */
  const beside = (t: TestWorld, limits: string, ...answers: readonly Answer[]): TestWorld =>
    testWorld(program(limits), { root: t.root, model: new ScriptedModel().answer(...answers) })

  const reserved = (t: TestWorld, inputTokens: number, maxOutputTokens: number | null = null) =>
    reserveCall(t.world, t.world.program.module.manifest.budgets[0]!, null, { inputTokens, maxOutputTokens })

  test('is looked at once a call while the limit is far, and before the call where it is near', async () => {
    const t = world('tokens: 20000')
    let looks = 0
    const budgets = overriding(t.world.budgets, {
      used: async (budget, nowMs) => {
        looks += 1
        return await t.world.budgets.used(budget, nowMs)
      },
    })
    const counted: TestWorld = { ...t, world: overriding(t.world, { budgets }) }
    const call = async (inputTokens: number): Promise<number> => {
      const leave = await reserved(counted, inputTokens)
      await leave.settle({ ...CALL_USAGE, inputTokens, outputTokens: 0 }, 0)
      return looks
    }
    expect([await call(1000), await call(1000), await call(13_000), await call(1000)]).toEqual([1, 1, 1, 2])
  })

  test('cuts the next call to what they have left, although it was not looked at before', async () => {
    const limits = 'tokens: 20000'
    const one = world(limits)
    const first = await reserved(one, 100)
    await first.settle({ ...CALL_USAGE, inputTokens: 100, outputTokens: 0 }, 0)
    const elsewhere = beside(one, limits)
    await reserved(elsewhere, 18_000, 400)
    expect((await reserved(one, 500)).maxOutputTokens).toBe(1000)
    expect((await faultOf(reserved(one, 500))).code).toBe('budget_exhausted')
    expect((await used(one)).tokens).toBe(20_000)
  })

  test('in the last period is not held against this one', async () => {
    const t = world('tokens: 5000')
    await reserved(t, 904)
    expect((await faultOf(reserved(t, 904))).code).toBe('budget_exhausted')
    t.clock.pass(14 * 3_600_000)
    expect((await reserved(t, 904)).maxOutputTokens).toBe(4096)
  })
})
