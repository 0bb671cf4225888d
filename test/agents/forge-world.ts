import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { AuditEvent } from '../../agents/ports/audit.ts'
import type { ForgeDriver } from '../../agents/ports/forge-driver.ts'
import type { ModelProvider, ModelReply, ModelRequest } from '../../agents/ports/model.ts'
import type { NoticeTarget, RunEndedNotice } from '../../agents/ports/notices.ts'
import { NO_STORAGE_TIME } from '../../agents/ports/storage-time.ts'
import { NO_TRACING } from '../../agents/ports/tracing.ts'
import { PRICES } from '../../agents/turn/prices.ts'
import type { World } from '../../agents/world.ts'
import type { AgentDecl } from '../../bytecode/manifest.ts'
import { localEmbedder } from '../../providers/local-embedder.ts'
import { systemHash } from '../../runtime/ids.ts'
import { warningText } from '../../runtime/log.ts'
import { sqliteMemoryIndex } from '../../stores/memory/sqlite-index.ts'
import { treeCheckpoints } from '../../stores/tree/checkpoints.ts'
import { nodeFs } from '../../stores/tree/node-fs.ts'
import { createTree } from '../../stores/tree/tree.ts'
import { treeWorkspaces } from '../../stores/tree/workspaces.ts'
import type { Program } from '../../vm/program.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { CONTEXT_FILE, forgeProgram, type ProgramOptions } from './forge-program.ts'

/** What verify is given, as it arrives in the program. */
export interface SeenContext {
  readonly iteration: number
  readonly current_task: string
  readonly feedback: string | null
  readonly total_cost: number
  readonly total_tokens: number
  readonly workspace: string
  readonly attempt: number
}

export interface ForgeWorldOptions extends ProgramOptions {
  /** Files of the workspace, by path. */
  readonly files?: Readonly<Record<string, string>>
  /** Tree and workspace lie in memory where the machine can do that: for thousands of iterations. */
  readonly inMemory?: boolean
  /** One model call; default: writes `<iteration's task>.txt`, then says Done. */
  readonly model?: (request: ModelRequest, call: number) => ModelReply | Promise<ModelReply>
  /** What verify answers (JSON); default true. A text that is no JSON makes verify throw. */
  readonly verify?: (context: SeenContext, call: number) => unknown
}

export const text = (content: string, usage: Partial<ModelReply['usage']> = {}): ModelReply => ({
  text: content,
  toolCalls: [],
  usage: { inputTokens: 100, outputTokens: 20, cachedTokens: 0, estimated: false, ...usage },
  stopReason: 'stop',
})

export const writeFile = (path: string, content: string): ModelReply => ({
  ...text(''),
  toolCalls: [{ id: randomUUID(), name: 'write_file', arguments: JSON.stringify({ path, content }) }],
  stopReason: 'tool_calls',
})

/** The task that a request names. */
export const taskOf = (request: ModelRequest): string =>
  request.messages
    .find(({ role, content }) => role === 'user' && content.startsWith('Current task: '))!
    .content.slice('Current task: '.length)

const defaultModel = (request: ModelRequest): ModelReply =>
  request.messages.at(-1)!.role === 'tool' ? text('Done.') : writeFile(`${taskOf(request)}.txt`, 'content')

/** A text for which json_parse fails in verify. */
export const VERIFY_THROWS = Symbol('verify throws')

