import type { AgentDecl } from '../../bytecode/manifest.ts'
import { ProgramError } from '../../vm/program.ts'
import type { Value } from '../../vm/values/value.ts'
import { implementsMethod } from '../find-agent.ts'
import type { CallContext } from '../turn/call-context.ts'
import { openScene } from '../turn/scene.ts'
import type { World } from '../world.ts'

/** The Orchestrable trait (chapter 28.6): `on_spawn(self, child)` before, `on_delegate(self, result)` after. */
export const onSpawn = (world: World, parent: AgentDecl, child: string, call: CallContext): Promise<void> =>
  callBack(world, parent, 'on_spawn', child, call)

export const onDelegate = (
  world: World,
  parent: AgentDecl,
  result: string,
  call: CallContext,
): Promise<void> => callBack(world, parent, 'on_delegate', result, call)

/** A callback watches: one that fails is reported and changes nothing. */
async function callBack(
  world: World,
  agent: AgentDecl,
  method: 'on_spawn' | 'on_delegate',
  argument: Value,
  call: CallContext,
): Promise<void> {
  if (!implementsMethod(world, agent, method)) return
  try {
    const { activation } = await openScene(world, { ...call, agent, workspace: null })
    await activation.callMethod(agent.name, method, [argument])
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error
    world.output.warn(`${agent.name}.${method} failed`, error)
  }
}
