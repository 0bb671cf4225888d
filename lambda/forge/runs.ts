import * as v from 'valibot'
import { listRuns, readRun } from '../../agents/forge/runs.ts'
import type { RouteHandler } from '../edge.ts'
import { inRange } from '../in-range.ts'
import { validate, WHOLE_NUMBER } from '../validate.ts'

export const RUNS_QUERY = v.strictObject({ limit: v.optional(WHOLE_NUMBER) })
export const RUN_QUERY = v.strictObject({ from: v.optional(WHOLE_NUMBER), limit: v.optional(WHOLE_NUMBER) })

/** GET /api/v1/forge/:agent/runs: the newest 20, or `?limit=` up to 100. */
export const forgeRuns: RouteHandler = async ({ system, params, query }) => {
  const { limit } = validate(RUNS_QUERY, query)
  const agent = params.agent ?? ''
  const runs = await listRuns(
    (await system()).world,
    agent,
    inRange('limit', limit, { initial: 20, most: 100 }),
  )
  return { body: { agent, runs } }
}

/** GET /api/v1/forge/:agent/runs/:id: a run with 50 of its iterations, or `?limit=` up to 200, from `?from=` on. */
export const forgeRun: RouteHandler = async ({ system, params, query }) => {
  const { from, limit } = validate(RUN_QUERY, query)
  const page = {
    from: inRange('from', from, { initial: 1, most: 1_000_000 }),
    limit: inRange('limit', limit, { initial: 50, most: 200 }),
  }
  const ref = { agent: params.agent ?? '', run: params.id ?? '' }
  return { body: await readRun((await system()).world, ref, page) }
}