/** A place with a workspace and a tree; every `boot` is a process over it. */
export class ForgePlace {
  readonly directory: string
  readonly workspace: string
  readonly program: Program
  /** All model requests, of all processes. */
  readonly requests: ModelRequest[] = []
  readonly contexts: SeenContext[] = []
  readonly warnings: string[] = []
  readonly audit: AuditEvent[] = []
  readonly notices: RunEndedNotice[] = []
  /** What the receiver of notices answers; null = it takes them. */
  receiverProblem: string | null = null
  readonly #receiver: NoticeTarget = {
    name: 'webhook',
    runEnded: async (notice) => {
      if (this.receiverProblem === null) this.notices.push(notice)
      return this.receiverProblem
    },
  }
  readonly #options: ForgeWorldOptions
  readonly #dead = new Set<string>()
  #processes = 0

  constructor(options: ForgeWorldOptions = {}) {
    this.#options = options
    this.directory = temporaryDirectory(options)
    this.workspace = join(this.directory, 'project')
    this.program = forgeProgram(options)
    mkdirSync(this.workspace)
    for (const [path, content] of Object.entries(options.files ?? {})) this.write(path, content)
  }

  write(path: string, content: string): void {
    mkdirSync(dirname(join(this.workspace, path)), { recursive: true })
    writeFileSync(join(this.workspace, path), content)
  }

  read(path: string): string | null {
    const file = join(this.workspace, path)
    return existsSync(file) ? readFileSync(file, 'utf8') : null
  }

  /** The objects of a JSONL file of the workspace. */
  lines(path: string): readonly Readonly<Record<string, unknown>>[] {
    return (this.read(path) ?? '')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
  }

  get builder(): AgentDecl {
    return this.program.module.manifest.agents[0]!
  }

  /** A process over this place. `change` replaces ports of its world. */
  boot(change: (world: World) => Partial<World> = () => ({})): World & { readonly processId: string } {
    this.#processes += 1
    const processId = `process-${this.#processes}`
    const clock = { now: () => Date.now() }
    // A hundredth of the time: what waits for another process does not hold the test up.
    const timers = {
      sleep: async (ms: number, signal?: AbortSignal) => {
        await wait(ms / 100, undefined, signal ? { signal } : {})
      },
      deadline: () => {
        throw new Error('not used')
      },
    }
    let ids = 0
    const world: World = {
      program: this.program,
      clock,
      timers,
      ids: {
        next: () => {
          ids += 1
          return `01RUN${String(this.#processes).padStart(5, '0')}${String(ids).padStart(16, '0')}`
        },
        uuid: randomUUID,
        random: () => 0.5,
      },
      hash: systemHash,
      models: { for: async () => this.#provider() },
      tokenizers: { for: async () => null },
      embedders: { for: async () => localEmbedder },
      prices: PRICES,
      agentTurns: null,
      ...this.#tree(processId, clock, timers),
      workspaces: treeWorkspaces({ workspaceDir: this.directory, cwd: this.directory }),
      commands: { run: async () => this.#verify() },
      checkpoints: treeCheckpoints({
        stateDir: join(this.directory, 'state'),
        clock,
        path: process.env.PATH ?? '',
      }),
      audit: { record: (event) => this.audit.push(event) },
      tracing: NO_TRACING,
      storageTime: NO_STORAGE_TIME,
      turnWorker: { take: async () => {} },
      notices: [this.#receiver],
      forgeDriver: noDriver,
      output: {
        emit: () => {},
        print: () => {},
        warn: (line, cause) => this.warnings.push(warningText(line, cause)),
      },
      isShortOfMemory: () => false,
      env: () => null,
      readLine: async () => null,
    }
    return { ...world, ...change(world), processId }
  }

  /** The process ends without a word. */
  died({ processId }: { readonly processId: string }): void {
    this.#dead.add(processId)
  }

  #tree(processId: string, clock: World['clock'], timers: World['timers']) {
    const { check: _, ...stores } = createTree({
      sessionsDir: join(this.directory, 'sessions'),
      stateDir: join(this.directory, 'state'),
      fs: nodeFs,
      clock,
      timers,
      ids: { next: () => randomUUID(), uuid: randomUUID, random: () => 0.5 },
      hash: systemHash,
      mode: 'create',
      owner: { id: processId, isDead: (id) => this.#dead.has(id) },
    })
    const memoryIndex = sqliteMemoryIndex({
      directory: join(this.directory, 'memory-index'),
      tree: this.directory,
      hash: systemHash,
    })
    return { ...stores, memoryIndex }
  }

  #provider(): ModelProvider {
    return {
      free: false,
      complete: async (request, { signal }) => {
        signal.throwIfAborted()
        this.requests.push({ ...request, messages: [...request.messages] })
        return await (this.#options.model ?? defaultModel)(request, this.requests.length)
      },
    }
  }

  #verify() {
    const context = JSON.parse(this.read(CONTEXT_FILE)!) as SeenContext
    this.contexts.push(context)
    const answer = this.#options.verify ? this.#options.verify(context, this.contexts.length) : true
    const stdout = answer === VERIFY_THROWS ? 'no json' : JSON.stringify(answer ?? null)
    return { exitCode: 0, stdout, stderr: '', timedOut: false }
  }
}

const noDriver: ForgeDriver = {
  kind: 'asl',
  start: async () => {},
  describe: async () => 'unknown',
  wake: async () => {},
}
