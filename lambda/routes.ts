/**
 * THE route table: read by the stack (API Gateway), the local server, the handler map, the OpenAPI file (with
 * `route-summaries.ts`) and the tests that hold them together. Paths are in API Gateway's notation.
 */
export type Method = 'GET' | 'HEAD' | 'POST' | 'DELETE' | 'ANY'

/** `open`: no key. `key`: NEAM_API_KEY. `admin`: NEAM_ADMIN_KEY. */
export type Credential = 'open' | 'key' | 'admin'

export interface Route {
  readonly method: Method
  readonly path: string
  readonly handler: HandlerName
  readonly credential: Credential
  /** Its answer may come in parts. */
  readonly streams?: true
  /** It reads the query, or the body; what the others are sent there is refused. */
  readonly query?: true
  readonly body?: true
}

export type HandlerName =
  | 'health'
  | 'ready'
  | 'clawList'
  | 'clawMessage'
  | 'clawSessions'
  | 'clawHistory'
  | 'clawExport'
  | 'clawTurn'
  | 'clawTurnEvents'
  | 'clawReset'
  | 'clawForget'
  | 'clawFacts'
  | 'clawFactApprove'
  | 'clawFactForget'
  | 'clawCompact'
  | 'clawSessionCompact'
  | 'forgeList'
  | 'forgeStart'
  | 'forgeStop'
  | 'forgeStatus'
  | 'forgeRuns'
  | 'forgeRun'
  | 'forgeWorkspace'
  | 'forgeWorkspacePut'
  | 'systemHealth'
  | 'limits'
  | 'metrics'
  | 'prometheus'
  | 'openApi'
  | 'agentList'
  | 'agentAsk'
  | 'adminDisable'
  | 'adminEnable'
  | 'adminKill'
  | 'adminStatus'
  | 'confirm'
  | 'confirmationList'
  | 'channel'

