/** Requests and what is answered to them, in the order in which they are sent: each builds on those before. */

/** Which key is presented. */
export type Key = 'none' | 'api' | 'admin' | 'wrong'

export interface HttpCase {
  /** Also the name of the event that API Gateway makes of it: `http-events/NAME.json`. */
  readonly name: string
  readonly method: string
  /** As it is sent; `{run}` stands for the id of the finished run. */
  readonly path: string
  /** Default: `api`. */
  readonly key?: Key
  /** More headers, in the order in which they are sent. */
  readonly headers?: readonly (readonly [name: string, value: string])[]
  readonly body?: string | Uint8Array
  readonly status: number
  /** Of a failure. */
  readonly code?: string
}

const json = (value: unknown): string => JSON.stringify(value)

/** What Shop remembers of alice, as it lies in `memory/`. */
export const FACTS = ['Alice collects in Bremen.', 'Alice is left-handed.']
  .map((content) => `${json({ role: 'system', content, ts: '2026-11-21T10:00:00Z', tainted: true })}\n`)
  .join('')

const KEYED = [['idempotency-key', 'order-17']] as const
/** The turn of that key, and what is waiting in it. */
const TURN = 'if45b6bafd9a079f624c8bff80f3839e4a87009f5'
const TRACE = '594a506d6aa4be388d4d7f2770a06ca6'
const SESSION = '/api/v1/claw/Shop/sessions/alice'
/** The second of `FACTS`. */
const FACT = `${SESSION}/memory/facts/f581084526c03e56`
/** More than a request may have. */
export const TOO_LARGE = json({ message: 'x'.repeat(1024 * 1024) })

const PROBES: readonly HttpCase[] = [
  { name: 'health', method: 'GET', path: '/health', key: 'none', status: 200 },
  { name: 'ready', method: 'GET', path: '/ready', key: 'none', status: 200 },
  { name: 'head', method: 'HEAD', path: '/health', key: 'none', status: 200 },
  { name: 'head-refused', method: 'HEAD', path: '/api/v1/claw', key: 'none', status: 401 },
  { name: 'system-health', method: 'GET', path: '/api/v1/health', status: 200 },
  { name: 'limits', method: 'GET', path: '/api/v1/limits', status: 200 },
  { name: 'openapi', method: 'GET', path: '/openapi.json', status: 200 },
]

const KEYS: readonly HttpCase[] = [
  { name: 'no-key', method: 'GET', path: '/api/v1/claw', key: 'none', status: 401, code: 'unauthorized' },
  { name: 'wrong-key', method: 'GET', path: '/api/v1/claw', key: 'wrong', status: 401, code: 'unauthorized' },
  {
    name: 'key-in-query',
    method: 'GET',
    path: '/api/v1/claw?api_key=api-key-of-the-contract',
    key: 'none',
    status: 401,
    code: 'unauthorized',
  },
  {
    name: 'two-keys',
    method: 'GET',
    path: '/api/v1/claw',
    headers: [['authorization', 'Bearer another-key-of-somebody']],
    status: 401,
    code: 'unauthorized',
  },
  { name: 'api-key-as-admin', method: 'GET', path: '/api/v1/admin/status', status: 403, code: 'forbidden' },
  {
    name: 'admin-key-as-api',
    method: 'GET',
    path: '/api/v1/claw',
    key: 'admin',
    status: 403,
    code: 'forbidden',
  },
]

const PATHS: readonly HttpCase[] = [
  { name: 'unknown-path', method: 'GET', path: '/nowhere', status: 404, code: 'route_not_found' },
  { name: 'trailing-slash', method: 'GET', path: '/health/', status: 404, code: 'route_not_found' },
  { name: 'double-slash', method: 'GET', path: '/api/v1//claw', status: 404, code: 'route_not_found' },
  { name: 'other-case', method: 'GET', path: '/Health', status: 404, code: 'route_not_found' },
  {
    name: 'wrong-method',
    method: 'DELETE',
    path: '/api/v1/forge/Builder/status',
    status: 405,
    code: 'method_not_allowed',
  },
  { name: 'options', method: 'OPTIONS', path: '/api/v1/claw', status: 405, code: 'method_not_allowed' },
  { name: 'preflight', method: 'OPTIONS', path: '/v1/chat', key: 'none', status: 204 },
  { name: 'channel-method', method: 'GET', path: '/v1/chat', status: 405, code: 'method_not_allowed' },
]

