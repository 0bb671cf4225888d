import { context } from './context.ts'
import { response } from './response.ts'
import { security } from './security.ts'
import { session } from './session.ts'
import { tools } from './tools.ts'
import type { AskAnswer, IncomingTurn } from './turn.ts'

/** The `.ask()` pipeline, in the order of chapter 24.3. */
export const PIPELINE = [
  security, // 1. depth, kill switch, input guards, budget; nothing is written before they have passed
  session, // 2. store the message, take lane and lease, idle and daily reset
  context, // 3. system prompt, history, message, cut to the model's window
  tools, // 4. model and skills, up to 25 rounds
  response, // 5. output guards, history, metrics
] as const

/** Runs a turn through the stages. The first that refuses ends it. */
export async function runPipeline(turn: IncomingTurn): Promise<AskAnswer> {
  const [first, second, third, fourth, fifth] = PIPELINE
  return await fifth(await fourth(await third(await second(await first(turn)))))
}
