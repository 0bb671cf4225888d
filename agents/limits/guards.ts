import type { AgentDecl, GuardPhase } from '../../bytecode/manifest.ts'
import { ProgramError } from '../../vm/program.ts'
import { RuntimeError } from '../../vm/values/runtime-error.ts'
import type { Value } from '../../vm/values/value.ts'
import { Fault } from '../ports/fault.ts'
import type { Scene } from '../turn/scene.ts'
import type { World } from '../world.ts'

/** What a handler answers to stop a text (chapter 24.3). */
const BLOCK = 'block'

const PHASE_WORDS: Readonly<Record<GuardPhase, string>> = {
  input: 'message',
  tool_input: 'tool input',
  tool_output: 'tool result',
  output: 'answer',
}

/** A handler of one of an agent's guards. */
interface Handler {
  readonly guard: string
  /** Index into `module.functions`. */
  readonly function: number
}

/**
 * A text as the agent's guard chains leave it, in the order declared: a string answered replaces it for the next guard,
 * anything else leaves it as it is. Throws `guard_blocked` for "block" and for a handler that fails (fail closed).
 */
export async function applyGuards(
  world: World,
  scene: Scene,
  phase: GuardPhase,
  text: string,
): Promise<string> {
  let current = text
  for (const handler of handlersOf(world, scene.agent, phase)) {
    const answer = await ask(world, scene, phase, handler, current)
    if (answer === BLOCK) throw blocked(world, scene, phase, handler, 'blocked')
    if (typeof answer === 'string') current = answer
  }
  return current
}

/** Whether an agent has guards on a phase, which may withhold or reword its text. */
export const isGuarded = (world: World, agent: AgentDecl, phase: GuardPhase): boolean =>
  handlersOf(world, agent, phase).length > 0

function handlersOf(world: World, agent: AgentDecl, phase: GuardPhase): readonly Handler[] {
  const { guards, guardchains } = world.program.module.manifest
  return agent.guards
    .flatMap((name) => guardchains.find((chain) => chain.name === name)?.guards ?? [])
    .flatMap((name) => guards.filter((guard) => guard.name === name))
    .flatMap((guard) =>
      guard.handlers
        .filter((handler) => handler.phase === phase)
        .map((handler) => ({ guard: guard.name, function: handler.function })),
    )
}

async function ask(
  world: World,
  scene: Scene,
  phase: GuardPhase,
  handler: Handler,
  text: string,
): Promise<Value> {
  try {
    return await scene.activation.callFunction(handler.function, [text])
  } catch (error) {
    if (!(error instanceof ProgramError || error instanceof RuntimeError)) throw error
    world.output.warn(`guard ${handler.guard} failed and so blocks`, error)
    throw blocked(world, scene, phase, handler, 'failed', error)
  }
}

/** The audit record names the guard and never the text. */
function blocked(
  world: World,
  scene: Scene,
  phase: GuardPhase,
  { guard }: Handler,
  detail: 'blocked' | 'failed',
  cause?: Error,
): Fault {
  world.audit.record({
    event: 'guard.block',
    agent: scene.agent.name,
    detail,
    requestId: scene.requestId,
    ...(scene.session === null ? {} : { sessionKey: scene.session.key }),
    metadata: { guard, phase },
  })
  return new Fault('guard_blocked', { phase: PHASE_WORDS[phase], guard }, { cause })
}
