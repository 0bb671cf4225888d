import type { AgentDecl } from '../../bytecode/manifest.ts'
import { implementsMethod } from '../find-agent.ts'
import type { BehaviourSample } from '../ports/behaviour.ts'
import type { CallContext } from '../turn/call-context.ts'
import type { World } from '../world.ts'

/**
 * Counts an answer or a forge run of an agent that has a `baseline()`; what deviates from it is audited and told to its
 * `on_anomaly(self, event)` (chapter 24.10), once for each anomaly over all processes of the tree. It watches: whatever
 * fails here is a warning, and the answer stands. Few agents have one: what it takes is loaded for the first that does.
 */
export async function observe(
  world: World,
  agent: AgentDecl,
  sample: BehaviourSample,
  call: CallContext,
): Promise<void> {
  if (!implementsMethod(world, agent, 'baseline')) return
  const loaded = await import('./sample-taken.ts').catch((error: unknown) => {
    world.output.warn(`${agent.name}.baseline failed`, error)
    return null
  })
  await loaded?.sampleTaken(world, agent, sample, call)
}
