import { Fault } from '../ports/fault.ts'
import type { World } from '../world.ts'
import type { CallContext, HandOver } from './call-context.ts'

/** Throws `turn_handed_over` when too little time is left to begin something that would have to be cut off. */
export function handOverWhenDue(world: World, { handOver }: Pick<CallContext, 'handOver'>): void {
  if (handOver && handOver.at - world.clock.now() < handOver.leastMs) throw new Fault('turn_handed_over')
}

/** When whoever waits for a turn must be told that it goes on without them. */
export const handOverAt = (handOver: HandOver | null | undefined): number => handOver?.at ?? Infinity
