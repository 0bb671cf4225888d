import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { CHECKPOINT_LIMITS, type CheckpointLimits } from '../agents/ports/checkpoints.ts'
import type { GivenLimits } from '../commands/limits.ts'
import type { Cassettes } from '../providers/cassettes/models.ts'
import type { Environment } from './environment.ts'
import { EnvironmentReader } from './environment-reader.ts'
import { SettingsError } from './settings-error.ts'
import { readTracing, type TracingSettings } from './tracing/settings.ts'

/** Where and how a system runs, from the environment; `runtime/variables.ts` tells what each variable means. */
export interface Settings {
  /** Absolute. */
  readonly sessionsDir: string
  /** Absolute. */
  readonly stateDir: string
  /** Absolute; on a local disk. Indexes of what claw agents remember, which may be deleted at any time. */
  readonly memoryDir: string
  /** Absolute; null = workspaces resolve against the current directory. */
  readonly workspaceDir: string | null
  readonly cwd: string
  /** Whether a missing tree is made or refused. */
  readonly tree: 'create' | 'require'
  /** Name of the deployment whose tree it must be; null = any. */
  readonly treeOf: string | null
  /** Every agent answers from the offline model. */
  readonly offline: boolean
  /** Where model calls are kept, or answered from; null = neither. */
  readonly cassettes: Cassettes | null
  /** Starts with the kill switch on. */
  readonly disabled: boolean
  /** Without a key nothing is served. */
  readonly production: boolean
  /** Really on AWS: `sam local invoke` is not. */
  readonly onLambda: boolean
  readonly secretArns: readonly string[]
  /** Absolute; has secrets as files, which win over the environment; null = none. */
  readonly secretsDir: string | null
  readonly stateMachineArn: string | null
  /** Name of the function that runs commands; only asked on Lambda. */
  readonly sandboxFunction: string | null
  /** EFS file system that the tree lies on; null = unknown, or no EFS. */
  readonly fileSystemId: string | null
  /** Name of the function that goes on with long turns; null = this process does. */
  readonly turnWorkerFunction: string | null
  readonly pricesFile: string | null
  /** neam-api loads its program again when the files of it change. */
  readonly watch: boolean
  /** neam-api serves all channels where the API is, whatever port they declare. */
  readonly onePort: boolean
  /** Directory or file of compiled programs. */
  readonly bytecode: string | null
  /** `require`: commands are refused where nothing isolates them. */
  readonly commandIsolation: (typeof COMMAND_ISOLATIONS)[number]
  /** Whether isolated commands may use the network. */
  readonly commandNetwork: boolean
  /** What one command may take of the machine, where somebody says so. */
  readonly commandLimits: GivenLimits
  readonly checkpointLimits: CheckpointLimits
  /** Told when a forge run has ended; null = nobody. */
  readonly webhookUrl: string | null
  /** Most VM instances of one process that work at once: of requests, and of turns in the background. */
  readonly instances: number
  /** Turns of one agent at once, over all its lanes and all processes of the tree; null = as many as its lanes let. */
  readonly agentTurns: number | null
  /** Most connections of one process to models. */
  readonly modelConnections: number
  /** Most connections of callers to one process of `neam-api`; null = 10,000, or as many as its open files allow. */
  readonly connections: number | null
  /** EventBridge bus that is told as well, name or ARN; null = none. */
  readonly eventBus: string | null
  /** What one API key, or address without a good one, may ask of one process; null = no limit. */
  readonly requestLimits: {
    readonly perMinute: number | null
    readonly concurrent: number | null
    /** Keys that fit nowhere, from one address. */
    readonly wrongKeysPerMinute: number
  }
  readonly auditSink: AuditSink
  readonly auditLog: string | null
  readonly logLevel: LogLevel
  /** Null = nothing is traced. */
  readonly tracing: TracingSettings | null
}

