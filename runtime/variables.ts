import { MAX_CONNECTIONS, MAX_INSTANCES, MAX_MODEL_CONNECTIONS, MAX_WHOLE } from './settings.ts'

/** Who reads a variable: one of the programs, or the functions on AWS. */
export const READERS = ['neam', 'neam-cli', 'neam-forge', 'neam-api', 'functions'] as const
export type Reader = (typeof READERS)[number]

/** Bounds, both included. */
export interface WholeNumber {
  readonly min: number
  readonly max: number
  readonly unit: string
}

/** An environment variable that has a meaning here: docs/environment.md and the help texts are written from these. */
export interface Variable {
  readonly name: string
  /** What it says, in one line without a full stop. */
  readonly meaning: string
  /** What it takes: words, or the bounds of a whole number. */
  readonly takes: string | WholeNumber
  /** What holds where it is not set; null = nothing, or the meaning says it. */
  readonly initial: string | null
  readonly readBy: readonly Reader[]
  /** The flag of the same meaning, which wins. */
  readonly flag?: string
  /** Page that tells more, under docs/. */
  readonly page?: string
  /** Told by docs/environment.md only, not by --help. */
  readonly rare?: true
}

export interface VariableGroup {
  readonly title: string
  readonly variables: readonly Variable[]
}

const EVERYONE = READERS
const LOCAL: readonly Reader[] = ['neam', 'neam-cli', 'neam-forge', 'neam-api']
const SERVERS: readonly Reader[] = ['neam-api', 'functions']
const SWITCH = '`1` or `0`'
const TEXT = 'text'
const DIRECTORY = 'a directory'
const SECRET = 'a secret'
const WEB_URL = 'an http or https URL'
const PROTOCOLS = '`http/protobuf` or `http/json`'
const count = (max: number, unit: string, min = 1): WholeNumber => ({ min, max, unit })

const KEPT: VariableGroup = {
  title: 'Where things are kept',
  variables: [
    {
      name: 'NEAM_SESSIONS_DIR',
      meaning: 'sessions of claw agents',
      takes: DIRECTORY,
      initial: '`.neam/sessions`',
      readBy: EVERYONE,
      page: 'session-file.md',
    },
    {
      name: 'NEAM_STATE_DIR',
      meaning: 'forge runs, budgets, approvals, kill switch',
      takes: DIRECTORY,
      initial: '`.neam/state`; with NEAM_SESSIONS_DIR, `.state` in it',
      readBy: EVERYONE,
      page: 'session-file.md',
    },
    {
      name: 'NEAM_WORKSPACE_DIR',
      meaning: 'what relative workspaces of agents resolve against',
      takes: DIRECTORY,
      initial: 'the current directory',
      readBy: EVERYONE,
      page: 'forge.md',
    },
    {
      name: 'NEAM_MEMORY_DIR',
      meaning: 'indexes of what agents remember: a cache, on a local disk, that may be deleted',
      takes: DIRECTORY,
      initial: 'a directory in the one for temporary files',
      readBy: EVERYONE,
      page: 'memory.md',
      rare: true,
    },
    {
      name: 'NEAM_TREE',
      meaning: 'whether sessions and state that are not there are made, or refused',
      takes: '`create` or `require`',
      initial: '`create`',
      readBy: EVERYONE,
      page: 'session-file.md',
      rare: true,
    },
    {
      name: 'NEAM_TREE_OF',
      meaning: 'name of this deployment; files that another one made are refused',
      takes: TEXT,
      initial: 'any will do',
      readBy: EVERYONE,
      page: 'session-file.md',
      rare: true,
    },
  ],
}

