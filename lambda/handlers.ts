import { adminStatus } from './admin/status.ts'
import { adminDisable, adminEnable, adminKill } from './admin/switch.ts'
import { agentAsk } from './agents/ask.ts'
import { agentList } from './agents/list.ts'
import { channel } from './channel/channel.ts'
import { clawCompact, clawSessionCompact } from './claw/compact.ts'
import { clawForget } from './claw/forget.ts'
import { clawList } from './claw/list.ts'
import { clawMessage } from './claw/message.ts'
import { clawReset } from './claw/reset.ts'
import { clawExport, clawHistory, clawSessions } from './claw/sessions.ts'
import { clawTurnEvents } from './claw/turn-events.ts'
import { clawTurn } from './claw/turn-status.ts'
import { confirm } from './confirm/decide.ts'
import { confirmationList } from './confirm/pending.ts'
import type { Edge, Handler, RouteHandler } from './edge.ts'
import { edgeHandler } from './edge-handler.ts'
import { forgeList } from './forge/list.ts'
import { forgeRun, forgeRuns } from './forge/runs.ts'
import { forgeStart } from './forge/start.ts'
import { forgeStatusRoute } from './forge/status.ts'
import { forgeStop } from './forge/stop.ts'
import { forgeWorkspace, forgeWorkspacePut } from './forge/workspace.ts'
import { health } from './health/health.ts'
import { limits } from './health/limits.ts'
import { metrics } from './health/metrics.ts'
import { prometheus } from './health/prometheus.ts'
import { ready } from './health/ready.ts'
import { systemHealth } from './health/system-health.ts'
import { openApi } from './openapi.ts'
import { type HandlerName, ROUTES, routeKey } from './routes.ts'

const ROUTE_HANDLERS: Readonly<Record<HandlerName, RouteHandler>> = {
  health,
  ready,
  clawList,
  clawMessage,
  clawSessions,
  clawHistory,
  clawExport,
  clawTurn,
  clawTurnEvents,
  clawReset,
  clawForget,
  clawCompact,
  clawSessionCompact,
  forgeList,
  forgeStart,
  forgeStop,
  forgeStatus: forgeStatusRoute,
  forgeRuns,
  forgeRun,
  forgeWorkspace,
  forgeWorkspacePut,
  systemHealth,
  limits,
  metrics,
  prometheus,
  openApi,
  agentList,
  agentAsk,
  adminDisable,
  adminEnable,
  adminKill,
  adminStatus,
  confirm,
  confirmationList,
  channel,
}

/** The handler of every route, by API Gateway's route key. Lambda and the local server call the same ones. */
export const createHandlers = (edge: Edge): ReadonlyMap<string, Handler> =>
  new Map(ROUTES.map((route) => [routeKey(route), edgeHandler(route, ROUTE_HANDLERS[route.handler], edge)]))
