import { type Occupancy, Slots } from '../agents/limits/slots.ts'
import type { Commands } from '../agents/ports/commands.ts'
import type { ForgeDriver } from '../agents/ports/forge-driver.ts'
import { lazily } from '../agents/ports/lazily.ts'
import type { Clock } from '../agents/ports/time.ts'
import type { Tracing } from '../agents/ports/tracing.ts'
import { inheritStatistics } from '../agents/turn/statistics.ts'
import type { ProgramOutput, World } from '../agents/world.ts'
import type { Manifest } from '../bytecode/manifest.ts'
import type { Module } from '../bytecode/module.ts'
import { cassetteModels } from '../providers/cassettes/models.ts'
import { embedders, type ModelProvidersOptions, modelProviders, providerUrls } from '../providers/registry.ts'
import { tokenizers } from '../providers/tokenizers.ts'
import { keepAliveTransport } from '../providers/transport.ts'
import { createLambdaTurnWorker } from '../stores/aws/turn-worker.ts'
import { treeCheckpoints } from '../stores/tree/checkpoints.ts'
import type { Fs } from '../stores/tree/fs.ts'
import { nodeFs } from '../stores/tree/node-fs.ts'
import { filesOfTree, type StorageGauge } from '../stores/tree/storage-gauge.ts'
import { createTree, hasTree, type Tree } from '../stores/tree/tree.ts'
import { treeWorkspaces } from '../stores/tree/workspaces.ts'
import { Program } from '../vm/program.ts'
import { systemAudit } from './audit/audit.ts'
import { type BackgroundTurns, backgroundTurns } from './background-turns.ts'
import { systemCommands } from './commands.ts'
import type { Environment } from './environment.ts'
import { systemHash, systemIds } from './ids.ts'
import { type Keys, systemKeys } from './keys.ts'
import { memoryGauge } from './memory.ts'
import { systemMemoryIndex } from './memory-index.ts'
import { noticeTargets } from './notices.ts'
import { loadPrices } from './prices.ts'
import type { Check, Readiness } from './readiness.ts'
import { systemSecrets } from './secrets.ts'
import type { Settings } from './settings.ts'
import { systemStorageGauge } from './storage-gauge.ts'
import { systemClock, systemTimers } from './time.ts'
import { traceIdOf } from './tracing/trace-context.ts'
import { systemTracing } from './tracing/tracing.ts'

export interface SystemOptions {
  readonly module: Module
  readonly environment: Environment
  readonly settings: Settings
  readonly forgeDriver: ForgeDriver
  readonly output: ProgramOutput
  /** One line of standard input; null at its end. Default: there is none. */
  readonly readLine?: (prompt: string) => Promise<string | null>
  /** Folder of the program, absolute: what lies there under the name of a workspace fills it at its first start. */
  readonly programDir?: string
  /** For programs that may need no tree: it is opened, and made, at the first use. Default: at once. */
  readonly lazyTree?: boolean
  /** Default: the time of day. */
  readonly clock?: Clock
  /** Default: one of the system's own. */
  readonly tracing?: Tracing
  /** File system of the tree. Default: that of this machine. */
  readonly fs?: Fs
  /** Measures it. Default: one of the system's own. */
  readonly storageGauge?: StorageGauge
  /** Put around the running of commands. */
  readonly aroundCommands?: (commands: Commands) => Commands
}

/** One running system: a program with all that its agents need. */
export interface System {
  readonly manifest: Manifest
  readonly settings: Settings
  readonly world: World
  readonly keys: Keys
  /** Turns of claw agents that go on in this process. */
  readonly turns: BackgroundTurns
  /** VM instances: one for each request that asks an agent, and for each turn in the background. */
  readonly instances: Slots
  /** Connections to models. */
  modelConnections(): Occupancy
  /** The same system with another program; work in hand goes on with the one it began with. @throws ModuleError */
  withProgram(module: Module): System
  /** False: nothing has been written yet, and no tree was made. */
  hasTree(): boolean
  /** Readiness, by the name of what is checked. */
  check(): Promise<Readonly<Record<string, Check>>>
}

/**
 * Puts a system together. @throws ModuleError for bytecode that does not verify, SettingsError, and Faults `tree_*` and
 * `storage_*`.
 */
export async function createSystem(options: SystemOptions): Promise<System> {
  const program = Program.link(options.module)
  const parts = await partsOf(options)
  const { settings } = options
  const { clock, tree, tracing, transport } = parts
  if (options.lazyTree !== true) tree()
  const instances = new Slots(settings.instances)
  const turns = backgroundTurns(instances)
  const stores = storesOf(tree)
  const surroundings = surroundingsOf(options, parts)
  const keys = systemKeys(parts.secrets, settings)
  const readiness = lazily(() => readinessOf(settings, parts))
  const running = (program: Program): System => {
    const world = worldOf(stores, surroundings, {
      program,
      turnWorker:
        settings.turnWorkerFunction === null
          ? turns.in(() => world)
          : createLambdaTurnWorker({
              functionName: settings.turnWorkerFunction,
              clock,
              traceparent: () => tracing.current(),
            }),
    })
    return {
      manifest: program.module.manifest,
      settings,
      world,
      keys,
      turns,
      instances,
      modelConnections: transport.occupancy,
      withProgram(other) {
        const next = running(Program.link(other))
        inheritStatistics(world, next.world)
        return next
      },
      hasTree: () => hasTree(parts.fs, settings.stateDir),
      check: async () => await (await readiness())(world, tree()),
    }
  }
  const system = running(program)
  if (settings.disabled) await disableAll(system.world)
  return system
}

/** What several parts of a system are made with. */
type Parts = Awaited<ReturnType<typeof partsOf>>