const MODELS: VariableGroup = {
  title: 'Models',
  variables: [
    {
      name: 'OPENAI_API_KEY',
      meaning: 'key of the provider `openai`',
      takes: SECRET,
      initial: null,
      readBy: EVERYONE,
      page: 'models.md',
    },
    {
      name: 'OPENAI_BASE_URL',
      meaning: 'server that the provider `openai` asks, for any that speaks its protocol',
      takes: WEB_URL,
      initial: '`https://api.openai.com/v1`',
      readBy: EVERYONE,
      page: 'models.md',
    },
    {
      name: 'ANTHROPIC_API_KEY',
      meaning: 'key of the provider `anthropic`',
      takes: SECRET,
      initial: null,
      readBy: EVERYONE,
      page: 'models.md',
    },
    {
      name: 'ANTHROPIC_BASE_URL',
      meaning: 'server that the provider `anthropic` asks',
      takes: WEB_URL,
      initial: '`https://api.anthropic.com`',
      readBy: EVERYONE,
      page: 'models.md',
    },
    {
      name: 'GEMINI_API_KEY',
      meaning: 'key of the provider `gemini`',
      takes: SECRET,
      initial: null,
      readBy: EVERYONE,
      page: 'models.md',
    },
    {
      name: 'OLLAMA_HOST',
      meaning: 'server of the provider `ollama`',
      takes: 'a URL, or HOST:PORT',
      initial: '`http://localhost:11434`',
      readBy: EVERYONE,
      page: 'models.md',
    },
    {
      name: 'NEAM_OFFLINE',
      meaning: 'every agent answers from the offline model: no key, no network',
      takes: SWITCH,
      initial: '`0`',
      readBy: EVERYONE,
      flag: '--offline',
    },
    {
      name: 'NEAM_LLM_RECORD',
      meaning: 'where every model call is recorded, a file for each agent',
      takes: DIRECTORY,
      initial: null,
      readBy: EVERYONE,
      page: 'models.md',
    },
    {
      name: 'NEAM_LLM_REPLAY',
      meaning: 'where recorded model calls are answered from, without key or network',
      takes: DIRECTORY,
      initial: null,
      readBy: EVERYONE,
      page: 'models.md',
    },
    {
      name: 'NEAM_PRICES',
      meaning: 'prices of models, beside the built-in ones or in their place',
      takes: 'a JSON file',
      initial: 'the built-in ones',
      readBy: EVERYONE,
      page: 'models.md',
    },
    {
      name: 'NEAM_LLM_POOL_SIZE',
      meaning: 'connections to models that one process has at once; calls beyond them wait',
      takes: count(MAX_MODEL_CONNECTIONS, 'connections'),
      initial: '8',
      readBy: EVERYONE,
      flag: '--llm-pool-size',
      page: 'server.md',
    },
    {
      name: 'NODE_USE_ENV_PROXY',
      meaning: 'calls go through the proxies that HTTPS_PROXY, HTTP_PROXY and NO_PROXY name',
      takes: SWITCH,
      initial: '`0`',
      readBy: EVERYONE,
      page: 'models.md',
    },
  ],
}

