import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { startForge } from '../../agents/forge/start.ts'
import { forgeStatus } from '../../agents/forge/status.ts'
import { stopForge } from '../../agents/forge/stop.ts'
import type { World } from '../../agents/world.ts'
import { forgeStep } from '../../lambda/steps/forge-step.ts'
import type { ForgeStepEvent, ForgeStepResult } from '../../statemachine/contract.ts'
import { createAslDriver } from '../../stores/local-run/asl-driver.ts'
import { ForgePlace, text } from '../agents/forge-world.ts'

const definition = readFileSync(new URL('../../statemachine/forge-run.asl.json', import.meta.url), 'utf8')
const loop = {
  promptFile: null,
  planFile: null,
  progressFile: null,
  learningsFile: null,
  maxIterations: 3000,
  maxCost: 1e6,
  maxTokens: 1e9,
}

/** A run whose verify never says done, driven by the deployed state machine. */
async function endless(before: (event: ForgeStepEvent, world: World) => Promise<unknown> = async () => {}) {
  const place = new ForgePlace({
    inMemory: true,
    loop,
    model: () => text('Done.', { inputTokens: 1, outputTokens: 1 }),
    verify: () => 'again',
  })
  const errors: unknown[] = []
  const handedOver: ForgeStepResult[] = []
  const driver = createAslDriver({
    definition,
    step: async (event) => {
      await before(event, world)
      const result = await forgeStep(world, event)
      if (result.next === 'hand_over') handedOver.push(result)
      return result
    },
    wait: async () => {},
    onError: (_run, error) => errors.push(error),
  })
  const world: World = place.boot(() => ({ forgeDriver: driver }))
  const { run, epoch } = await startForge(world, { agent: 'Builder', driver: driver.kind })
  await driver.start({ agent: 'Builder', run, epoch })
  await driver.idle()
  expect(errors).toEqual([])
  return { place, world, run, status: await forgeStatus(world, 'Builder'), handedOver }
}

test('a run of 3,000 iterations goes through six executions and keeps its id', async () => {
  const { place, world, run, status, handedOver } = await endless()
  expect(handedOver.map(({ state, successor }) => [state.iteration, successor])).toEqual(
    [501, 1001, 1501, 2001, 2501].map((iteration, at) => [iteration, `${run}-${at + 2}`]),
  )
  expect(status).toMatchObject({
    run,
    running: false,
    iteration: 3000,
    last_outcome: 'iteration_limit',
    message: 'Reached max iterations (3000)',
  })
  expect(place.requests).toHaveLength(3000)
  expect((await world.runs.list('Builder')).map((one) => one.run)).toEqual([run])
}, 120_000)

test('a stop reaches the execution that is at work', async () => {
  const { place, status, handedOver } = await endless(async (event, world) => {
    if (event.state.iteration === 510) await stopForge(world, 'Builder')
  })
  expect(handedOver).toHaveLength(1)
  expect(status).toMatchObject({ running: false, iteration: 509, last_outcome: 'aborted' })
  expect(place.requests).toHaveLength(509)
}, 60_000)
