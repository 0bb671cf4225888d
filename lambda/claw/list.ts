import { agentsOf } from '../../agents/find-agent.ts'
import type { RouteHandler } from '../edge.ts'

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
