import { forgeStatus } from '../../agents/forge/status.ts'
import type { RouteHandler } from '../edge.ts'

/** GET /api/v1/forge/:agent/status (chapter 28.3). */
export const forgeStatusRoute: RouteHandler = async ({ system, params }) => ({
  body: await forgeStatus((await system()).world, params.agent ?? ''),
})
