/** Natives that work for long: what they do is cut into pieces, between which others have their turn. */
import type { Awaitable } from '../host.ts'
import type { Value } from '../values/value.ts'
import type { Arguments } from './arguments.ts'

/** Lets others have their turn now. */
export async function giveWay({ meter, host }: Arguments): Promise<void> {
  meter.startTurn()
  await host.sleep(0)
}

/** Does work piece by piece, and gives way after a piece when the turn is over. Answers at once when it never is. */
export function inTurns(work: Generator<void, Value>, call: Arguments): Awaitable<Value> {
  for (;;) {
    const step = work.next()
    if (step.done) return step.value
    if (call.meter.turnIsOver) return giveWay(call).then(() => inTurns(work, call))
  }
}