async function partsOf(options: SystemOptions) {
  const { environment, settings, output } = options
  const clock = options.clock ?? systemClock
  const timers = systemTimers
  const ids = systemIds(clock)
  const storageGauge = options.storageGauge ?? systemStorageGauge()
  const fs = storageGauge.measured(options.fs ?? nodeFs, filesOfTree(settings.stateDir))
  const tree = openedOnce(() =>
    createTree({
      fs,
      sessionsDir: settings.sessionsDir,
      stateDir: settings.stateDir,
      mode: settings.tree,
      of: settings.treeOf,
      clock,
      timers,
      ids,
      hash: systemHash,
    }),
  )
  const secrets = await systemSecrets(environment, settings, clock)
  const transport = keepAliveTransport({
    connections: settings.modelConnections,
    proxies: environment.NODE_USE_ENV_PROXY === '1' ? environment : null,
  })
  const vendors: ModelProvidersOptions = {
    fetch: transport.fetch,
    secrets,
    prices: loadPrices(settings.pricesFile),
    clock,
    timers,
    ids,
    offline: settings.offline,
    openaiBaseUrl: environment.OPENAI_BASE_URL?.trim() || null,
    anthropicBaseUrl: environment.ANTHROPIC_BASE_URL?.trim() || null,
    ollamaHost: environment.OLLAMA_HOST?.trim() || null,
  }
  const tracing = options.tracing ?? systemTracing(settings.tracing, (line) => output.warn(line))
  return { clock, timers, ids, storageGauge, fs, tree, secrets, transport, vendors, tracing }
}

/** What lies in the tree. */
type Stores = Pick<
  World,
  | 'sessions'
  | 'memories'
  | 'runs'
  | 'budgets'
  | 'killSwitch'
  | 'lanes'
  | 'confirmations'
  | 'behaviour'
  | 'fileLeases'
  | 'outbox'
>

/** What depends on the program. */
type OfProgram = Pick<World, 'program' | 'turnWorker'>

/** The rest of a world. */
type Surroundings = Omit<World, keyof Stores | keyof OfProgram>

/** Read at each use: the tree may not be open yet. */
const storesOf = (tree: () => Tree): Stores => ({
  get sessions() {
    return tree().sessions
  },
  get memories() {
    return tree().memories
  },
  get runs() {
    return tree().runs
  },
  get budgets() {
    return tree().budgets
  },
  get killSwitch() {
    return tree().killSwitch
  },
  get lanes() {
    return tree().lanes
  },
  get confirmations() {
    return tree().confirmations
  },
  get behaviour() {
    return tree().behaviour
  },
  get fileLeases() {
    return tree().fileLeases
  },
  get outbox() {
    return tree().outbox
  },
})

function surroundingsOf(
  options: SystemOptions,
  { clock, timers, ids, storageGauge, secrets, vendors, tracing }: Parts,
): Surroundings {
  const { environment, settings, forgeDriver, output, aroundCommands = (same) => same } = options
  return {
    clock,
    timers,
    ids,
    hash: systemHash,
    models:
      settings.cassettes === null
        ? modelProviders(vendors)
        : cassetteModels(settings.cassettes, modelProviders(vendors)),
    tokenizers: tokenizers(),
    // Vectors are not recorded: with those that need no network a replay recalls what the recording did.
    embedders: embedders({ ...vendors, offline: settings.offline || settings.cassettes !== null }),
    prices: vendors.prices,
    memoryIndex: systemMemoryIndex({
      directory: settings.memoryDir,
      tree: settings.sessionsDir,
      hash: systemHash,
    }),
    agentTurns: settings.agentTurns,
    workspaces: treeWorkspaces({
      workspaceDir: settings.workspaceDir,
      cwd: settings.cwd,
      programDir: options.programDir ?? null,
    }),
    commands: aroundCommands(systemCommands(settings, environment, timers)),
    checkpoints: treeCheckpoints({
      stateDir: settings.stateDir,
      clock,
      path: environment.PATH ?? '',
      limits: settings.checkpointLimits,
    }),
    audit: systemAudit(settings, {
      clock,
      ids,
      hash: systemHash,
      traceId: () => traceIdOf(tracing.current()),
    }),
    tracing,
    storageTime: storageGauge,
    notices: noticeTargets(settings, { secrets, clock, timers }),
    forgeDriver,
    output,
    isShortOfMemory: memoryGauge(environment),
    env: (name) => environment[name] ?? null,
    readLine: options.readLine ?? (async () => null),
  }
}

/** Loaded for the first probe: programs that serve nothing have none. */
async function readinessOf(
  { fileSystemId }: Settings,
  { vendors, clock, timers }: Parts,
): Promise<Readiness> {
  const { systemReadiness } = await import('./readiness.ts')
  const { createFileSystemProbe } = await import('../stores/aws/efs.ts')
  return systemReadiness({
    fileSystem: fileSystemId === null ? null : createFileSystemProbe({ fileSystemId }),
    providerUrls: (agents) => providerUrls(vendors, agents),
    clock,
    timers,
  })
}

const disableAll = ({ killSwitch, clock }: World): Promise<void> =>
  killSwitch.set('*', {
    disabled: true,
    reason: 'started disabled',
    by: 'NEAM_DISABLED',
    at: new Date(clock.now()).toISOString(),
  })

/** A copy of the values would open the tree: what is read at each use stays so. */
const worldOf = (stores: Stores, surroundings: Surroundings, own: OfProgram): World =>
  Object.defineProperties({ ...surroundings, ...own }, Object.getOwnPropertyDescriptors(stores)) as World

function openedOnce(open: () => Tree): () => Tree {
  let tree: Tree | null = null
  return () => {
    tree ??= open()
    return tree
  }
}
