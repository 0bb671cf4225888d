import type { AgentDecl } from '../../bytecode/manifest.ts'
import { assertBudget } from '../limits/budget.ts'
import { assertDepth } from '../limits/depth.ts'
import { applyGuards } from '../limits/guards.ts'
import { assertEnabled } from '../limits/kill-switch.ts'
import { Fault } from '../ports/fault.ts'
import type { SessionRef } from '../ports/sessions.ts'
import type { World } from '../world.ts'
import type { CallContext } from './call-context.ts'
import { contextWindow } from './context-window.ts'
import { openScene, type Scene } from './scene.ts'
import { tokenCounter } from './token-counter.ts'

export interface Admission {
  readonly scene: Scene
  /** The message as the input guards left it. */
  readonly message: string
}

/**
 * The security checks that every message to an agent passes before anything is written (chapter 24.3, step 1; design
 * 3.2). Throws `depth_exceeded`, `agent_disabled`, `message_too_large`, `guard_blocked`, `budget_exhausted` or
 * `price_unknown`.
 */
export async function admit(
  world: World,
  request: {
    readonly agent: AgentDecl
    readonly message: string
    readonly call: CallContext
    readonly session?: SessionRef
  },
): Promise<Admission> {
  const { agent, call } = request
  assertDepth(call.depth)
  await assertEnabled(world, agent.name, call.requestId)
  await assertFits(world, agent, request.message)
  const scene = await openScene(world, { ...call, agent, workspace: null, session: request.session })
  const message = await applyGuards(world, scene, 'input', request.message)
  await assertBudget(world, agent, call)
  return { scene, message }
}

/** A message that alone is larger than the model's window can never be answered. */
async function assertFits(world: World, agent: AgentDecl, message: string): Promise<void> {
  const limit = contextWindow(world, agent)
  const counter = await tokenCounter(world, agent.model, ({ text }) => text(message), limit)
  const tokens = counter.text(message)
  if (tokens > limit) throw new Fault('message_too_large', { tokens, limit })
}
