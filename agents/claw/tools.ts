import { agentGate } from '../limits/agent-gate.ts'
import { Fault } from '../ports/fault.ts'
import { sessionJournal } from '../turn/step-journal.ts'
import { toolLoop } from '../turn/tool-loop.ts'
import { shorterContext } from './context.ts'
import type { BriefedTurn, WorkedTurn } from './turn.ts'

/** Stage 4: the tool-calling loop; each step is in the turn's journal before its result is used. A call that needs a
 * person's approval ends the work with `confirmation_pending`: nothing is held meanwhile, and `ask` for the same turn
 * goes on from there. A prompt that the model finds too long is made shorter and tried once more. */
export async function tools(turn: BriefedTurn): Promise<WorkedTurn> {
  try {
    return await worked(turn)
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'prompt_too_long') throw error
    const shorter = await shorterContext(turn)
    if (shorter === null) throw error
    return await worked(shorter)
  }
}

async function worked(turn: BriefedTurn): Promise<WorkedTurn> {
  const { world, agent, call, scene, messages, ref, id, earlier } = turn
  const work = await toolLoop({
    world,
    scene,
    messages,
    journal: sessionJournal(world.sessions, ref, id, earlier),
    gate: agentGate(world, agent, call, (step) => ({ kind: 'turn', ...ref, turn: id, step })),
  }).catch(async (error: unknown) => {
    await recordWaiting(turn, error)
    throw error
  })
  return { ...turn, work }
}

/** So that whoever looks at the open turn sees what it waits for. */
async function recordWaiting({ world, ref, id }: BriefedTurn, error: unknown): Promise<void> {
  if (!(error instanceof Fault) || error.code !== 'confirmation_pending') return
  await world.sessions.recordWaiting(ref, id, String(error.data.trace_id))
}
