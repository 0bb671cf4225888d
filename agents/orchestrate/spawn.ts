import type { AgentDecl } from '../../bytecode/manifest.ts'
import { Fault } from '../ports/fault.ts'
import { askOnce } from '../turn/ask-once.ts'
import { type CallContext, nestedCall } from '../turn/call-context.ts'
import { TAINT_SOURCE, type Taint } from '../turn/taint.ts'
import type { World } from '../world.ts'
import { onDelegate, onSpawn } from './callbacks.ts'

export interface SpawnRequest {
  /** Name of the agent to be called. */
  readonly name: string
  readonly task: string
  /** Whose code spawns; null = the program's top level. */
  readonly agent: AgentDecl | null
  readonly call: CallContext
  /** Of the code that spawns. */
  readonly taint: Taint
}

/** Where a name is looked up, in this order (design 3.10). */
const LOOKUP: readonly AgentDecl['kind'][] = ['claw', 'forge', 'agent']

/** `spawn name(task)`: one model call, its text (chapter 28.6). Throws `agent_not_found` and what `askOnce` throws. */
export async function spawnAgent(world: World, request: SpawnRequest): Promise<string> {
  const target = spawnable(world, request.name)
  const parent = request.agent ?? target
  await onSpawn(world, parent, target.name, request.call)
  const { text, isTainted } = await askOnce(world, {
    agent: target,
    message: request.task,
    tools: false,
    call: nestedCall(request.call),
  })
  if (isTainted) request.taint.add(TAINT_SOURCE.answer(target.name))
  await onDelegate(world, parent, text, { ...request.call, taint: request.taint.sources })
  return text
}

/** Throws `agent_not_found`, naming what may be spawned. */
export function spawnable(world: World, name: string): AgentDecl {
  const { agents } = world.program.module.manifest
  for (const kind of LOOKUP) {
    const found = agents.find((agent) => agent.kind === kind && agent.name === name)
    if (found) return found
  }
  throw new Fault('agent_not_found', {
    kind: 'Agent',
    agent: name,
    available: agents.map((agent) => agent.name),
  })
}
