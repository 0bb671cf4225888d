import type { AgentDecl } from '../../bytecode/manifest.ts'
import {
  type AgentRef,
  type DigestAlgorithm,
  type ExecResult,
  type Host,
  HostError,
  REFUSED_AT_LOAD,
  type WorkspaceHost,
} from '../../vm/host.ts'
import type { Value } from '../../vm/values/value.ts'
import type { SessionRef } from '../ports/sessions.ts'
import type { Workspace } from '../ports/workspace.ts'
import type { CallContext } from '../turn/call-context.ts'
import { sleepUnlessStopped } from '../turn/stop.ts'
import { TAINT_SOURCE, type Taint } from '../turn/taint.ts'
import type { World } from '../world.ts'
import { agentProperty } from './agent-properties.ts'
import { execute } from './execute.ts'
import { refusing } from './refusal.ts'
import { SceneWorkspace } from './scene-workspace.ts'
import { visibleVariable } from './visible-environment.ts'

/** `loading`: initialisers only. `tool`: a skill runs because the model asked for it. */
export type Phase = 'loading' | 'running' | 'tool'

export interface SceneHostOptions {
  readonly call: CallContext
  /** Grows by what the program is given of text of strangers. */
  readonly taint: Taint
  /** Whose code runs; null = the program's own top level. */
  readonly agent: AgentDecl | null
  readonly session: SessionRef | null
  readonly workspace: Workspace | null
  readonly readOnlyPaths: readonly string[]
}

const warnings = new WeakMap<World['program'], Set<string>>()

/** The warnings that a program has given so far. */
function toldOf({ program }: World): Set<string> {
  const told = warnings.get(program) ?? new Set()
  warnings.set(program, told)
  return told
}

/** What a running program may ask of the world (vm/host.ts), for one scene. It begins in the phase `loading`. */
export class SceneHost implements Host {
  readonly workspace: WorkspaceHost
  readonly #world: World
  readonly #options: SceneHostOptions
  readonly #files: SceneWorkspace
  #phase: Phase = 'loading'

  constructor(world: World, options: SceneHostOptions) {
    this.#world = world
    this.#options = options
    this.#files = new SceneWorkspace(world, {
      agent: options.agent,
      workspace: options.workspace,
      readOnlyPaths: options.readOnlyPaths,
      allow: (native) => this.#allow(native),
      inTool: () => this.#phase === 'tool',
    })
    this.workspace = this.#files
  }

  enter(phase: Phase): void {
    this.#phase = phase
  }

  emit(text: string): void {
    this.#world.output.emit(text)
  }

  print(text: string): void {
    this.#world.output.print(text)
  }

  untrustedSkill(name: string): void {
    this.#options.taint.add(TAINT_SOURCE.result(name))
  }

  /** Each scene loads the program afresh; what is said of it is said once. */
  warn(text: string): void {
    const told = toldOf(this.#world)
    if (told.has(text)) return
    told.add(text)
    this.#world.output.warn(text)
  }

  agentMethod(agent: AgentRef, method: string, args: readonly Value[]): Promise<Value> {
    this.#allow(`${agent.name}.${method}`)
    const calling = this.#calling()
    return refusing(async () => {
      const { callAgentMethod } = await import('./agent-methods.ts')
      return await callAgentMethod(this.#world, calling, agent.name, method, args)
    })
  }

  agentProperty(agent: AgentRef, name: string): Value | undefined {
    return agentProperty(this.#world, agent.name, name)
  }

  spawn(name: string, task: string): Promise<string> {
    this.#allow('spawn')
    const calling = this.#calling()
    return refusing(async () => {
      const { spawnAgent } = await import('../orchestrate/spawn.ts')
      return await spawnAgent(this.#world, { ...calling, name, task })
    })
  }

  dagExecute(nodes: Value): Promise<Value> {
    this.#allow('dag_execute')
    const calling = this.#calling()
    return refusing(async () => {
      const { executeDag } = await import('../orchestrate/dag.ts')
      return await executeDag(this.#world, { ...calling, nodes })
    })
  }

  exec(command: string, timeoutMs: number | null): Promise<ExecResult> {
    this.#allow('exec')
    return refusing(async () =>
      execute(this.#world, this.#options, { command, timeoutMs, cwd: (await this.#files.open()).root }),
    )
  }

  memorySearch(query: string, topK: number | null): Promise<Value> {
    this.#allow('memory_search')
    return refusing(async () => {
      const { memorySearch } = await import('./memory-search.ts')
      return await memorySearch(this.#world, this.#options, query, topK)
    })
  }

  sessionHistory(key: string, limit: number | null): Promise<Value> {
    this.#allow('session_history')
    return refusing(async () => {
      const { sessionHistory } = await import('./session-history.ts')
      return await sessionHistory(this.#world, this.#options, key, limit)
    })
  }

  input(prompt: string): Promise<string | null> {
    this.#allow('input')
    return this.#world.readLine(prompt)
  }

  now(): number {
    return this.#world.clock.now()
  }

  isShortOfMemory(): boolean {
    return this.#world.isShortOfMemory()
  }

  random(): number {
    return this.#world.ids.random()
  }

  uuid(): string {
    return this.#world.ids.uuid()
  }

  digest(algorithm: DigestAlgorithm, text: string, key: string | null): string {
    return this.#world.hash.digest(algorithm, text, key)
  }

  env(name: string): string | null {
    return visibleVariable(this.#world, name)
  }

  async sleep(ms: number): Promise<void> {
    await sleepUnlessStopped(this.#world.timers, ms, this.#options.call.signal)
  }

  /** Whoever is called has in its prompt whatever text of strangers the program was given. */
  #calling(): SceneHostOptions {
    const { call, taint } = this.#options
    return { ...this.#options, call: { ...call, taint: taint.sources } }
  }

  #allow(what: string): void {
    if (this.#phase !== 'loading') return
    throw new HostError(REFUSED_AT_LOAD, `${what} is not available while the program is being loaded`)
  }
}
