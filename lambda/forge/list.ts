import * as v from 'valibot'
import { listForges } from '../../agents/forge/status.ts'
import { AMOUNT, COUNT } from '../answer-parts.ts'
import type { RouteHandler } from '../edge.ts'

export const FORGE_LIST_ANSWER = v.strictObject({
  forge_agents: v.array(
    v.strictObject({
      name: v.string(),
      provider: v.string(),
      model: v.string(),
      max_iterations: COUNT,
      max_cost: AMOUNT,
      running: v.boolean(),
    }),
  ),
})

/** GET /api/v1/forge (chapter 28.3). */
export const forgeList: RouteHandler = async ({ system }) => ({
  body: { forge_agents: await listForges((await system()).world) },
})
