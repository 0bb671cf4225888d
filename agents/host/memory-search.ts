import { HostError } from '../../vm/host.ts'
import type { Value } from '../../vm/values/value.ts'
import { recall } from '../memory/recall.ts'
import { memoryOf } from '../memory/settings.ts'
import { TAINT_SOURCE } from '../turn/taint.ts'
import type { World } from '../world.ts'
import type { SceneHostOptions } from './scene-host.ts'

/** More would only fill the prompt. */
const MOST_HITS = 100

/**
 * `memory_search(query, top_k)`: what the session in which the code runs remembers, as {file_path, chunk, score}, best
 * first; paths are relative to the session's directory. What is quarantined is marked `tainted: true`, and taints who gets
 * it.
 */
export async function memorySearch(
  world: World,
  { agent, session, call, taint }: Pick<SceneHostOptions, 'agent' | 'session' | 'call' | 'taint'>,
  query: string,
  topK: number | null,
): Promise<Value> {
  if (agent?.kind !== 'claw' || session === null) {
    const where = agent === null ? 'the top level of the program' : `${agent.kind} agent ${agent.name}`
    throw new HostError('not_supported', `memory_search works in a session of a claw agent, not in ${where}`)
  }
  const memory = memoryOf(agent)
  const hits = await recall(world, {
    ref: session,
    version: await world.sessions.open(session),
    agent,
    memory,
    call,
    text: query,
    topK: Math.min(topK ?? memory.topK, MOST_HITS),
    inPrompt: [],
    withTainted: true,
  })
  if (hits.some(({ isTainted }) => isTainted)) taint.add(TAINT_SOURCE.memory)
  return hits.map(
    ({ source, text, score, isTainted }) =>
      new Map<string, Value>([
        ['file_path', source],
        ['chunk', text],
        ['score', score],
        ...(isTainted ? [['tainted', true] as const] : []),
      ]),
  )
}
