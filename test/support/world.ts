import { join } from 'node:path'
import type { AuditEvent } from '../../agents/ports/audit.ts'
import type { Clock } from '../../agents/ports/time.ts'
import { NO_TRACING } from '../../agents/ports/tracing.ts'
import type { TurnPlace } from '../../agents/ports/turn-worker.ts'
import { PRICES } from '../../agents/turn/prices.ts'
import type { World } from '../../agents/world.ts'
import type { Module } from '../../bytecode/module.ts'
import { localCommands } from '../../commands/local.ts'
import { localEmbedder } from '../../providers/local-embedder.ts'
import { warningText } from '../../runtime/log.ts'
import { sqliteMemoryIndex } from '../../stores/memory/sqlite-index.ts'
import { treeCheckpoints } from '../../stores/tree/checkpoints.ts'
import type { Fs } from '../../stores/tree/fs.ts'
import { nodeFs } from '../../stores/tree/node-fs.ts'
import { filesOfTree, StorageGauge } from '../../stores/tree/storage-gauge.ts'
import { treeWorkspaces } from '../../stores/tree/workspaces.ts'
import { Program } from '../../vm/program.ts'
import { compileSource } from './compile-source.ts'
import { hash, stateDir, testIds, testTree, virtualTime } from './fs-tree.ts'
import { realTimers } from './real-timers.ts'
import { ScriptedModel } from './scripted-model.ts'
import { temporaryDirectory } from './temporary.ts'

export interface TestWorldOptions {
  /** Directory of the tree and the workspaces; two worlds over one are two processes on one tree. */
  readonly root?: string
  readonly model?: ScriptedModel
  /** Milliseconds since 1970 at which the clock stands. */
  readonly start?: number
  readonly env?: Readonly<Record<string, string>>
  /** Lines of standard input. */
  readonly input?: readonly string[]
  /** File system of the tree. */
  readonly disk?: (clock: Clock & { pass(ms: number): void }) => Fs
  /** Replaces parts of the world. */
  readonly parts?: Partial<World>
}

export interface TestWorld {
  readonly world: World
  readonly root: string
  readonly model: ScriptedModel
  readonly clock: Clock & { pass(ms: number): void }
  /** Lines emitted by programs. */
  readonly emitted: string[]
  readonly warnings: string[]
  readonly audit: AuditEvent[]
  /** Turns that a worker was asked to go on with; nobody does. */
  readonly handedOver: readonly TurnPlace[]
  /** Names of the audit records so far. */
  events(): readonly string[]
}

/**
 * A world for tests: real tree, workspaces, commands and checkpoints in a temporary directory, a clock that stands
 * still, a scripted model. `program` is a text or a compiled module.
 */
export function testWorld(program: string | Module, options: TestWorldOptions = {}): TestWorld {
  const root = options.root ?? temporaryDirectory()
  const { clock, timers } = virtualTime(options.start)
  const storageTime = new StorageGauge(clock)
  const fs = storageTime.measured(options.disk?.(clock) ?? nodeFs, filesOfTree(stateDir(root)))
  const model = options.model ?? new ScriptedModel()
  const emitted: string[] = []
  const warnings: string[] = []
  const audit: AuditEvent[] = []
  const handedOver: TurnPlace[] = []
  const input = [...(options.input ?? [])]
  const path = process.env.PATH ?? ''
  const world: World = {
    program: Program.link(typeof program === 'string' ? compileSource(program) : program),
    clock,
    timers,
    ids: testIds(),
    hash,
    models: model,
    tokenizers: { for: async () => null },
    embedders: { for: async () => localEmbedder },
    prices: PRICES,
    ...testTree(root, { clock, timers, fs }),
    agentTurns: null,
    memoryIndex: sqliteMemoryIndex({ directory: join(root, 'memory-index'), tree: root, hash }),
    workspaces: treeWorkspaces({ workspaceDir: join(root, 'workspaces'), cwd: root }),
    commands: localCommands({ path, timers: realTimers }),
    checkpoints: treeCheckpoints({ stateDir: stateDir(root), clock, path }),
    audit: { record: (event) => audit.push(event) },
    tracing: NO_TRACING,
    storageTime,
    notices: [],
    forgeDriver: {
      kind: 'inline',
      start: async () => {},
      describe: async () => 'unknown',
      wake: async () => {},
    },
    turnWorker: { take: async (place) => void handedOver.push(place) },
    output: {
      emit: (line) => emitted.push(line),
      print: (text) => emitted.push(text),
      warn: (line, cause) => warnings.push(warningText(line, cause)),
    },
    isShortOfMemory: () => false,
    env: (name) => options.env?.[name] ?? null,
    readLine: async () => input.shift() ?? null,
    ...options.parts,
  }
  return {
    world,
    root,
    model,
    clock,
    emitted,
    warnings,
    audit,
    handedOver,
    events: () => audit.map(({ event }) => event),
  }
}
