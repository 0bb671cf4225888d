import { agentGate } from '../limits/agent-gate.ts'
import { sessionJournal } from '../turn/step-journal.ts'
import { toolLoop } from '../turn/tool-loop.ts'
import type { BriefedTurn, WorkedTurn } from './turn.ts'

/** Stage 4: the tool-calling loop; each step is in the turn's journal before its result is used. */
export async function tools(turn: BriefedTurn): Promise<WorkedTurn> {
  const { world, agent, call, scene, messages, ref, id, earlier } = turn
  const work = await toolLoop({
    world,
    scene,
    messages,
    journal: sessionJournal(world.sessions, ref, id, earlier),
    gate: agentGate(world, agent, call),
  })
  return { ...turn, work }
}
