import { listForges } from '../../agents/forge/status.ts'
import type { RouteHandler } from '../edge.ts'

/** GET /api/v1/forge (chapter 28.3). */
export const forgeList: RouteHandler = async ({ system }) => ({
  body: { forge_agents: await listForges((await system()).world) },
})
