import { VERSION } from '../../runtime/version.ts'
import type { RouteHandler } from '../edge.ts'

/** GET /health (chapter 28.8): the process is alive. Touches nothing that could be down. */
export const health: RouteHandler = async ({ edge }) => ({
  body: { status: 'ok', uptime_seconds: edge.uptimeSeconds(), version: VERSION },
})
