import type { RouteHandler } from '../edge.ts'
import { clawDecls } from './claws.ts'

/** GET /api/v1/claw (chapter 28.2). */
export const clawList: RouteHandler = async ({ system: { world } }) => ({
  body: {
    claw_agents: await Promise.all(
      clawDecls(world).map(async ({ name, provider, model, channels }) => ({
        name,
        provider,
        model,
        session_count: await world.sessions.count(name),
        channels,
      })),
    ),
  },
})
