import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { startForge } from '../../agents/forge/start.ts'
import { forgeStatus } from '../../agents/forge/status.ts'
import { Fault } from '../../agents/ports/fault.ts'
import type { World } from '../../agents/world.ts'
import { forgeStep } from '../../lambda/steps/forge-step.ts'
import type { ForgeStepEvent, ForgeStepResult } from '../../statemachine/contract.ts'
import { createAslDriver } from '../../stores/local-run/asl-driver.ts'
import { ForgePlace, type ForgeWorldOptions } from '../agents/forge-world.ts'

const definition = readFileSync(new URL('../../statemachine/forge-run.asl.json', import.meta.url), 'utf8')
const planned = { files: { 'plan.txt': 'first task\nsecond task\nthird task\n' }, loop: { promptFile: null } }

type Step = (event: ForgeStepEvent) => Promise<ForgeStepResult>

/** A run driven by the deployed state machine; `deliver` stands between machine and step function. */
async function driven(options: ForgeWorldOptions, deliver: (step: Step, place: ForgePlace) => Step) {
  const place = new ForgePlace({ ...planned, ...options })
  const errors: unknown[] = []
  const results: ForgeStepResult[] = []
  const step: Step = async (event) => {
    // Each delivery may land on another instance.
    const result = await forgeStep(place.boot(), event)
    results.push(result)
    return result
  }
  const driver = createAslDriver({
    definition,
    step: deliver(step, place),
    wait: async () => {},
    onError: (_run, error) => errors.push(error),
    retryIntervals: { Iterate: 0, RecordFailure: 0 },
  })
  const world: World = place.boot(() => ({ forgeDriver: driver }))
  const config = await startForge(world, { agent: 'Builder', driver: driver.kind })
  await driver.start(config)
  await driver.idle()
  const again = async () => {
    await driver.start(config)
    await driver.idle()
    return await forgeStatus(world, 'Builder')
  }
  return { place, world, config, errors, results, again, status: await forgeStatus(world, 'Builder') }
}

const completed = {
  running: false,
  last_outcome: 'completed',
  iteration: 3,
  tasks_completed: 3,
  tasks_total: 3,
}

describe('the forge loop under the state machine', () => {
  test('completes as it does in process', async () => {
    const { place, status, errors, results } = await driven({}, (step) => step)
    expect(status).toMatchObject(completed)
    expect(errors).toEqual([])
    expect(results.map(({ next, report }) => [next, report.outcome])).toEqual([
      ['iterate', 'running'],
      ['iterate', 'running'],
      ['end', 'completed'],
    ])
    expect(place.lines('progress.jsonl')).toHaveLength(3)
  })

  test('a lost reply repeats no work', async () => {
    const lost = new Set<number>()
    const { place, status } = await driven({}, (step) => async (event) => {
      const result = await step(event)
      if (!lost.has(event.state.iteration)) {
        lost.add(event.state.iteration)
        throw Object.assign(new Error('connection reset'), { name: 'Lambda.SdkClientException' })
      }
      return result
    })
    expect(status).toMatchObject(completed)
    expect(place.requests).toHaveLength(6)
    expect(place.contexts).toHaveLength(3)
    expect(place.lines('progress.jsonl')).toHaveLength(3)
  })

  test('a duplicate delivery at the same time repeats no work', async () => {
    const { place, status } = await driven({}, (step) => async (event) => {
      const [first, second] = await Promise.all([step(event), step(event)])
      expect(second).toEqual(first)
      return first
    })
    expect(status).toMatchObject(completed)
    expect(place.requests).toHaveLength(6)
  })

  test('a late duplicate of an earlier iteration changes nothing', async () => {
    let firstEvent: ForgeStepEvent | null = null
    const { place, status } = await driven({}, (step) => async (event) => {
      firstEvent ??= event
      if (event.state.iteration === 3) await step(firstEvent)
      return await step(event)
    })
    expect(status).toMatchObject(completed)
    expect(place.requests).toHaveLength(6)
  })

  test('a passing failure of the model is retried by the machine', async () => {
    const { status } = await driven(
      {
        model: (_, call) => {
          if (call === 1) throw new Fault('provider_rate_limited', { provider: 'openai' })
          return { text: 'Done.', toolCalls: [], usage, stopReason: 'stop' }
        },
      },
      (step) => step,
    )
    expect(status).toMatchObject(completed)
  })
  const usage = { inputTokens: 10, outputTokens: 10, cachedTokens: 0, estimated: false }

  test('a step that cannot be done at all is recorded as an error, and verified work stays', async () => {
    const { place, status, errors } = await driven({}, (step) => async (event) => {
      if (event.step === 'iterate' && event.state.iteration === 3) {
        throw Object.assign(new Error('{"errorMessage":"out of memory","trace":[]}'), {
          name: 'Lambda.Unknown',
        })
      }
      return await step(event)
    })
    expect(status).toMatchObject({
      running: false,
      last_outcome: 'error',
      message: 'the step failed: Lambda.Unknown (out of memory)',
      iteration: 2,
      tasks_completed: 2,
    })
    expect(errors).toHaveLength(1)
    expect(place.lines('progress.jsonl')).toHaveLength(2)
  })

  test('an execution that failed before it could record that, run again, goes on where it stood, with what was spent', async () => {
    let isDown = true
    const { place, world, config, status, errors, again } = await driven({}, (step) => async (event) => {
      if (isDown && event.state.iteration === 2) {
        throw Object.assign(new Error('the tree is not mounted'), { name: 'Lambda.Unknown' })
      }
      return await step(event)
    })
    expect(errors).toHaveLength(1)
    expect(status).toMatchObject({ running: true, iteration: 1, tasks_completed: 1 })
    isDown = false
    expect(await again()).toMatchObject({ ...completed, run: config.run, total_tokens: 3 * 240 })
    // Two calls for each of three tasks: nothing was done twice.
    expect(place.requests).toHaveLength(6)
    expect((await world.runs.list('Builder')).map(({ run }) => run)).toEqual([config.run])
  })

  test('results and state stay small, whatever verify and the plan say', async () => {
    const { results } = await driven(
      {
        files: { 'plan.txt': `${'é'.repeat(100_000)}\n` },
        verify: ({ attempt }) => (attempt < 3 ? 'x'.repeat(500_000) : true),
      },
      (step) => step,
    )
    expect(results).toHaveLength(3)
    for (const result of results) expect(Buffer.byteLength(JSON.stringify(result))).toBeLessThan(2048)
  })
})