const TABLE: readonly Route[] = [
  { method: 'GET', path: '/health', handler: 'health', credential: 'open' },
  { method: 'GET', path: '/ready', handler: 'ready', credential: 'open' },
  {
    method: 'GET',
    path: '/api/v1/claw',
    handler: 'clawList',
    credential: 'key',
  },
  {
    method: 'GET',
    path: '/api/v1/claw/{agent}/sessions',
    handler: 'clawSessions',
    credential: 'key',
    query: true,
  },
  {
    method: 'GET',
    path: '/api/v1/claw/{agent}/sessions/{key}/history',
    handler: 'clawHistory',
    credential: 'key',
    query: true,
  },
  {
    method: 'GET',
    path: '/api/v1/claw/{agent}/sessions/{key}/export',
    handler: 'clawExport',
    credential: 'key',
    query: true,
  },
  {
    method: 'POST',
    path: '/api/v1/claw/{agent}/sessions/{key}/message',
    handler: 'clawMessage',
    credential: 'key',
    body: true,
    streams: true,
  },
  {
    method: 'GET',
    path: '/api/v1/claw/{agent}/sessions/{key}/turns/{id}',
    handler: 'clawTurn',
    credential: 'key',
  },
  {
    method: 'GET',
    path: '/api/v1/claw/{agent}/sessions/{key}/turns/{id}/events',
    handler: 'clawTurnEvents',
    credential: 'key',
    query: true,
    streams: true,
  },
  {
    method: 'POST',
    path: '/api/v1/claw/{agent}/sessions/{key}/reset',
    handler: 'clawReset',
    credential: 'key',
  },
  {
    method: 'DELETE',
    path: '/api/v1/claw/{agent}/sessions/{key}/memory',
    handler: 'clawForget',
    credential: 'key',
  },
  {
    method: 'GET',
    path: '/api/v1/claw/{agent}/sessions/{key}/memory/facts',
    handler: 'clawFacts',
    credential: 'key',
  },
  {
    method: 'POST',
    path: '/api/v1/claw/{agent}/sessions/{key}/memory/facts/{fact}/approve',
    handler: 'clawFactApprove',
    credential: 'admin',
  },
  {
    method: 'DELETE',
    path: '/api/v1/claw/{agent}/sessions/{key}/memory/facts/{fact}',
    handler: 'clawFactForget',
    credential: 'key',
  },
  {
    method: 'POST',
    path: '/api/v1/claw/{agent}/sessions/{key}/compact',
    handler: 'clawSessionCompact',
    credential: 'key',
  },
  {
    method: 'POST',
    path: '/api/v1/claw/{agent}/compact',
    handler: 'clawCompact',
    credential: 'key',
    body: true,
  },
  {
    method: 'GET',
    path: '/api/v1/forge',
    handler: 'forgeList',
    credential: 'key',
  },
  {
    method: 'POST',
    path: '/api/v1/forge/{agent}/start',
    handler: 'forgeStart',
    credential: 'key',
    body: true,
  },
  {
    method: 'POST',
    path: '/api/v1/forge/{agent}/stop',
    handler: 'forgeStop',
    credential: 'key',
    body: true,
  },
  {
    method: 'GET',
    path: '/api/v1/forge/{agent}/status',
    handler: 'forgeStatus',
    credential: 'key',
    query: true,
  },
  {
    method: 'GET',
    path: '/api/v1/forge/{agent}/runs',
    handler: 'forgeRuns',
    credential: 'key',
    query: true,
  },
  {
    method: 'GET',
    path: '/api/v1/forge/{agent}/runs/{id}',
    handler: 'forgeRun',
    credential: 'key',
    query: true,
  },
  {
    method: 'GET',
    path: '/api/v1/forge/{agent}/workspace',
    handler: 'forgeWorkspace',
    credential: 'key',
    query: true,
  },
  {
    method: 'POST',
    path: '/api/v1/forge/{agent}/workspace',
    handler: 'forgeWorkspacePut',
    credential: 'key',
    body: true,
  },
  {
    method: 'GET',
    path: '/api/v1/health',
    handler: 'systemHealth',
    credential: 'key',
  },
  {
    method: 'GET',
    path: '/api/v1/limits',
    handler: 'limits',
    credential: 'key',
  },
  {
    method: 'GET',
    path: '/api/v1/metrics',
    handler: 'metrics',
    credential: 'key',
  },
  {
    method: 'GET',
    path: '/metrics',
    handler: 'prometheus',
    credential: 'key',
  },
  {
    method: 'GET',
    path: '/openapi.json',
    handler: 'openApi',
    credential: 'key',
  },
  {
    method: 'GET',
    path: '/api/v1/agents',
    handler: 'agentList',
    credential: 'key',
  },
  {
    method: 'POST',
    path: '/api/v1/agent/ask',
    handler: 'agentAsk',
    credential: 'key',
    body: true,
  },
  {
    method: 'POST',
    path: '/api/v1/admin/disable',
    handler: 'adminDisable',
    credential: 'admin',
    body: true,
  },
  {
    method: 'POST',
    path: '/api/v1/admin/enable',
    handler: 'adminEnable',
    credential: 'admin',
    body: true,
  },
  {
    method: 'POST',
    path: '/api/v1/admin/kill',
    handler: 'adminKill',
    credential: 'admin',
    body: true,
  },
  {
    method: 'POST',
    path: '/admin/kill',
    handler: 'adminKill',
    credential: 'admin',
    body: true,
  },
  {
    method: 'GET',
    path: '/api/v1/admin/status',
    handler: 'adminStatus',
    credential: 'admin',
  },
  {
    method: 'POST',
    path: '/api/v1/confirm',
    handler: 'confirm',
    credential: 'admin',
    body: true,
  },
  {
    method: 'GET',
    path: '/api/v1/admin/confirmations',
    handler: 'confirmationList',
    credential: 'admin',
  },
  {
    method: 'ANY',
    path: '/{proxy+}',
    handler: 'channel',
    credential: 'key',
  },
]

/** Wherever GET is taken, HEAD is, too (RFC 9110, 9.1). `ANY /{proxy+}` is the last row. */
export const ROUTES: readonly Route[] = TABLE.flatMap((route) =>
  route.method === 'GET' ? [route, { ...route, method: 'HEAD' }] : [route],
)

/** API Gateway's route key: `POST /api/v1/forge/{agent}/start`. */
export const routeKey = (route: Route): string => `${route.method} ${route.path}`
