import { Fault } from '../../agents/ports/fault.ts'
import type { ModelProvider, ModelReply } from '../../agents/ports/model.ts'
import type { AgentDecl } from '../../bytecode/manifest.ts'
import { Cassette } from './cassette.ts'
import { canonical, difference } from './difference.ts'
import type { Exchange, KeptRequest } from './exchange.ts'
import { keptRequest } from './recording.ts'

/**
 * Answers from what was recorded; asks nobody and costs nothing. Equal requests get their answers in the order of the
 * recording, and its last one from then on. Throws `replay_missing` for any other request, and `record_damaged`.
 */
export function replayingProvider(directory: string, agent: AgentDecl): ModelProvider {
  const cassette = new Cassette(directory, agent.name)
  const exchanges = cassette.read()
  const recorded = Map.groupBy(exchanges, ({ request }) => canonical(request))
  const asked = new Map<string, number>()
  return {
    name: 'replay',
    free: true,
    async complete(request, { signal }) {
      signal.throwIfAborted()
      const kept = keptRequest(agent.provider, request)
      const key = canonical(kept)
      const answers = recorded.get(key)
      if (answers === undefined) throw missing(cassette.path, agent, exchanges, kept)
      const times = asked.get(key) ?? 0
      asked.set(key, times + 1)
      return replyOf(answers[Math.min(times, answers.length - 1)]!)
    },
  }
}

function replyOf(exchange: Exchange): ModelReply {
  if ('reply' in exchange) return exchange.reply
  throw new Fault(exchange.fault.code, exchange.fault.data)
}

function missing(
  path: string,
  agent: AgentDecl,
  exchanges: readonly Exchange[],
  request: KeptRequest,
): Fault {
  const nearest = nearestTo(request, exchanges)
  return new Fault('replay_missing', {
    agent: agent.name,
    path,
    nearest:
      nearest === null
        ? null
        : { number: exchanges.indexOf(nearest) + 1, ...difference(nearest.request, request) },
  })
}

/** The request that shares the most messages from the first on; of several the last, which is the latest. */
function nearestTo(request: KeptRequest, exchanges: readonly Exchange[]): Exchange | null {
  const texts = request.messages.map((message) => JSON.stringify(message))
  const shared = ({ request: { messages } }: Exchange): number => {
    const parting = texts.findIndex((text, index) => text !== JSON.stringify(messages[index]))
    return parting === -1 ? texts.length : parting
  }
  return exchanges.reduce<Exchange | null>(
    (best, each) => (best === null || shared(each) >= shared(best) ? each : best),
    null,
  )
}