const AGENTS: VariableGroup = {
  title: 'Agents and their limits',
  variables: [
    {
      name: 'NEAM_MAX_TOOL_STEPS',
      meaning: 'rounds of tool calls in one turn or iteration',
      takes: count(1000, 'rounds'),
      initial: '25',
      readBy: EVERYONE,
    },
    {
      name: 'NEAM_CONFIRMATION_SECONDS',
      meaning: 'how long a tool call waits for a person; then it is denied',
      takes: count(604_800, 'seconds'),
      initial: '300',
      readBy: EVERYONE,
      page: 'approvals.md',
    },
    {
      name: 'NEAM_COMMAND_ISOLATION',
      meaning: '`require`: commands are refused where neither bwrap nor unshare isolates them',
      takes: '`best` or `require`',
      initial: '`best`',
      readBy: LOCAL,
      page: 'forge.md',
    },
    {
      name: 'NEAM_COMMAND_NETWORK',
      meaning: 'isolated commands may use the network',
      takes: SWITCH,
      initial: '`0`',
      readBy: LOCAL,
      page: 'forge.md',
    },
    {
      name: 'NEAM_COMMAND_MEMORY',
      meaning: 'MiB of memory that one command and all that it starts may use',
      takes: count(MAX_WHOLE, 'MiB'),
      initial: "three quarters of the machine's",
      readBy: EVERYONE,
      page: 'forge.md',
    },
    {
      name: 'NEAM_COMMAND_FILE_SIZE',
      meaning: 'MiB that one file may have that a command writes',
      takes: count(MAX_WHOLE, 'MiB'),
      initial: '4096',
      readBy: EVERYONE,
      page: 'forge.md',
    },
    {
      name: 'NEAM_COMMAND_PROCESSES',
      meaning: 'processes and threads that one command may have at once',
      takes: count(MAX_WHOLE, 'processes and threads'),
      initial: '2048; on AWS 512',
      readBy: EVERYONE,
      page: 'forge.md',
    },
    {
      name: 'NEAM_CHECKPOINT_FILES',
      meaning: 'files that one checkpoint of a forge run may take in',
      takes: count(MAX_WHOLE, 'files'),
      initial: '50000',
      readBy: EVERYONE,
      page: 'forge.md',
    },
    {
      name: 'NEAM_CHECKPOINT_SIZE',
      meaning: 'MiB that one checkpoint of a forge run may take in',
      takes: count(MAX_WHOLE, 'MiB'),
      initial: '2048',
      readBy: EVERYONE,
      page: 'forge.md',
    },
    {
      name: 'NEAM_WEBHOOK_URL',
      meaning: 'who is told of the end of a forge run',
      takes: WEB_URL,
      initial: 'nobody',
      readBy: EVERYONE,
      page: 'forge.md',
    },
    {
      name: 'NEAM_WEBHOOK_SECRET',
      meaning: 'what notices to NEAM_WEBHOOK_URL are signed with; without it none is sent',
      takes: SECRET,
      initial: null,
      readBy: EVERYONE,
      page: 'forge.md',
    },
    {
      name: 'NEAM_EVENT_BUS',
      meaning: 'EventBridge bus that is told of it, too',
      takes: 'a name or an ARN',
      initial: 'none',
      readBy: EVERYONE,
      page: 'forge.md',
    },
    {
      name: 'NEAM_DISABLED',
      meaning: 'the kill switch is on from the start: no agent works until it is turned off',
      takes: SWITCH,
      initial: '`0`',
      readBy: EVERYONE,
      flag: '--disabled',
      rare: true,
    },
  ],
}

