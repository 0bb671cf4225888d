/**
 * THE route table: read by the stack (API Gateway), the local server, the handler map, the OpenAPI file and
 * the tests that hold them together. Paths are in API Gateway's notation.
 */
export type Method = 'GET' | 'HEAD' | 'POST' | 'DELETE' | 'ANY'

/** `open`: no key. `key`: NEAM_API_KEY. `admin`: NEAM_ADMIN_KEY. */
export type Credential = 'open' | 'key' | 'admin'

export interface Route {
  readonly method: Method
  readonly path: string
  readonly handler: HandlerName
  readonly credential: Credential
  readonly summary: string
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
  { method: 'GET', path: '/health', handler: 'health', credential: 'open', summary: 'Liveness probe' },
  { method: 'GET', path: '/ready', handler: 'ready', credential: 'open', summary: 'Readiness probe' },
  {
    method: 'GET',
    path: '/api/v1/claw',
    handler: 'clawList',
    credential: 'key',
    summary: 'List claw agents',
  },
  {
    method: 'GET',
    path: '/api/v1/claw/{agent}/sessions',
    handler: 'clawSessions',
    credential: 'key',
    summary: 'Sessions of a claw agent, by pages',
    query: true,
  },
  {
    method: 'GET',
    path: '/api/v1/claw/{agent}/sessions/{key}/history',
    handler: 'clawHistory',
    credential: 'key',
    summary: 'Messages of a session, the newest first page',
    query: true,
  },
  {
    method: 'GET',
    path: '/api/v1/claw/{agent}/sessions/{key}/export',
    handler: 'clawExport',
    credential: 'key',
    summary: 'A session with its archives',
    query: true,
  },
  {
    method: 'POST',
    path: '/api/v1/claw/{agent}/sessions/{key}/message',
    handler: 'clawMessage',
    credential: 'key',
    summary: 'Send a message to a session',
    body: true,
    streams: true,
  },
  {
    method: 'GET',
    path: '/api/v1/claw/{agent}/sessions/{key}/turns/{id}',
    handler: 'clawTurn',
    credential: 'key',
    summary: 'How far a turn has come, and its answer',
  },
  {
    method: 'GET',
    path: '/api/v1/claw/{agent}/sessions/{key}/turns/{id}/events',
    handler: 'clawTurnEvents',
    credential: 'key',
    summary: 'What has happened in a turn, or what has since an event',
    query: true,
    streams: true,
  },
  {
    method: 'POST',
    path: '/api/v1/claw/{agent}/sessions/{key}/reset',
    handler: 'clawReset',
    credential: 'key',
    summary: 'Archive a session and start afresh',
  },
  {
    method: 'DELETE',
    path: '/api/v1/claw/{agent}/sessions/{key}/memory',
    handler: 'clawForget',
    credential: 'key',
    summary: 'Delete what is remembered of a session: all its texts but the live history',
  },
  {
    method: 'GET',
    path: '/api/v1/claw/{agent}/sessions/{key}/memory/facts',
    handler: 'clawFacts',
    credential: 'key',
    summary: 'Facts that compactions of a session found, those in quarantine too',
  },
  {
    method: 'POST',
    path: '/api/v1/claw/{agent}/sessions/{key}/memory/facts/{fact}/approve',
    handler: 'clawFactApprove',
    credential: 'admin',
    summary: 'Take a fact out of quarantine',
  },
  {
    method: 'DELETE',
    path: '/api/v1/claw/{agent}/sessions/{key}/memory/facts/{fact}',
    handler: 'clawFactForget',
    credential: 'key',
    summary: 'Delete one fact',
  },
  {
    method: 'POST',
    path: '/api/v1/claw/{agent}/sessions/{key}/compact',
    handler: 'clawSessionCompact',
    credential: 'key',
    summary: 'Summarize the oldest turns of a session',
  },
  {
    method: 'POST',
    path: '/api/v1/claw/{agent}/compact',
    handler: 'clawCompact',
    credential: 'key',
    summary: 'Summarize the oldest turns of all sessions, or of one',
    body: true,
  },
  {
    method: 'GET',
    path: '/api/v1/forge',
    handler: 'forgeList',
    credential: 'key',
    summary: 'List forge agents',
  },
  {
    method: 'POST',
    path: '/api/v1/forge/{agent}/start',
    handler: 'forgeStart',
    credential: 'key',
    summary: 'Start a forge loop',
    body: true,
  },
  {
    method: 'POST',
    path: '/api/v1/forge/{agent}/stop',
    handler: 'forgeStop',
    credential: 'key',
    summary: 'Stop a running forge loop',
    body: true,
  },
  {
    method: 'GET',
    path: '/api/v1/forge/{agent}/status',
    handler: 'forgeStatus',
    credential: 'key',
    summary: 'State of the newest forge run',
    query: true,
  },
  {
    method: 'GET',
    path: '/api/v1/forge/{agent}/runs',
    handler: 'forgeRuns',
    credential: 'key',
    summary: 'Runs of a forge agent, newest first',
    query: true,
  },
  {
    method: 'GET',
    path: '/api/v1/forge/{agent}/runs/{id}',
    handler: 'forgeRun',
    credential: 'key',
    summary: 'A forge run with its iterations',
    query: true,
  },
  {
    method: 'GET',
    path: '/api/v1/forge/{agent}/workspace',
    handler: 'forgeWorkspace',
    credential: 'key',
    summary: 'A folder or a file of the workspace, or all of it as an archive',
    query: true,
  },
  {
    method: 'POST',
    path: '/api/v1/forge/{agent}/workspace',
    handler: 'forgeWorkspacePut',
    credential: 'key',
    summary: 'Write files into the workspace',
    body: true,
  },
  {
    method: 'GET',
    path: '/api/v1/health',
    handler: 'systemHealth',
    credential: 'key',
    summary: 'Health, agents and VM statistics',
  },
  {
    method: 'GET',
    path: '/api/v1/limits',
    handler: 'limits',
    credential: 'key',
    summary: 'Limits of requests',
  },
  {
    method: 'GET',
    path: '/api/v1/metrics',
    handler: 'metrics',
    credential: 'key',
    summary: 'Times of requests and what agents used, of this process',
  },
  {
    method: 'GET',
    path: '/metrics',
    handler: 'prometheus',
    credential: 'key',
    summary: 'The same for Prometheus, with the numbers that agents report of themselves',
  },
  {
    method: 'GET',
    path: '/openapi.json',
    handler: 'openApi',
    credential: 'key',
    summary: 'This description',
  },
  {
    method: 'GET',
    path: '/api/v1/agents',
    handler: 'agentList',
    credential: 'key',
    summary: 'List stateless agents',
  },
  {
    method: 'POST',
    path: '/api/v1/agent/ask',
    handler: 'agentAsk',
    credential: 'key',
    summary: 'Ask a stateless agent',
    body: true,
  },
  {
    method: 'POST',
    path: '/api/v1/admin/disable',
    handler: 'adminDisable',
    credential: 'admin',
    summary: 'Kill switch of an agent, or of all',
    body: true,
  },
  {
    method: 'POST',
    path: '/api/v1/admin/enable',
    handler: 'adminEnable',
    credential: 'admin',
    summary: 'Re-enable an agent, or all',
    body: true,
  },
  {
    method: 'POST',
    path: '/api/v1/admin/kill',
    handler: 'adminKill',
    credential: 'admin',
    summary: 'Kill switch of all agents, or of one',
    body: true,
  },
  {
    method: 'POST',
    path: '/admin/kill',
    handler: 'adminKill',
    credential: 'admin',
    summary: 'The same, at the path of chapter 24.3',
    body: true,
  },
  {
    method: 'GET',
    path: '/api/v1/admin/status',
    handler: 'adminStatus',
    credential: 'admin',
    summary: 'Disabled agents and what agents say of themselves',
  },
  {
    method: 'POST',
    path: '/api/v1/confirm',
    handler: 'confirm',
    credential: 'admin',
    summary: 'Approve or deny a tool call that waits for a person',
    body: true,
  },
  {
    method: 'GET',
    path: '/api/v1/admin/confirmations',
    handler: 'confirmationList',
    credential: 'admin',
    summary: 'Tool calls that wait for a person',
  },
  {
    method: 'ANY',
    path: '/{proxy+}',
    handler: 'channel',
    credential: 'key',
    summary: 'Paths of http channels; else 404',
  },
]

/** Wherever GET is taken, HEAD is, too (RFC 9110, 9.1). `ANY /{proxy+}` is the last row. */
export const ROUTES: readonly Route[] = TABLE.flatMap((route) =>
  route.method === 'GET' ? [route, { ...route, method: 'HEAD' }] : [route],
)

/** API Gateway's route key: `POST /api/v1/forge/{agent}/start`. */
export const routeKey = (route: Route): string => `${route.method} ${route.path}`
