import * as v from 'valibot'
import { agentsOf } from '../../agents/find-agent.ts'
import { COUNT } from '../answer-parts.ts'
import type { RouteHandler } from '../edge.ts'

export const CLAW_LIST_ANSWER = v.strictObject({
  claw_agents: v.array(
    v.strictObject({
      name: v.string(),
      provider: v.string(),
      model: v.string(),
      session_count: COUNT,
      channels: v.array(v.string()),
    }),
  ),
})

/** GET /api/v1/claw (chapter 28.2). */
export const clawList: RouteHandler = async ({ system }) => {
  const { world } = await system()
  return {
    body: {
      claw_agents: await Promise.all(
        agentsOf(world, 'claw').map(async ({ name, provider, model, channels }) => ({
          name,
          provider,
          model,
          session_count: await world.sessions.count(name),
          channels,
        })),
      ),
    },
  }
}