const SERVER: VariableGroup = {
  title: 'The server',
  variables: [
    {
      name: 'NEAM_API_KEY',
      meaning: 'keys that requests must carry, comma-separated; `neam-cli` sends the first one',
      takes: 'secrets of 16 characters or more',
      initial: 'none: open, on 127.0.0.1 only',
      readBy: ['neam-cli', ...SERVERS],
    },
    {
      name: 'NEAM_ADMIN_KEY',
      meaning: 'the same for admin routes; in production no key may be in both',
      takes: 'secrets of 16 characters or more',
      initial: 'none: for callers on this machine only',
      readBy: ['neam-cli', ...SERVERS],
      page: 'approvals.md',
    },
    {
      name: 'NEAM_ENV',
      meaning: '`production`: nothing is served without a good NEAM_API_KEY',
      takes: '`production`',
      initial: 'development',
      readBy: ['neam-api'],
    },
    {
      name: 'NEAM_URL',
      meaning: 'server that `neam-cli` talks to',
      takes: WEB_URL,
      initial: '`http://127.0.0.1:8080`',
      readBy: ['neam-cli'],
      flag: '--url',
    },
    {
      name: 'NEAM_PROGRAM',
      meaning: 'program to serve',
      takes: 'a .neam or .neamb file',
      initial: null,
      readBy: ['neam-api'],
      flag: '--program',
    },
    {
      name: 'NEAM_BYTECODE',
      meaning: 'compiled program to serve',
      takes: 'a directory with one .neamb file, or the file',
      initial: 'on AWS, the program of the image',
      readBy: SERVERS,
      flag: '--bytecode',
    },
    {
      name: 'NEAM_WATCH',
      meaning: 'the program is loaded again when its files change',
      takes: SWITCH,
      initial: '`0`',
      readBy: ['neam-api'],
      flag: '--watch',
      page: 'server.md',
    },
    {
      name: 'NEAM_HOST',
      meaning: 'interface to bind',
      takes: 'a host name or an address',
      initial: '`0.0.0.0` with NEAM_API_KEY set, else `127.0.0.1`',
      readBy: ['neam-api'],
      flag: '--host',
    },
    {
      name: 'NEAM_PORT',
      meaning: 'TCP port, 0 = a free one',
      takes: count(65_535, '', 0),
      initial: '8080',
      readBy: ['neam-api'],
      flag: '--port',
    },
    {
      name: 'NEAM_TIMEOUT',
      meaning: 'limit of a request',
      takes: count(Number.MAX_SAFE_INTEGER, 'milliseconds', 1000),
      initial: '60000',
      readBy: ['neam-api'],
      flag: '--timeout',
      page: 'long-turns.md',
    },
    {
      name: 'NEAM_DRAIN_SECONDS',
      meaning: 'time for requests in hand after SIGTERM',
      takes: count(300, 'seconds'),
      initial: '10',
      readBy: ['neam-api'],
      flag: '--drain-seconds',
      page: 'server.md',
    },
    {
      name: 'NEAM_WORKERS',
      meaning: 'processes that share the port',
      takes: count(64, 'processes'),
      initial: '1',
      readBy: ['neam-api'],
      flag: '--workers',
      page: 'server.md',
    },
    {
      name: 'NEAM_POOL_SIZE',
      meaning: 'requests and background turns of one process that run the program at once; those beyond wait',
      takes: count(MAX_INSTANCES, 'VM instances'),
      initial: String(MAX_INSTANCES),
      readBy: SERVERS,
      flag: '--pool-size',
      page: 'server.md',
    },
    {
      name: 'NEAM_MAX_CONNECTIONS',
      meaning: 'connections of callers to one process; beyond them only probes are answered',
      takes: count(MAX_CONNECTIONS, 'connections'),
      initial: '10000',
      readBy: ['neam-api'],
      flag: '--max-connections',
      page: 'server.md',
    },
    {
      name: 'NEAM_RATE_LIMIT',
      meaning: 'requests that one key may send to one process in any 60 seconds; beyond them, 429',
      takes: count(MAX_WHOLE, 'requests a minute'),
      initial: 'no limit',
      readBy: SERVERS,
    },
    {
      name: 'NEAM_CONCURRENT_REQUESTS',
      meaning: 'requests that one key may have in hand at once in one process; beyond them, 429',
      takes: count(MAX_WHOLE, 'requests'),
      initial: 'no limit',
      readBy: SERVERS,
    },
    {
      name: 'NEAM_WRONG_KEY_LIMIT',
      meaning: 'wrong keys that one address may send to one process in any 60 seconds; beyond them, 429',
      takes: count(MAX_WHOLE, 'keys a minute'),
      initial: '20',
      readBy: SERVERS,
    },
  ],
}

