import { Fault } from '../../agents/ports/fault.ts'
import type { ModelProvider, ModelRequest } from '../../agents/ports/model.ts'
import type { AgentDecl } from '../../bytecode/manifest.ts'
import { Cassette } from './cassette.ts'
import type { KeptRequest } from './exchange.ts'

/** What the vendor said of a request; any other fault is about the circumstances of one run. */
const OF_THE_VENDOR = new Set(['provider_refused', 'provider_auth', 'prompt_too_long'])

/** The provider, with each of its exchanges kept. Throws `storage_unavailable` where they could not be. */
export function recordingProvider(
  directory: string,
  agent: AgentDecl,
  provider: ModelProvider,
): ModelProvider {
  const cassette = new Cassette(directory, agent.name)
  cassette.prepare()
  return {
    name: provider.name,
    free: provider.free,
    async complete(request, options) {
      const kept = keptRequest(agent.provider, request)
      try {
        const reply = await provider.complete(request, options)
        cassette.append({ request: kept, reply })
        return reply
      } catch (error) {
        if (error instanceof Fault && OF_THE_VENDOR.has(error.code)) {
          cassette.append({ request: kept, fault: { code: error.code, data: error.data } })
        }
        throw error
      }
    },
  }
}

export const keptRequest = (
  provider: string,
  { model, temperature, messages, tools }: ModelRequest,
): KeptRequest => ({ provider, model, temperature, messages, tools })
