import { Fault } from '../agents/ports/fault.ts'
import type { Ids } from '../agents/ports/ids.ts'
import type { ModelProvider, ModelProviders } from '../agents/ports/model.ts'
import type { Secrets } from '../agents/ports/secrets.ts'
import type { Clock, Timers } from '../agents/ports/time.ts'
import type { PriceTable } from '../agents/turn/prices.ts'
import type { AgentDecl } from '../bytecode/manifest.ts'
import { offlineProvider } from './offline/offline.ts'
import { openaiProvider } from './openai.ts'

const OPENAI_URL = 'https://api.openai.com/v1'
const OPENAI_KEY = 'OPENAI_API_KEY'
const OLLAMA_URL = 'http://localhost:11434'

export interface ModelProvidersOptions {
  readonly secrets: Secrets
  readonly prices: PriceTable
  readonly clock: Clock
  readonly timers: Timers
  readonly ids: Pick<Ids, 'random'>
  /** Every agent answers from the offline model. */
  readonly offline: boolean
  /** OPENAI_BASE_URL, null when it is not set. */
  readonly openaiBaseUrl: string | null
  /** OLLAMA_HOST, null when it is not set: a URL, or a host and port. */
  readonly ollamaHost: string | null
}

/** Where a provider is reached and with which key; agents that share both share a client. */
interface Connection {
  readonly name: string
  readonly baseURL: string
  readonly apiKey: string
  readonly free: boolean
}

/** The providers that agents name (design 7 and 9.23). */
export function modelProviders(options: ModelProvidersOptions): ModelProviders {
  const { secrets, prices, clock, timers, ids } = options
  const offline = offlineProvider()
  const connected = new Map<string, ModelProvider>()

  const connect = (connection: Connection): ModelProvider => {
    const key = JSON.stringify(connection)
    let provider = connected.get(key)
    if (provider === undefined) {
      const modelId = (model: string) => prices[model]?.alias ?? model
      provider = openaiProvider({ ...connection, clock, timers, random: () => ids.random(), modelId })
      connected.set(key, provider)
    }
    return provider
  }

  const openai = async (agent: AgentDecl): Promise<ModelProvider> => {
    const variable = agent.apiKeyEnv ?? OPENAI_KEY
    const apiKey = await secrets.get(variable)
    if (!apiKey) throw new Fault('provider_key_missing', { provider: 'openai', variable })
    const baseURL = agent.endpoint ?? options.openaiBaseUrl ?? OPENAI_URL
    return connect({ name: 'openai', baseURL, apiKey, free: false })
  }

  const ollama = (agent: AgentDecl): ModelProvider => {
    const baseURL = ollamaUrl(agent.endpoint ?? options.ollamaHost ?? OLLAMA_URL)
    return connect({ name: 'ollama', baseURL, apiKey: 'ollama', free: true })
  }

  return {
    async for(agent) {
      if (options.offline || agent.provider === 'offline') return offline
      if (agent.provider === 'openai') return openai(agent)
      if (agent.provider === 'ollama') return ollama(agent)
      throw new Fault('provider_not_supported', { provider: agent.provider })
    },
  }
}

/** `host`, `host:port`, `http://host:port` or the whole `.../v1`: as Ollama's own tools take OLLAMA_HOST. */
export function ollamaUrl(host: string): string {
  const url = new URL(/^https?:\/\//.test(host) ? host : `http://${host}`)
  if (url.port === '' && !/^https?:\/\//.test(host)) url.port = '11434'
  if (url.hostname === '0.0.0.0') url.hostname = '127.0.0.1' // what a server listens on, not an address to call
  if (url.pathname === '/') url.pathname = '/v1'
  return url.href.replace(/\/$/, '')
}