export const AUDIT_SINKS = ['stderr', 'file', 'json', 'none'] as const
export type AuditSink = (typeof AUDIT_SINKS)[number]
const COMMAND_ISOLATIONS = ['best', 'require'] as const
/** Each writes what the ones behind it write, too. */
export const LOG_LEVELS = ['info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** So many slots are looked through for a free one. */
export const MAX_AGENT_TURNS = 1000
/** Chapter 28.5, `--pool-size`. */
export const MAX_INSTANCES = 128
/** More than a person mistypes, far fewer than guessing needs. */
const WRONG_KEYS_PER_MINUTE = 20
/** Chapter 28.5, `--llm-pool-size`. */
const MODEL_CONNECTIONS = 8
export const MAX_MODEL_CONNECTIONS = 256
/** Of `neam-api --max-connections`. */
export const MAX_CONNECTIONS = 100_000

export const MAX_TOOL_STEPS = 1000
/** A week. */
export const MAX_CONFIRMATION_SECONDS = 604_800

export { MAX_WHOLE } from './environment-reader.ts'
export { SettingsError } from './settings-error.ts'

export function readSettings(environment: Environment, cwd: string): Settings {
  const read = new EnvironmentReader(environment)
  const path = (name: string) => read.path(name, cwd)
  // Read where they are used (runtime/system.ts, agents/turn/tool-loop.ts, agents/limits/confirmation.ts); a wrong one is told at the start,
  // as every other.
  read.webUrl('OPENAI_BASE_URL')
  read.webUrl('ANTHROPIC_BASE_URL')
  read.webUrl('AWS_ENDPOINT_URL_BEDROCK_RUNTIME')
  read.limit('NEAM_MAX_TOOL_STEPS', MAX_TOOL_STEPS)
  read.limit('NEAM_CONFIRMATION_SECONDS', MAX_CONFIRMATION_SECONDS)
  const sessionsDir = path('NEAM_SESSIONS_DIR')
  const onLambda = read.text('AWS_LAMBDA_FUNCTION_NAME') !== null && read.text('AWS_SAM_LOCAL') !== 'true'
  const settings: Settings = {
    sessionsDir: sessionsDir ?? resolve(cwd, '.neam/sessions'),
    stateDir:
      path('NEAM_STATE_DIR') ??
      (sessionsDir === null ? resolve(cwd, '.neam/state') : join(sessionsDir, '.state')),
    memoryDir: path('NEAM_MEMORY_DIR') ?? join(tmpdir(), `neam-memory-${process.getuid?.() ?? -1}`),
    workspaceDir: path('NEAM_WORKSPACE_DIR'),
    cwd,
    tree:
      read.text('AWS_SAM_LOCAL') === 'true'
        ? 'create'
        : (read.choice('NEAM_TREE', ['create', 'require']) ?? 'create'),
    treeOf: read.text('NEAM_TREE_OF'),
    offline: read.flag('NEAM_OFFLINE'),
    cassettes: cassettes(path('NEAM_LLM_RECORD'), path('NEAM_LLM_REPLAY')),
    disabled: read.flag('NEAM_DISABLED'),
    production: onLambda || read.text('NEAM_ENV') === 'production',
    onLambda,
    secretArns: onLambda ? list(read.text('NEAM_SECRET_ARN')) : [],
    secretsDir: onLambda ? null : path('NEAM_SECRETS_DIR'),
    stateMachineArn: read.text('NEAM_STATE_MACHINE_ARN'),
    sandboxFunction: read.text('NEAM_SANDBOX_FUNCTION'),
    fileSystemId: onLambda ? read.text('NEAM_FILE_SYSTEM_ID') : null,
    turnWorkerFunction: read.text('NEAM_TURN_WORKER'),
    pricesFile: path('NEAM_PRICES'),
    bytecode: path('NEAM_BYTECODE'),
    watch: read.flag('NEAM_WATCH'),
    onePort: read.flag('NEAM_ONE_PORT'),
    commandIsolation: read.choice('NEAM_COMMAND_ISOLATION', COMMAND_ISOLATIONS) ?? 'best',
    commandNetwork: read.flag('NEAM_COMMAND_NETWORK'),
    commandLimits: {
      memoryBytes: read.mebibytes('NEAM_COMMAND_MEMORY'),
      fileBytes: read.mebibytes('NEAM_COMMAND_FILE_SIZE'),
      processes: read.limit('NEAM_COMMAND_PROCESSES'),
    },
    checkpointLimits: {
      files: read.limit('NEAM_CHECKPOINT_FILES') ?? CHECKPOINT_LIMITS.files,
      bytes: read.mebibytes('NEAM_CHECKPOINT_SIZE') ?? CHECKPOINT_LIMITS.bytes,
    },
    webhookUrl: read.webUrl('NEAM_WEBHOOK_URL'),
    instances: read.limit('NEAM_POOL_SIZE', MAX_INSTANCES) ?? MAX_INSTANCES,
    agentTurns: read.limit('NEAM_AGENT_TURNS', MAX_AGENT_TURNS),
    modelConnections: read.limit('NEAM_LLM_POOL_SIZE', MAX_MODEL_CONNECTIONS) ?? MODEL_CONNECTIONS,
    connections: read.limit('NEAM_MAX_CONNECTIONS', MAX_CONNECTIONS),
    eventBus: read.text('NEAM_EVENT_BUS'),
    requestLimits: {
      perMinute: read.limit('NEAM_RATE_LIMIT'),
      concurrent: read.limit('NEAM_CONCURRENT_REQUESTS'),
      wrongKeysPerMinute: read.limit('NEAM_WRONG_KEY_LIMIT') ?? WRONG_KEYS_PER_MINUTE,
    },
    auditSink: read.choice('NEAM_AUDIT_SINK', AUDIT_SINKS) ?? (onLambda ? 'json' : 'stderr'),
    auditLog: path('NEAM_AUDIT_LOG'),
    logLevel: read.choice('NEAM_LOG_LEVEL', LOG_LEVELS) ?? 'info',
    tracing: readTracing(environment),
  }
  if (settings.auditSink === 'file' && settings.auditLog === null) {
    throw new SettingsError('the audit sink "file" needs a path: --audit-log PATH or NEAM_AUDIT_LOG')
  }
  return settings
}

function cassettes(record: string | null, replay: string | null): Cassettes | null {
  if (record !== null && replay !== null) {
    throw new SettingsError('NEAM_LLM_RECORD and NEAM_LLM_REPLAY are both set; set one of them')
  }
  if (record !== null) return { mode: 'record', directory: record }
  return replay === null ? null : { mode: 'replay', directory: replay }
}

const list = (text: string | null): readonly string[] =>
  (text ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