const BODIES: readonly HttpCase[] = [
  ...(
    [
      ['bad-json', '{"message": '],
      ['list-body', '[1]'],
      ['text-body', '"hello"'],
      ['no-body', undefined],
      ['empty-message', json({ message: ' ' })],
      ['unknown-field', json({ message: 'hi', mesage: 1 })],
      ['wrong-type', json({ message: 7 })],
      ['proto', '{"message": "hi", "__proto__": {"lane": "vip"}}'],
      ['deep', `${'['.repeat(100)}${']'.repeat(100)}`],
      ['not-utf8', Uint8Array.of(0x7b, 0xff, 0xfe, 0x7d)],
    ] as const
  ).map(
    ([name, body]): HttpCase => ({
      name,
      method: 'POST',
      path: `${SESSION}/message`,
      ...(body === undefined ? {} : { body }),
      status: 400,
      code: 'bad_request',
    }),
  ),
  {
    name: 'packed-body',
    method: 'POST',
    path: `${SESSION}/message`,
    headers: [['content-encoding', 'gzip']],
    body: json({ message: 'hi' }),
    status: 415,
    code: 'encoding_not_supported',
  },
  {
    name: 'odd-idempotency-key',
    method: 'POST',
    path: `${SESSION}/message`,
    headers: [['idempotency-key', 'two words']],
    body: json({ message: 'hi' }),
    status: 400,
    code: 'bad_request',
  },
]

const STATELESS: readonly HttpCase[] = [
  { name: 'agents', method: 'GET', path: '/api/v1/agents', status: 200 },
  {
    name: 'ask',
    method: 'POST',
    path: '/api/v1/agent/ask',
    body: json({ agent_id: 'Helper', query: 'Say hello' }),
    status: 200,
  },
  {
    name: 'ask-nobody',
    method: 'POST',
    path: '/api/v1/agent/ask',
    body: json({ agent_id: 'nobody', query: 'Say hello' }),
    status: 404,
    code: 'agent_not_found',
  },
]

