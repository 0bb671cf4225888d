/** Names of the environment variables the functions read; shared by handlers, stack and docs. */
export const ENV = {
  /** Directory or file of compiled programs (`.neamb`). */
  bytecode: 'NEAM_BYTECODE',
  sessionsDir: 'NEAM_SESSIONS_DIR',
  workspaceDir: 'NEAM_WORKSPACE_DIR',
  stateDir: 'NEAM_STATE_DIR',
  /** Indexes of what claw agents remember: a cache on a local disk (default: in the directory for temporary files). */
  memoryDir: 'NEAM_MEMORY_DIR',
  /** `create` (default) or `require`. */
  tree: 'NEAM_TREE',
  /** Name of the deployment: a tree that another one made is refused (default: any will do). */
  treeOf: 'NEAM_TREE_OF',
  /** API keys, comma-separated. Local only; on Lambda see `apiKeySecretArn`. */
  apiKey: 'NEAM_API_KEY',
  adminKey: 'NEAM_ADMIN_KEY',
  /** Secrets Manager ARN of a JSON object {NEAM_API_KEY, NEAM_ADMIN_KEY, OPENAI_API_KEY, ...}. */
  secretArn: 'NEAM_SECRET_ARN',
  /** ARN of the forge state machine. */
  stateMachineArn: 'NEAM_STATE_MACHINE_ARN',
  /** EFS file system of the tree; GET /ready asks EFS about it. */
  fileSystemId: 'NEAM_FILE_SYSTEM_ID',
  /** Name of the function that runs commands of programs; without it, none run on Lambda. */
  sandboxFunction: 'NEAM_SANDBOX_FUNCTION',
  /** Name of the function that goes on with turns that take longer than API Gateway waits. */
  turnWorker: 'NEAM_TURN_WORKER',
  /** `production` refuses to serve without a key. */
  environment: 'NEAM_ENV',
  /** JSON file with prices that add to or override the built-in table. */
  prices: 'NEAM_PRICES',
  /** `1`: every agent answers from the offline model. */
  offline: 'NEAM_OFFLINE',
  /** Directory in which every model call is recorded, a file an agent. */
  llmRecord: 'NEAM_LLM_RECORD',
  /** Directory from which every agent is answered, as it was recorded. */
  llmReplay: 'NEAM_LLM_REPLAY',
  /** Seconds that a tool call waits for a person (default 300, at most 604800). */
  confirmationSeconds: 'NEAM_CONFIRMATION_SECONDS',
  /** Requests that one API key may send to one process in any 60 seconds (default: no limit). */
  rateLimit: 'NEAM_RATE_LIMIT',
  /** Requests that one API key may have in hand at once in one process (default: no limit). */
  concurrentRequests: 'NEAM_CONCURRENT_REQUESTS',
  /** Wrong keys that one address may send to one process in any 60 seconds (default 20). */
  wrongKeyLimit: 'NEAM_WRONG_KEY_LIMIT',
  /** Requests and background turns of one process that run a program at once, 1 to 128 (default 128). */
  poolSize: 'NEAM_POOL_SIZE',
  /** Connections to models that one process has at once, 1 to 256 (default 8). */
  llmPoolSize: 'NEAM_LLM_POOL_SIZE',
  openaiBaseUrl: 'OPENAI_BASE_URL',
  anthropicBaseUrl: 'ANTHROPIC_BASE_URL',
  ollamaHost: 'OLLAMA_HOST',
  /** `best` (default) or `require`: commands are refused where neither bwrap nor unshare works. */
  commandIsolation: 'NEAM_COMMAND_ISOLATION',
  /** `1`: commands that run isolated (bwrap, unshare) may use the network. */
  commandNetwork: 'NEAM_COMMAND_NETWORK',
  /** Where the end of a forge run is told; signed with NEAM_WEBHOOK_SECRET, a secret like the provider keys. */
  webhookUrl: 'NEAM_WEBHOOK_URL',
  /** EventBridge bus, by name or ARN, that the end of a forge run is put on. */
  eventBus: 'NEAM_EVENT_BUS',
  /** Where traces are sent (OTLP over HTTP); docs/observability.md has OpenTelemetry's other variables that are read. */
  otlpEndpoint: 'OTEL_EXPORTER_OTLP_ENDPOINT',
  /** `info` (default), `warn`, `error` or `silent`. */
  logLevel: 'NEAM_LOG_LEVEL',
} as const
