/** What claw agents remember as facts, from the command line: what the HTTP API does, on a tree at hand. */
import {
  approveFact as approve,
  type Fact,
  type FactRequest,
  forgetFact as forget,
  listFacts,
} from '../agents/claw/facts.ts'
import { refsOf } from './sessions.ts'
import type { System } from './system.ts'

export interface SessionFact extends Fact {
  readonly agent: string
  readonly session_key: string
}

/** Facts of one session, of all of an agent, or of all. Throws `agent_not_found`, `session_key_invalid`. */
export async function* factsOf(
  system: System,
  { agent, key }: { readonly agent: string | null; readonly key: string | null },
): AsyncGenerator<SessionFact> {
  for await (const ref of refsOf(system, agent, key)) {
    const facts = await listFacts(system.world, ref)
    yield* facts.map((fact) => ({ agent: ref.agent, session_key: ref.key, ...fact }))
  }
}

/** Throws as the routes do. */
export const approveFact = ({ world }: System, request: FactRequest): Promise<Fact> => approve(world, request)
export const forgetFact = ({ world }: System, request: FactRequest): Promise<Fact> => forget(world, request)
