import type { ClawDecl, LaneDecl } from '../../bytecode/manifest.ts'
import { Fault } from '../ports/fault.ts'
import type { World } from '../world.ts'

const DEFAULT_LANE = 'default'

/** The built-in lane, there even when a lanes block does not name it (design 9.18). */
const BUILT_IN: LaneDecl = { name: DEFAULT_LANE, concurrency: 4, priority: 'normal' }

/** When a full lane is worth another try. */
const RETRY_MS = 1000

/** The lane a message goes through; an unknown name means the default lane and leaves an audit record. */
export function laneOf(
  world: World,
  agent: ClawDecl,
  name: string | null,
  requestId: string | null,
): LaneDecl {
  const wanted = name ?? DEFAULT_LANE
  const lane = agent.lanes.find((declared) => declared.name === wanted)
  if (lane) return lane
  if (wanted !== DEFAULT_LANE) {
    world.audit.record({ event: 'lane.unknown', agent: agent.name, detail: wanted, requestId })
  }
  return agent.lanes.find((declared) => declared.name === DEFAULT_LANE) ?? BUILT_IN
}

/** Waits for a slot of the lane, up to `waitMs`; the turn has waited `waitedMs` before. Throws `lane_full`. */
export async function enterLane(
  world: World,
  agent: ClawDecl,
  lane: LaneDecl,
  wait: { readonly waitMs: number; readonly waitedMs: number },
): Promise<{ leave(): Promise<void> }> {
  const { name, concurrency, priority } = lane
  const total = world.agentTurns === null ? {} : { capacity: world.agentTurns }
  const slot = await world.lanes.enter({
    agent: agent.name,
    lane: name,
    concurrency,
    priority,
    ...total,
    ...wait,
  })
  if (slot === null) throw new Fault('lane_full', { lane: name }, { retryAfterMs: RETRY_MS })
  return slot
}
