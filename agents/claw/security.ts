import { admit } from '../turn/admission.ts'
import type { ClearedTurn, IncomingTurn } from './turn.ts'

/** Stage 1: whatever may say no says it before anything is written. A guard may reword the message. */
export async function security(turn: IncomingTurn): Promise<ClearedTurn> {
  const { world, agent, call, ref } = turn
  const { scene, message } = await admit(world, { agent, message: turn.message, call, session: ref })
  return { ...turn, scene, message }
}
