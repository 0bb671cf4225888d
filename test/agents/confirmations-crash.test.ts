import { describe, expect, test } from '@jest/globals'
import { ask } from '../../agents/claw/ask.ts'
import { decideConfirmation } from '../../agents/confirmations/decide.ts'
import { pendingConfirmations } from '../../agents/confirmations/pending.ts'
import { iterate } from '../../agents/forge/iterate.ts'
import { startForge } from '../../agents/forge/start.ts'
import { Fault } from '../../agents/ports/fault.ts'
import { message } from '../support/asking.ts'
import { type MortalWorld, mortalWorld, STILL } from '../support/mortal-world.ts'
import { type Answer, calls, ScriptedModel, says } from '../support/scripted-model.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import type { TestWorld } from '../support/world.ts'

const PROGRAM = `
channel web { type: "http" }
skill pay { description: "Pays" params: { amount: number } sensitive: true impl(amount) { emit "PAID"; return "paid"; } }
claw agent Bot { provider: "openai" model: "gpt-4o-mini" channels: [web] skills: [pay] }
`
const REF = { agent: 'Bot', key: 'default' }
const TURN = 'T1'

const processOn = (root: string, answers: readonly Answer[], at?: number): MortalWorld =>
  mortalWorld(PROGRAM, { root, model: new ScriptedModel().answer(...answers), ...(at ? { at } : {}) })

const send = (test: TestWorld): Promise<unknown> =>
  ask(test.world, message(test, 'pay', { turn: TURN })).catch((error: unknown) => error)

/** Approves what waits; whatever comes of it is looked at afterwards. */
const approve = (test: TestWorld, id: string): Promise<unknown> =>
  decideConfirmation(test.world, {
    id,
    action: 'approve',
    by: 'ann',
    deadlineAt: Number.POSITIVE_INFINITY,
    signal: new AbortController().signal,
    requestId: null,
  }).catch((error: unknown) => error)

const traceId = (error: unknown): string => {
  if (error instanceof Fault && error.code === 'confirmation_pending') return String(error.data.trace_id)
  throw new Error('the turn does not wait', { cause: error })
}

describe('killed at any file operation', () => {
  test('of a message that comes to wait, its redelivery waits for the same decision, and the tool runs once', async () => {
    let deaths = 0
    for (let at = 1; ; at += 1) {
      const root = temporaryDirectory()
      const first = processOn(root, [calls(['pay', { amount: 5 }])], at)
      const answer = await send(first)
      if (!first.died()) {
        expect(traceId(answer)).toMatch(/^[0-9a-f]{32}$/)
        break
      }
      deaths += 1
      const second = processOn(root, [calls(['pay', { amount: 5 }]), says('Paid.'), says('Paid.')])
      const id = traceId(await send(second))
      expect(await pendingConfirmations(second.world)).toHaveLength(1)
      await approve(second, id)
      expect([at, first.emitted, second.emitted]).toEqual([at, [], ['PAID']])
    }
    expect(deaths).toBeGreaterThan(50)
  }, 120_000)

  test('of a decision, its redelivery ends the turn, and the tool runs once at most', async () => {
    let deaths = 0
    const paid = new Set<number>()
    for (let at = 1; ; at += 1) {
      const root = temporaryDirectory()
      const id = traceId(await send(processOn(root, [calls(['pay', { amount: 5 }])])))
      const first = processOn(root, [says('Paid.')], at)
      await approve(first, id)
      if (!first.died()) break
      deaths += 1
      const second = processOn(root, [says('Paid.')])
      await approve(second, id)
      const total = first.emitted.length + second.emitted.length
      expect([at, total <= 1]).toEqual([at, true])
      paid.add(total)
      const { world } = second
      expect((await world.sessions.turn(REF, TURN))?.result).toMatchObject({
        status: 'completed',
        response: 'Paid.',
      })
      const { messages } = await world.sessions.open(REF)
      expect([at, messages.map(({ content }) => content)]).toEqual([at, ['pay', 'Paid.']])
      expect(await pendingConfirmations(world)).toEqual([])
    }
    expect(deaths).toBeGreaterThan(50)
    // Dying between the spent approval and the tool itself leaves it undone: that is the price of "at most once".
    expect([...paid].sort()).toEqual([0, 1])
  }, 120_000)
})

describe('a forge iteration killed at every fifth file operation after its approval', () => {
  const BUILDER = `
skill write { description: "Writes" params: { text: string } impl(text) { workspace_write("out.txt", text); return "written"; } }
skill deploy { description: "Deploys" sensitive: true impl() { emit "DEPLOYED"; return "deployed"; } }
forge agent Builder {
  provider: "openai"
  model: "gpt-4o"
  skills: [write, deploy]
  verify: fn(ctx) { return true; }
  checkpoint: "snapshot"
  workspace: "project"
}
`
  const worker = (root: string, answers: readonly Answer[], at?: number): MortalWorld =>
    mortalWorld(BUILDER, {
      root,
      model: new ScriptedModel().answer(...answers),
      timers: STILL,
      ...(at ? { at } : {}),
    })
  const DEPLOY = calls(['deploy', {}])

  test('is done again: the tool runs once at most, and the run completes', async () => {
    let deaths = 0
    const deployed = new Set<number>()
    for (let at = 1; ; at += 5) {
      const root = temporaryDirectory()
      const zero = worker(root, [calls(['write', { text: 'half' }], ['deploy', {}])])
      const { agent, run, epoch } = await startForge(zero.world, { agent: 'Builder', driver: 'asl' })
      const state = { agent, run, epoch, iteration: 1 }
      const step = await iterate(zero.world, state)
      if (step.kind !== 'waiting') throw new Error('nothing waits')
      await approve(zero, step.wait.confirmation)

      const first = worker(root, [DEPLOY, says('Done.')], at)
      await iterate(first.world, state).catch((error: unknown) => error)
      if (!first.died()) break
      deaths += 1
      const second = worker(root, [DEPLOY, says('Done.')])
      expect([at, await iterate(second.world, state)]).toMatchObject([at, { kind: 'done' }])
      const total = first.emitted.length + second.emitted.length
      expect([at, total <= 1]).toEqual([at, true])
      deployed.add(total)
    }
    expect(deaths).toBeGreaterThan(20)
    expect(deployed.has(1)).toBe(true)
  }, 120_000)
})
