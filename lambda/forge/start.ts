import * as v from 'valibot'
import { startForge } from '../../agents/forge/start.ts'
import type { RouteHandler } from '../edge.ts'
import { validate } from '../validate.ts'

export const START_BODY = v.optional(
  v.strictObject({
    max_iterations: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
    max_cost: v.optional(v.pipe(v.number(), v.finite(), v.gtValue(0))),
  }),
  {},
)

/** POST /api/v1/forge/:agent/start (chapter 28.3): accepted here, driven by the state machine. */
export const forgeStart: RouteHandler = async ({ system, params, body, requestId }) => {
  const { max_iterations: maxIterations, max_cost: maxCost } = validate(START_BODY, body)
  const { world } = await system()
  const run = await startForge(world, {
    agent: params.agent ?? '',
    ...(maxIterations === undefined ? {} : { maxIterations }),
    ...(maxCost === undefined ? {} : { maxCost }),
    driver: world.forgeDriver.kind,
    requestId,
  })
  await world.forgeDriver.start(run)
  return {
    body: {
      status: 'started',
      agent: run.agent,
      max_iterations: run.maxIterations,
      max_cost: run.maxCost,
      run: run.run,
    },
  }
}
