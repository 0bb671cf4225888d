import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { decideConfirmation } from '../../agents/confirmations/decide.ts'
import { pendingConfirmations } from '../../agents/confirmations/pending.ts'
import { iterate } from '../../agents/forge/iterate.ts'
import { runForge } from '../../agents/forge/run.ts'
import type { RunState, Step } from '../../agents/forge/run-state.ts'
import { startForge } from '../../agents/forge/start.ts'
import { forgeStatus } from '../../agents/forge/status.ts'
import { stopForge } from '../../agents/forge/stop.ts'
import { Fault } from '../../agents/ports/fault.ts'
import type { Timers } from '../../agents/ports/time.ts'
import { forgeWait } from '../../lambda/steps/forge-step.ts'
import { faultOf } from '../support/faults.ts'
import { STILL } from '../support/mortal-world.ts'
import { type Answer, calls, ScriptedModel, says } from '../support/scripted-model.ts'
import { type TestWorld, testWorld } from '../support/world.ts'

const PROGRAM = `
skill write { description: "Writes" params: { text: string } impl(text) { workspace_write("out.txt", text); return "written"; } }
skill deploy {
  description: "Deploys"
  params: { target: string }
  sensitive: true
  impl(target) { emit f"DEPLOYED {target}"; return f"deployed to {target}"; }
}
forge agent Builder {
  provider: "openai"
  model: "gpt-4o"
  skills: [write, deploy]
  verify: fn(ctx) { return true; }
  checkpoint: "snapshot"
  workspace: "project"
}
`
const DEPLOY = ['deploy', { target: 'live' }] as const
const WRITE = ['write', { text: 'half' }] as const

const build = (answers: readonly Answer[], root?: string, timers?: Timers): TestWorld =>
  testWorld(PROGRAM, {
    model: new ScriptedModel().answer(...answers),
    ...(root ? { root } : {}),
    ...(timers ? { parts: { timers } } : {}),
  })

async function started(answers: readonly Answer[]): Promise<{ test: TestWorld; state: RunState }> {
  const test = build(answers, undefined, STILL)
  const { agent, run, epoch } = await startForge(test.world, { agent: 'Builder', driver: 'asl' })
  return { test, state: { agent, run, epoch, iteration: 1 } }
}

const decide = async (test: TestWorld, step: Step, action: 'approve' | 'deny' = 'approve') => {
  if (step.kind !== 'waiting') throw new Error(`nothing waits: ${JSON.stringify(step)}`)
  const decided = await decideConfirmation(test.world, {
    id: step.wait.confirmation,
    action,
    by: 'ann',
    deadlineAt: Number.POSITIVE_INFINITY,
    signal: new AbortController().signal,
    requestId: null,
  })
  if (decided.late !== null) throw decided.late
  return decided
}

const out = (test: TestWorld): string | null => {
  const file = join(test.root, 'workspaces/project/out.txt')
  return existsSync(file) ? readFileSync(file, 'utf8') : null
}
const results = ({ model }: TestWorld): readonly string[] =>
  model.requests.at(-1)!.messages.flatMap((one) => (one.role === 'tool' ? [one.content] : []))