const CLAW: readonly HttpCase[] = [
  { name: 'claws', method: 'GET', path: '/api/v1/claw', status: 200 },
  {
    name: 'message',
    method: 'POST',
    path: `${SESSION}/message`,
    body: json({ message: 'Grüße, 世界 👋', metadata: { lane: 'default' } }),
    status: 200,
  },
  {
    name: 'message-as-bytes',
    method: 'POST',
    path: `${SESSION}/message`,
    headers: [['content-type', 'application/octet-stream']],
    body: json({ message: 'Sent as bytes' }),
    status: 200,
  },
  {
    name: 'message-to-nobody',
    method: 'POST',
    path: '/api/v1/claw/nobody/sessions/alice/message',
    body: json({ message: 'hi' }),
    status: 404,
    code: 'agent_not_found',
  },
  {
    name: 'encoded-path',
    method: 'POST',
    path: '/api/v1/claw/Shop/sessions/al%69ce%40example.org/message',
    body: json({ message: 'My name has an at sign' }),
    status: 200,
  },
  {
    name: 'encoded-slash',
    method: 'POST',
    path: '/api/v1/claw/Shop/sessions/..%2F..%2Fetc/message',
    body: json({ message: 'hi' }),
    status: 200,
  },
  {
    name: 'unusable-session',
    method: 'POST',
    path: '/api/v1/claw/Shop/sessions/a%00b/message',
    body: json({ message: 'hi' }),
    status: 400,
    code: 'session_key_invalid',
  },
  {
    name: 'message-that-waits',
    method: 'POST',
    path: `${SESSION}/message`,
    headers: KEYED,
    body: json({ message: 'Please refund order ORD-17' }),
    status: 202,
  },
  {
    name: 'message-again',
    method: 'POST',
    path: `${SESSION}/message`,
    headers: KEYED,
    body: json({ message: 'Please refund order ORD-17' }),
    status: 202,
  },
  {
    name: 'other-message-of-the-key',
    method: 'POST',
    path: `${SESSION}/message`,
    headers: KEYED,
    body: json({ message: 'Please refund order ORD-18' }),
    status: 422,
    code: 'idempotency_conflict',
  },
  { name: 'turn-that-waits', method: 'GET', path: `${SESSION}/turns/${TURN}`, status: 200 },
  {
    name: 'turn-unknown',
    method: 'GET',
    path: `${SESSION}/turns/nothing`,
    status: 404,
    code: 'turn_not_found',
  },
  {
    name: 'confirmations',
    method: 'GET',
    path: '/api/v1/admin/confirmations',
    key: 'admin',
    status: 200,
  },
  {
    name: 'confirm',
    method: 'POST',
    path: '/api/v1/confirm',
    key: 'admin',
    body: json({ trace_id: TRACE, action: 'approve' }),
    status: 200,
  },
  {
    name: 'confirm-again',
    method: 'POST',
    path: '/api/v1/confirm',
    key: 'admin',
    body: json({ trace_id: TRACE, action: 'deny' }),
    status: 409,
    code: 'confirmation_decided',
  },
  {
    name: 'confirm-unknown',
    method: 'POST',
    path: '/api/v1/confirm',
    key: 'admin',
    body: json({ trace_id: 'nothing', action: 'deny' }),
    status: 404,
    code: 'confirmation_not_found',
  },
  { name: 'turn-over', method: 'GET', path: `${SESSION}/turns/${TURN}`, status: 200 },
  { name: 'turn-events', method: 'GET', path: `${SESSION}/turns/${TURN}/events`, status: 200 },
  { name: 'sessions', method: 'GET', path: '/api/v1/claw/Shop/sessions?limit=1', status: 200 },
  {
    name: 'sessions-limit',
    method: 'GET',
    path: '/api/v1/claw/Shop/sessions?limit=0',
    status: 400,
    code: 'bad_request',
  },
  {
    name: 'query-twice',
    method: 'GET',
    path: '/api/v1/claw/Shop/sessions?limit=1&limit=2',
    status: 400,
    code: 'bad_request',
  },
  {
    name: 'unknown-query',
    method: 'GET',
    path: '/api/v1/claw/Shop/sessions?limt=1',
    status: 400,
    code: 'bad_request',
  },
  {
    name: 'encoded-query',
    method: 'GET',
    path: '/api/v1/claw/Shop/sessions?after=%C3%A9+%26',
    status: 200,
  },
  { name: 'history', method: 'GET', path: `${SESSION}/history?limit=2&before=4`, status: 200 },
  { name: 'compact-session', method: 'POST', path: `${SESSION}/compact`, status: 200 },
  {
    name: 'compact',
    method: 'POST',
    path: '/api/v1/claw/Shop/compact',
    body: json({ session_key: 'bob' }),
    status: 200,
  },
  { name: 'reset', method: 'POST', path: `${SESSION}/reset`, status: 200 },
  { name: 'export', method: 'GET', path: `${SESSION}/export`, status: 200 },
  {
    name: 'export-of-no-archive',
    method: 'GET',
    path: `${SESSION}/export?archive=none.jsonl`,
    status: 404,
    code: 'archive_not_found',
  },
  { name: 'facts', method: 'GET', path: `${SESSION}/memory/facts`, status: 200 },
  {
    name: 'fact-approve-api-key',
    method: 'POST',
    path: `${FACT}/approve`,
    status: 403,
    code: 'forbidden',
  },
  { name: 'fact-approve', method: 'POST', path: `${FACT}/approve`, key: 'admin', status: 200 },
  { name: 'fact-forget', method: 'DELETE', path: FACT, status: 200 },
  { name: 'fact-forget-again', method: 'DELETE', path: FACT, status: 404, code: 'fact_not_found' },
  { name: 'forget', method: 'DELETE', path: `${SESSION}/memory`, status: 200 },
  {
    name: 'channel-message',
    method: 'POST',
    path: '/v1/chat',
    body: json({ user_id: 'carol', content: 'Hello over a channel' }),
    status: 200,
  },
  {
    name: 'channel-without-user',
    method: 'POST',
    path: '/v1/chat',
    body: json({ content: 'Hello' }),
    status: 400,
    code: 'bad_request',
  },
]