const RECORDS: VariableGroup = {
  title: 'Log, audit, traces',
  variables: [
    {
      name: 'NEAM_LOG_LEVEL',
      meaning: 'lines of the log that are written: these and graver ones',
      takes: '`info`, `warn`, `error` or `silent`',
      initial: '`info`',
      readBy: SERVERS,
      page: 'observability.md',
    },
    {
      name: 'NEAM_AUDIT_SINK',
      meaning: 'where audit records go; `json` is stdout',
      takes: '`stderr`, `file`, `json` or `none`',
      initial: '`none`; `stderr` for neam-api, `json` for functions',
      readBy: EVERYONE,
      flag: '--audit-sink',
      page: 'audit.md',
    },
    {
      name: 'NEAM_AUDIT_LOG',
      meaning: 'file of the sink `file`; `neam-cli audit verify` examines it',
      takes: 'a file',
      initial: null,
      readBy: EVERYONE,
      flag: '--audit-log',
      page: 'audit.md',
    },
    {
      name: 'OTEL_EXPORTER_OTLP_ENDPOINT',
      meaning: 'where traces are sent; OpenTelemetry has more variables',
      takes: WEB_URL,
      initial: 'nothing is traced',
      readBy: EVERYONE,
      page: 'observability.md',
    },
    {
      name: 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
      meaning: 'the whole address that traces are sent to',
      takes: WEB_URL,
      initial: '`/v1/traces` below the other endpoint',
      readBy: EVERYONE,
      page: 'observability.md',
      rare: true,
    },
    {
      name: 'OTEL_EXPORTER_OTLP_PROTOCOL',
      meaning: 'how they are sent',
      takes: PROTOCOLS,
      initial: '`http/protobuf`',
      readBy: EVERYONE,
      page: 'observability.md',
      rare: true,
    },
    {
      name: 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL',
      meaning: 'the same, and wins',
      takes: PROTOCOLS,
      initial: null,
      readBy: EVERYONE,
      page: 'observability.md',
      rare: true,
    },
    {
      name: 'OTEL_TRACES_EXPORTER',
      meaning: '`otlp`: traced also without an endpoint, to `http://localhost:4318`; `none`: not traced',
      takes: '`otlp` or `none`',
      initial: 'traced where there is an endpoint',
      readBy: EVERYONE,
      page: 'observability.md',
      rare: true,
    },
    {
      name: 'OTEL_SDK_DISABLED',
      meaning: '`true`: nothing is traced',
      takes: '`true` or `false`',
      initial: '`false`',
      readBy: EVERYONE,
      page: 'observability.md',
      rare: true,
    },
    {
      name: 'OTEL_TRACES_SAMPLER',
      meaning: 'which traces are recorded',
      takes: '`always_on`, `always_off`, `traceidratio`, each also behind `parentbased_`',
      initial: '`parentbased_always_on`',
      readBy: EVERYONE,
      page: 'observability.md',
      rare: true,
    },
    {
      name: 'OTEL_TRACES_SAMPLER_ARG',
      meaning: 'share of the traces that `traceidratio` records',
      takes: '0 to 1',
      initial: '1',
      readBy: EVERYONE,
      page: 'observability.md',
      rare: true,
    },
    {
      name: 'OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT',
      meaning: '`true`, `span_only` and `span_and_event` record what people and models write',
      takes: '`true`, `false`, `span_only`, `span_and_event`, `event_only` or `no_content`',
      initial: '`false`',
      readBy: EVERYONE,
      page: 'observability.md',
      rare: true,
    },
    {
      name: 'OTEL_SERVICE_NAME',
      meaning: 'name of the service in traces',
      takes: TEXT,
      initial: '`neamclaw-lambda`',
      readBy: EVERYONE,
      page: 'observability.md',
      rare: true,
    },
    {
      name: 'OTEL_RESOURCE_ATTRIBUTES',
      meaning: 'what else traces tell of the service',
      takes: '`name=value,name=value`',
      initial: null,
      readBy: EVERYONE,
      page: 'observability.md',
      rare: true,
    },
  ],
}

const STACK: VariableGroup = {
  title: 'Set by the stack',
  variables: [
    [
      'NEAM_SECRET_ARN',
      'secrets that keys are read from: JSON objects of variables by name',
      'ARNs, comma-separated',
    ],
    ['NEAM_STATE_MACHINE_ARN', 'state machine that drives forge runs', 'an ARN'],
    ['NEAM_SANDBOX_FUNCTION', 'function that runs the commands of programs; without it none runs', 'a name'],
    ['NEAM_TURN_WORKER', 'function that goes on with long turns', 'a name'],
    ['NEAM_FILE_SYSTEM_ID', 'EFS file system that `GET /ready` asks about', 'an id'],
    ['AWS_LAMBDA_FUNCTION_NAME', 'set by Lambda: the process is a function', 'a name'],
    ['AWS_SAM_LOCAL', 'set by `sam local invoke`: a function, but not on AWS', '`true`'],
  ].map(([name, meaning, takes]) => ({
    name: name!,
    meaning: meaning!,
    takes: takes!,
    initial: null,
    readBy: ['functions'],
    rare: true,
  })),
}

/** In the order of docs/environment.md. */
export const VARIABLES: readonly VariableGroup[] = [KEPT, MODELS, AGENTS, SERVER, RECORDS, STACK]