describe('an iteration that meets a tool which needs approval', () => {
  test('ends needs_human: nothing is verified, and asking again costs no model call', async () => {
    const { test, state } = await started([calls(WRITE, DEPLOY)])
    const step = await iterate(test.world, state)
    expect(step).toMatchObject({
      kind: 'waiting',
      state,
      report: {
        iteration: 1,
        outcome: 'running',
        verdict: 'needs_human: deploy: the sensitive skill deploy requires approval',
      },
      wait: { confirmation: expect.stringMatching(/^[0-9a-f]{32}$/), seconds: 300 },
    })
    expect(await iterate(test.world, state)).toEqual(step)
    expect(test.model.requests).toHaveLength(1)
    expect(test.emitted).toEqual([])
    const [waiting] = await pendingConfirmations(test.world)
    expect(waiting?.request).toMatchObject({
      tool: 'deploy',
      arguments: '{"target":"live"}',
      place: { kind: 'run', agent: 'Builder', run: state.run, iteration: 1, nth: 0 },
    })
    expect(await forgeStatus(test.world, 'Builder')).toMatchObject({
      running: true,
      iteration: 1,
      last_outcome: 'running',
      pending_confirmation: waiting?.request.id,
    })
  })

  test('approved, begins again on the files as they are, runs the tool once and is verified', async () => {
    const { test, state } = await started([
      calls(WRITE, DEPLOY),
      (request) => {
        expect(out(test)).toBe('half')
        expect(request.messages.at(-1)?.content).toBe(
          'You had begun this task, and what you have written is in the workspace. It waited for a person:\n- approved: call deploy with exactly these arguments: {"target":"live"}',
        )
        return calls(DEPLOY)
      },
      says('Deployed.'),
    ])
    await decide(test, await iterate(test.world, state))
    const step = await iterate(test.world, state)
    expect(step).toMatchObject({ kind: 'done', report: { iteration: 1, outcome: 'completed' } })
    expect(test.emitted).toEqual(['DEPLOYED live'])
    expect(results(test)).toEqual(['deployed to live'])
    const outcome = await test.world.runs.outcome(state)
    expect(outcome).toMatchObject({ iterations: 1, totalTokens: 360 })
    expect(await forgeStatus(test.world, 'Builder')).toMatchObject({ pending_confirmation: null })
  })

  test('with two such tools runs the first once, though the work was begun three times', async () => {
    const two = ['deploy', { target: 'test' }] as const
    const { test, state } = await started([
      calls(DEPLOY),
      calls(DEPLOY, two),
      calls(DEPLOY, two),
      says('Both.'),
    ])
    await decide(test, await iterate(test.world, state))
    await decide(test, await iterate(test.world, state))
    expect(await iterate(test.world, state)).toMatchObject({ kind: 'done' })
    expect(test.emitted).toEqual(['DEPLOYED live', 'DEPLOYED test'])
    expect(results(test)).toEqual(['deployed to live', 'deployed to test'])
  })

  test('gives what an approved call gave, also when the next decision takes longer than an approval holds', async () => {
    const two = ['deploy', { target: 'test' }] as const
    const { test, state } = await started([
      calls(DEPLOY),
      calls(DEPLOY, two),
      calls(DEPLOY, two),
      says('Both.'),
    ])
    await decide(test, await iterate(test.world, state))
    await iterate(test.world, state)
    test.clock.pass(2 * 3600_000)
    expect(await iterate(test.world, state)).toMatchObject({ kind: 'done' })
    expect(results(test)).toEqual(['deployed to live', expect.stringMatching(/^Not done: nobody approved/)])
  })

  test('shows what it has cost so far while it waits', async () => {
    const { test, state } = await started([calls(DEPLOY)])
    const step = await iterate(test.world, state)
    expect(step.report.totalCost).toBeGreaterThan(0)
    const { total_cost, total_tokens } = await forgeStatus(test.world, 'Builder')
    expect([total_cost, total_tokens]).toEqual([step.report.totalCost, 120])
    // Asking again costs nothing.
    expect((await iterate(test.world, state)).report.totalCost).toBe(step.report.totalCost)
  })

  test('denied, or undecided in time, tells the model so and goes on', async () => {
    const { test, state } = await started([calls(DEPLOY), calls(DEPLOY), says('Not deployed.')])
    await decide(test, await iterate(test.world, state), 'deny')
    expect(await iterate(test.world, state)).toMatchObject({ kind: 'done' })
    expect(results(test)).toEqual([expect.stringMatching(/^Denied: a person refused this call of deploy\./)])

    const late = await started([calls(DEPLOY), calls(DEPLOY), says('Not deployed.')])
    await iterate(late.test.world, late.state)
    late.test.clock.pass(300_000)
    expect(await iterate(late.test.world, late.state)).toMatchObject({ kind: 'done' })
    expect(results(late.test)).toEqual([expect.stringMatching(/^Not done: nobody approved/)])
    expect([...test.emitted, ...late.test.emitted]).toEqual([])
  })

  test('waits any number of times: waiting is no crash', async () => {
    const targets = ['a', 'b', 'c', 'd', 'e'].map((target) => calls(['deploy', { target }]))
    const { test, state } = await started([...targets, says('Done.')])
    for (const _ of targets) await decide(test, await iterate(test.world, state), 'deny')
    expect(await iterate(test.world, state)).toMatchObject({ kind: 'done' })
  })

  test('stops on request while it waits, and puts its workspace back', async () => {
    const { test, state } = await started([calls(WRITE, DEPLOY)])
    await iterate(test.world, state)
    expect(out(test)).toBe('half')
    await test.world.runs.requestStop(state, false)
    expect(await iterate(test.world, state)).toMatchObject({ kind: 'aborted' })
    expect(out(test)).toBeNull()
  })

  test('has ended, and so it waits for nobody: the call is denied, and a late decision is told so', async () => {
    const { test, state } = await started([calls(DEPLOY)])
    const step = await iterate(test.world, state)
    const [waiting] = await test.world.confirmations.pending()
    await test.world.runs.requestStop(state, false)
    await iterate(test.world, state)
    const stored = await test.world.confirmations.get(waiting!.request.id)
    expect(stored?.decision).toMatchObject({ action: 'deny', by: 'end of the run' })
    expect(await pendingConfirmations(test.world)).toEqual([])
    await expect(decide(test, step)).rejects.toMatchObject({
      code: 'confirmation_decided',
      data: { action: 'deny', by: 'end of the run' },
    })
  })

  test('whose process died between its end and the denial waits for nobody, either', async () => {
    const { test, state } = await started([calls(DEPLOY)])
    await iterate(test.world, state)
    await test.world.runs.finish(state, {
      outcome: 'aborted',
      message: 'stopped on request',
      iterations: 0,
      totalCost: 0,
      totalTokens: 0,
      tasksCompleted: 0,
      tasksTotal: 1,
      finishedAt: '2026-11-21T10:00:00.000Z',
    })
    expect(await test.world.confirmations.pending()).toHaveLength(1)
    expect(await pendingConfirmations(test.world)).toEqual([])
  })
})