const FORGE: readonly HttpCase[] = [
  { name: 'forges', method: 'GET', path: '/api/v1/forge', status: 200 },
  { name: 'forge-status', method: 'GET', path: '/api/v1/forge/Builder/status', status: 200 },
  {
    name: 'forge-status-of-nobody',
    method: 'GET',
    path: '/api/v1/forge/nobody/status',
    status: 404,
    code: 'agent_not_found',
  },
  { name: 'forge-runs', method: 'GET', path: '/api/v1/forge/Builder/runs?limit=5', status: 200 },
  { name: 'forge-run', method: 'GET', path: '/api/v1/forge/Builder/runs/{run}?limit=1', status: 200 },
  {
    name: 'forge-run-unknown',
    method: 'GET',
    path: '/api/v1/forge/Builder/runs/nothing',
    status: 404,
    code: 'run_not_found',
  },
  { name: 'forge-stop', method: 'POST', path: '/api/v1/forge/Builder/stop', status: 200 },
  {
    name: 'workspace-put',
    method: 'POST',
    path: '/api/v1/forge/Builder/workspace',
    body: json({ files: { 'notes/a b.txt': 'text', 'logo.bin': { base64: '//4A' } } }),
    status: 200,
  },
  {
    name: 'workspace-escape',
    method: 'POST',
    path: '/api/v1/forge/Builder/workspace',
    body: json({ files: { '../out.txt': 'text' } }),
    status: 400,
    code: 'path_refused',
  },
  { name: 'workspace', method: 'GET', path: '/api/v1/forge/Builder/workspace', status: 200 },
  {
    name: 'workspace-file',
    method: 'GET',
    path: '/api/v1/forge/Builder/workspace?path=notes%2Fa%20b.txt',
    status: 200,
  },
  {
    name: 'workspace-bytes',
    method: 'GET',
    path: '/api/v1/forge/Builder/workspace?path=logo.bin',
    status: 200,
  },
  {
    name: 'workspace-export',
    method: 'GET',
    path: '/api/v1/forge/Builder/workspace?path=notes&export=tar',
    status: 200,
  },
  {
    name: 'workspace-nothing',
    method: 'GET',
    path: '/api/v1/forge/Builder/workspace?path=nothing',
    status: 404,
    code: 'path_not_found',
  },
  {
    name: 'forge-start-refused',
    method: 'POST',
    path: '/api/v1/forge/Builder/start',
    body: json({ max_iterations: 0 }),
    status: 400,
    code: 'bad_request',
  },
]

const ADMIN: readonly HttpCase[] = [
  {
    name: 'disable',
    method: 'POST',
    path: '/api/v1/admin/disable',
    key: 'admin',
    body: json({ agent: 'Shop', reason: 'a test' }),
    status: 200,
  },
  {
    name: 'message-to-disabled',
    method: 'POST',
    path: `${SESSION}/message`,
    body: json({ message: 'hi' }),
    status: 503,
    code: 'agent_disabled',
  },
  {
    name: 'enable',
    method: 'POST',
    path: '/api/v1/admin/enable',
    key: 'admin',
    body: json({ agent: 'Shop' }),
    status: 200,
  },
  { name: 'kill', method: 'POST', path: '/api/v1/admin/kill', key: 'admin', status: 200 },
  { name: 'kill-of-chapter', method: 'POST', path: '/admin/kill', key: 'admin', status: 200 },
  {
    name: 'enable-all',
    method: 'POST',
    path: '/api/v1/admin/enable',
    key: 'admin',
    body: json({ agent: '*' }),
    status: 200,
  },
  { name: 'admin-status', method: 'GET', path: '/api/v1/admin/status', key: 'admin', status: 200 },
  { name: 'metrics', method: 'GET', path: '/api/v1/metrics', status: 200 },
  { name: 'prometheus', method: 'GET', path: '/metrics', status: 200 },
]

/** What the figures of the local server count otherwise: it drives runs itself, and reads no more than a body may have. */
const UNCOUNTED: readonly HttpCase[] = [
  {
    name: 'forge-start',
    method: 'POST',
    path: '/api/v1/forge/Builder/start',
    body: json({ max_iterations: 2 }),
    status: 200,
  },
  {
    name: 'large-body',
    method: 'POST',
    path: `${SESSION}/message`,
    body: TOO_LARGE,
    status: 413,
    code: 'body_too_large',
  },
]

export const HTTP_CASES: readonly HttpCase[] = [
  ...PROBES,
  ...KEYS,
  ...PATHS,
  ...BODIES,
  ...STATELESS,
  ...CLAW,
  ...FORGE,
  ...ADMIN,
  ...UNCOUNTED,
]
