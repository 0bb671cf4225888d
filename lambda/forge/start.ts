import * as v from 'valibot'
import { startForge } from '../../agents/forge/start.ts'
import { AMOUNT, COUNT } from '../answer-parts.ts'
import type { RouteHandler } from '../edge.ts'
import { idempotencyKeyOf, idOfKey } from '../idempotency-key.ts'
import { validate } from '../validate.ts'
import { contentsOf, FILES } from './files.ts'

export const START_BODY = v.optional(
  v.strictObject({
    max_iterations: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
    max_cost: v.optional(v.pipe(v.number(), v.finite(), v.gtValue(0))),
    plan: v.optional(v.string()),
    prompt: v.optional(v.string()),
    files: v.optional(FILES),
  }),
  {},
)

/** Headers that the route reads, for /openapi.json. */
export const START_HEADERS = {
  'Idempotency-Key': 'The same key again is the same start: one run, which both calls are told of',
} as const

export const START_ANSWER = v.strictObject({
  status: v.literal('started'),
  agent: v.string(),
  max_iterations: COUNT,
  max_cost: AMOUNT,
  run: v.string(),
})

/**
 * POST /api/v1/forge/:agent/start (chapter 28.3): accepted here, driven by the state machine. `plan`, `prompt` and
 * `files` are written into the workspace first (design 9.13).
 */
export const forgeStart: RouteHandler = async (request) => {
  const { system, params, body, requestId } = request
  const sent = validate(START_BODY, body)
  const key = idempotencyKeyOf(request)
  const { world } = await system()
  const agent = params.agent ?? ''
  const run = await startForge(world, {
    agent,
    ...(key !== null && {
      once: {
        run: idOfKey(world.hash, [agent], key),
        fingerprint: world.hash.sha256(JSON.stringify(sent)),
      },
    }),
    maxIterations: sent.max_iterations,
    maxCost: sent.max_cost,
    plan: sent.plan,
    prompt: sent.prompt,
    files: contentsOf(sent.files ?? {}, body),
    driver: world.forgeDriver.kind,
    requestId,
  })
  // Harmless when it was started before.
  await world.forgeDriver.start(run, world.tracing.current())
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
