import type { ModelProvider, ModelProviders } from '../../agents/ports/model.ts'

/** Where model calls are kept, or answered from. */
export interface Cassettes {
  readonly mode: 'record' | 'replay'
  /** Absolute; a file an agent. */
  readonly directory: string
}

/** The model providers, recorded or replayed (design 7). Replay stands in for every provider and needs no key. */
export function cassetteModels({ mode, directory }: Cassettes, vendors: ModelProviders): ModelProviders {
  const replayed = new Map<string, ModelProvider>()
  return {
    async for(agent) {
      if (mode === 'record') {
        const provider = await vendors.for(agent)
        const { recordingProvider } = await import('./recording.ts')
        return recordingProvider(directory, agent, provider)
      }
      const { replayingProvider } = await import('./replaying.ts')
      // One an agent: it counts how often a request was made.
      const found = replayed.get(agent.name) ?? replayingProvider(directory, agent)
      replayed.set(agent.name, found)
      return found
    },
  }
}
