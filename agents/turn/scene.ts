import type { AgentDecl } from '../../bytecode/manifest.ts'
import type { Activation } from '../../vm/program.ts'
import type { Value } from '../../vm/values/value.ts'
import { SceneHost } from '../host/scene-host.ts'
import type { SessionRef } from '../ports/sessions.ts'
import type { Workspace } from '../ports/workspace.ts'
import type { World } from '../world.ts'
import type { CallContext, HandOver, HeldSession } from './call-context.ts'
import { Taint } from './taint.ts'

export interface SceneOptions {
  readonly agent: AgentDecl
  /** See CallContext. */
  readonly depth: number
  /** Null = the agent's own, opened at its first use. */
  readonly workspace: Workspace | null
  /** Milliseconds since 1970; Infinity = no limit. */
  readonly deadlineAt: number
  readonly signal: AbortSignal
  readonly requestId?: string | null
  /** The conversation the agent is in; claw agents only. */
  readonly session?: SessionRef
  readonly holding?: readonly HeldSession[]
  readonly handOver?: HandOver | null
  /** See CallContext. */
  readonly taint?: readonly string[]
  /** Workspace files that the model's tools may read but not change; the model gets an error text. */
  readonly readOnlyPaths?: readonly string[]
}

/** One running copy of the program, for one agent: its skills, guards and callbacks run here. */
export interface Scene extends Omit<CallContext, 'taint'> {
  readonly agent: AgentDecl
  readonly session: SessionRef | null
  readonly activation: Activation
  /** Text of strangers that has come in: by the caller, a tool, an agent that was asked, the memory. */
  readonly taint: Taint
  /** Runs a skill as the model's tool: `readOnlyPaths` hold meanwhile. */
  callTool(skill: string, args: ReadonlyMap<string, Value>): Promise<Value>
}

/**
 * Loads the program for one agent. Top-level initialisers run with a host that refuses agents, commands and files
 * (design 9.1); afterwards the host allows them. An error of an initialiser is a ProgramError.
 */
export async function openScene(world: World, options: SceneOptions): Promise<Scene> {
  const call: CallContext = {
    depth: options.depth,
    deadlineAt: options.deadlineAt,
    signal: options.signal,
    requestId: options.requestId ?? null,
    holding: options.holding ?? [],
    handOver: options.handOver ?? null,
  }
  const taint = new Taint(options.taint)
  const host = new SceneHost(world, {
    call,
    taint,
    agent: options.agent,
    session: options.session ?? null,
    workspace: options.workspace,
    readOnlyPaths: options.readOnlyPaths ?? [],
  })
  const activation = world.program.activate(host, { deadlineAt: vmDeadline(options.deadlineAt) })
  await activation.load()
  host.enter('running')
  return {
    ...call,
    agent: options.agent,
    session: options.session ?? null,
    activation,
    taint,
    async callTool(skill, args) {
      host.enter('tool')
      try {
        return await activation.callSkill(skill, args)
      } finally {
        host.enter('running')
      }
    },
  }
}

/** The VM writes "no limit" as null. */
export const vmDeadline = (deadlineAt: number): number | null =>
  Number.isFinite(deadlineAt) ? deadlineAt : null
