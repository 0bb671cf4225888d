import type { RouteHandler } from '../edge.ts'

/** GET /ready (chapter 28.8): this process can serve requests; 503 says which check failed and why. */
export const ready: RouteHandler = async ({ edge, system }) => {
  const checks = edge.draining() ? { process: 'draining' } : await system.check()
  const isReady = Object.values(checks).every((state) => state === 'ok')
  return {
    status: isReady ? 200 : 503,
    body: { status: isReady ? 'ready' : 'not_ready', uptime_seconds: edge.uptimeSeconds(), checks },
    ...(isReady ? {} : { headers: { 'retry-after': '5' } }),
  }
}
