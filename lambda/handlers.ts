import { clawMessage } from './claw/message.ts'
import type { Edge, Handler, RouteHandler } from './edge.ts'
import { edgeHandler } from './edge-handler.ts'
import { type HandlerName, ROUTES, routeKey } from './routes.ts'

/**
 * Loads the module of a handler at the first request for it. If it cannot be loaded, that request fails and the next tries
 * again. The handler is kept: `import()` looks its module up anew each time, at the cost of a short request.
 */
const loaded = <Name extends string>(
  load: () => Promise<Readonly<Record<Name, RouteHandler>>>,
  name: Name,
): RouteHandler => {
  let handler: RouteHandler | null = null
  return async (request) => {
    handler ??= (await load())[name]
    return await handler(request)
  }
}

/** The message route is what a cold start waits for: it comes with the process, every other route at its first request. */
const ROUTE_HANDLERS: Readonly<Record<HandlerName, RouteHandler>> = {
  health: loaded(() => import('./health/health.ts'), 'health'),
  ready: loaded(() => import('./health/ready.ts'), 'ready'),
  clawList: loaded(() => import('./claw/list.ts'), 'clawList'),
  clawMessage,
  clawSessions: loaded(() => import('./claw/sessions.ts'), 'clawSessions'),
  clawHistory: loaded(() => import('./claw/sessions.ts'), 'clawHistory'),
  clawExport: loaded(() => import('./claw/sessions.ts'), 'clawExport'),
  clawTurn: loaded(() => import('./claw/turn-status.ts'), 'clawTurn'),
  clawTurnEvents: loaded(() => import('./claw/turn-events.ts'), 'clawTurnEvents'),
  clawReset: loaded(() => import('./claw/reset.ts'), 'clawReset'),
  clawFacts: loaded(() => import('./claw/facts.ts'), 'clawFacts'),
  clawFactApprove: loaded(() => import('./claw/facts.ts'), 'clawFactApprove'),
  clawFactForget: loaded(() => import('./claw/facts.ts'), 'clawFactForget'),
  clawForget: loaded(() => import('./claw/forget.ts'), 'clawForget'),
  clawCompact: loaded(() => import('./claw/compact.ts'), 'clawCompact'),
  clawSessionCompact: loaded(() => import('./claw/compact.ts'), 'clawSessionCompact'),
  forgeList: loaded(() => import('./forge/list.ts'), 'forgeList'),
  forgeStart: loaded(() => import('./forge/start.ts'), 'forgeStart'),
  forgeStop: loaded(() => import('./forge/stop.ts'), 'forgeStop'),
  forgeStatus: loaded(() => import('./forge/status.ts'), 'forgeStatusRoute'),
  forgeRuns: loaded(() => import('./forge/runs.ts'), 'forgeRuns'),
  forgeRun: loaded(() => import('./forge/runs.ts'), 'forgeRun'),
  forgeWorkspace: loaded(() => import('./forge/workspace.ts'), 'forgeWorkspace'),
  forgeWorkspacePut: loaded(() => import('./forge/workspace.ts'), 'forgeWorkspacePut'),
  systemHealth: loaded(() => import('./health/system-health.ts'), 'systemHealth'),
  limits: loaded(() => import('./health/limits.ts'), 'limits'),
  metrics: loaded(() => import('./health/metrics.ts'), 'metrics'),
  prometheus: loaded(() => import('./health/prometheus.ts'), 'prometheus'),
  openApi: loaded(() => import('./openapi.ts'), 'openApi'),
  agentList: loaded(() => import('./agents/list.ts'), 'agentList'),
  agentAsk: loaded(() => import('./agents/ask.ts'), 'agentAsk'),
  adminDisable: loaded(() => import('./admin/switch.ts'), 'adminDisable'),
  adminEnable: loaded(() => import('./admin/switch.ts'), 'adminEnable'),
  adminKill: loaded(() => import('./admin/switch.ts'), 'adminKill'),
  adminStatus: loaded(() => import('./admin/status.ts'), 'adminStatus'),
  confirm: loaded(() => import('./confirm/decide.ts'), 'confirm'),
  confirmationList: loaded(() => import('./confirm/pending.ts'), 'confirmationList'),
  channel: loaded(() => import('./channel/channel.ts'), 'channel'),
}

/** The handler of every route, by API Gateway's route key. Lambda and the local server call the same ones. */
export const createHandlers = (edge: Edge): ReadonlyMap<string, Handler> =>
  new Map(ROUTES.map((route) => [routeKey(route), edgeHandler(route, ROUTE_HANDLERS[route.handler], edge)]))