describe('a run that waits under a task token', () => {
  const woken: string[] = []
  const waiting = async () => {
    const { test, state } = await started([calls(DEPLOY), calls(DEPLOY), says('Deployed.')])
    woken.length = 0
    const forgeDriver = { ...test.world.forgeDriver, wake: async (token: string) => void woken.push(token) }
    const driven = { ...test, world: { ...test.world, forgeDriver } }
    const step = await iterate(driven.world, state)
    if (step.kind !== 'waiting') throw new Error('nothing waits')
    const event = { step: 'wait', state, wait: step.wait, token: 'token-1' } as const
    return { test: driven, state, step, event }
  }

  test('is woken by the decision, with the newest token', async () => {
    const { test, step, event } = await waiting()
    await forgeWait(test.world, event)
    await forgeWait(test.world, { ...event, token: 'token-2' })
    expect((await decide(test, step)).continuation).toEqual({ kind: 'resumed' })
    expect(woken).toEqual(['token-2'])
  })

  test('is woken again by whoever decides after a crash between decision and waking', async () => {
    const { test, step, event } = await waiting()
    await forgeWait(test.world, event)
    const decision = { action: 'approve', by: 'ann', at: test.clock.now() } as const
    await test.world.confirmations.decide(step.wait.confirmation, decision)
    expect((await faultOf(decide(test, step))).code).toBe('confirmation_decided')
    expect(woken).toEqual(['token-1'])
  })

  test('that was decided before its token was kept goes on at once', async () => {
    const { test, step, event } = await waiting()
    await decide(test, step)
    expect(woken).toEqual([])
    expect((await faultOf(forgeWait(test.world, event))).code).toBe('confirmation_decided')
  })

  test('is woken by a stop, and one that comes too late to be stopped goes on at once', async () => {
    const { test, event } = await waiting()
    await forgeWait(test.world, event)
    await stopForge(test.world, 'Builder')
    expect(woken).toEqual(['token-1'])
    expect((await faultOf(forgeWait(test.world, event))).code).toBe('stopped')
  })

  test('whose driver cannot be woken: the decision stands, and the caller learns of it', async () => {
    const { test, step, event } = await waiting()
    await forgeWait(test.world, event)
    const wake = async () => {
      throw new Fault('service_unavailable', { service: 'Step Functions', problem: 'down' })
    }
    const world = { ...test.world, forgeDriver: { ...test.world.forgeDriver, wake } }
    expect((await decide({ ...test, world }, step)).continuation).toMatchObject({
      kind: 'failed',
      fault: { code: 'service_unavailable' },
    })
    expect((await faultOf(decide(test, step, 'deny'))).data.action).toBe('approve')
  })
})

describe('.run() in this process', () => {
  /** Timers on which the look for a decision does something instead of sleeping. */
  const onLook = (look: () => Promise<unknown>): Timers => ({
    ...STILL,
    sleep: (ms, signal) => (ms === 500 ? look().then(() => {}) : STILL.sleep(ms, signal)),
  })

  test('says what it waits for, waits for the decision, and goes on', async () => {
    let looks = 0
    const test: TestWorld = build(
      [calls(DEPLOY), calls(DEPLOY), says('Deployed.')],
      undefined,
      onLook(async () => {
        looks += 1
        const [waiting] = await pendingConfirmations(test.world)
        if (looks < 3) return
        const decision = { action: 'approve', by: 'ann', at: test.clock.now() } as const
        await test.world.confirmations.decide(waiting!.request.id, decision)
      }),
    )
    expect(await runForge(test.world, 'Builder')).toMatchObject({ outcome: 'completed', iterations: 1 })
    expect(looks).toBe(3)
    expect(test.emitted).toEqual(['DEPLOYED live'])
    expect(test.warnings).toEqual([
      expect.stringMatching(
        /^forge agent Builder waits until 2026-11-21T10:05:00.000Z, because the sensitive skill deploy requires approval; decide with neam-cli confirmations approve [0-9a-f]{32} FILE \(or deny\): deploy {"target":"live"}$/,
      ),
      'Builder: iteration 1: the work was verified, though its model changed nothing in the workspace',
    ])
  })

  test.each([false, true])('ends when it is stopped meanwhile (force: %s)', async (force) => {
    const test: TestWorld = build(
      [calls(DEPLOY)],
      undefined,
      onLook(() => stopForge(test.world, 'Builder', { force })),
    )
    expect(await runForge(test.world, 'Builder')).toMatchObject({
      outcome: 'aborted',
      message: 'stopped on request',
    })
    expect(test.emitted).toEqual([])
  })
})
