import { type Embedder, type Embedders, LOCAL_MODEL } from '../agents/ports/embeddings.ts'
import { Fault } from '../agents/ports/fault.ts'
import type { Ids } from '../agents/ports/ids.ts'
import type { ModelProvider, ModelProviders } from '../agents/ports/model.ts'
import type { Secrets } from '../agents/ports/secrets.ts'
import type { Clock, Timers } from '../agents/ports/time.ts'
import { type PriceTable, priceOf } from '../agents/turn/prices.ts'
import type { AgentDecl } from '../bytecode/manifest.ts'
import { anthropicProvider } from './anthropic.ts'
import type { AwsIdentity } from './bedrock-connection.ts'
import { type Connection, type Endpoint, openaiProvider } from './openai.ts'

const OPENAI_URL = 'https://api.openai.com/v1'
const OPENAI_KEY = 'OPENAI_API_KEY'
const ANTHROPIC_URL = 'https://api.anthropic.com'
/** Where Google serves its models in OpenAI's format. */
const GEMINI_URL = 'https://generativelanguage.googleapis.com/v1beta/openai'
const OLLAMA_URL = 'http://localhost:11434'

export interface ModelProvidersOptions extends Connection {
  readonly secrets: Secrets
  readonly prices: PriceTable
  readonly clock: Clock
  readonly timers: Timers
  readonly ids: Pick<Ids, 'random'>
  /** Every agent answers from the offline model. */
  readonly offline: boolean
  /** OPENAI_BASE_URL, null when it is not set. */
  readonly openaiBaseUrl: string | null
  /** ANTHROPIC_BASE_URL, null when it is not set. */
  readonly anthropicBaseUrl: string | null
  /** OLLAMA_HOST, null when it is not set: a URL, or a host and port. */
  readonly ollamaHost: string | null
  /** Who asks Bedrock; left out: whom the SDK of AWS finds in its surroundings. */
  readonly aws?: AwsIdentity
}

/** The providers that agents name (design 7 and 9.23). Agents that share address and key share a client. */
export function modelProviders(options: ModelProvidersOptions): ModelProviders {
  const { prices, clock, timers, ids, fetch } = options
  const connected = new Map<string, ModelProvider>()
  let bedrock: ModelProviders | null = null

  const shared = {
    fetch,
    clock,
    timers,
    random: () => ids.random(),
    modelId: (model: string) => prices[model]?.alias ?? model,
  }
  const connectOnce = (endpoint: Endpoint, connect: () => ModelProvider): ModelProvider => {
    const key = JSON.stringify(endpoint)
    const found = connected.get(key) ?? connect()
    connected.set(key, found)
    return found
  }
  const speaksOpenAI = (endpoint: Endpoint, free: boolean) =>
    connectOnce(endpoint, () => openaiProvider({ ...endpoint, free, ...shared }))
  const maxOutput = (model: string) => priceOf(prices, model)?.maxOutput ?? null

  return {
    async for(agent) {
      if (options.offline) return await offline()
      switch (agent.provider) {
        case 'offline':
          return await offline()
        case 'openai':
          return speaksOpenAI(await openaiEndpoint(options, agent), false)
        case 'gemini':
          return speaksOpenAI(await ownEndpoint(options, agent), false)
        case 'ollama':
          return speaksOpenAI(ollamaEndpoint(options, agent), true)
        case 'anthropic': {
          const endpoint = await ownEndpoint(options, agent)
          return connectOnce(endpoint, () =>
            anthropicProvider({ ...endpoint, free: false, maxOutput, ...shared }),
          )
        }
        case 'bedrock':
          bedrock ??= (await import('./bedrock.ts')).bedrockProviders({ ...shared, ...options })
          return await bedrock.for(agent)
        default:
          throw new Fault('provider_not_supported', { provider: agent.provider })
      }
    },
  }
}

const offline = async (): Promise<ModelProvider> => (await import('./offline/offline.ts')).offlineProvider()

/**
 * Where the providers that these agents name are asked, each address once; none is asked offline. Throws
 * `provider_not_supported` or `provider_setup_missing`.
 */
export async function providerUrls(
  options: ModelProvidersOptions,
  agents: readonly AgentDecl[],
): Promise<readonly string[]> {
  const online = options.offline ? [] : agents.filter(({ provider }) => provider !== 'offline')
  return [...new Set(await Promise.all(online.map((agent) => addressOf(options, agent))))]
}

async function addressOf(options: ModelProvidersOptions, agent: AgentDecl): Promise<string> {
  if (agent.provider !== 'bedrock') return urlOf(options, agent)
  const { bedrockAddress } = await import('./bedrock.ts')
  return await bedrockAddress(options, agent)
}

function urlOf(options: ModelProvidersOptions, { provider, endpoint }: AgentDecl): string {
  switch (provider) {
    case 'openai':
      return endpoint ?? options.openaiBaseUrl ?? OPENAI_URL
    case 'gemini':
      return endpoint ?? GEMINI_URL
    case 'ollama':
      return ollamaUrl(endpoint ?? options.ollamaHost ?? OLLAMA_URL)
    case 'anthropic':
      return endpoint ?? options.anthropicBaseUrl ?? ANTHROPIC_URL
    default:
      throw new Fault('provider_not_supported', { provider })
  }
}

/** OpenAI's models; every other name but `local` is one of Ollama's. */
const OF_OPENAI = /^text-embedding-/

/** Who embeds what agents remember: the vendor of the model, at the agent's own endpoint where that is its vendor. */
export function embedders(options: ModelProvidersOptions): Embedders {
  const { clock, timers, fetch } = options
  const connected = new Map<string, Embedder>()
  return {
    async for(agent, model) {
      if (model === LOCAL_MODEL || options.offline || agent.provider === 'offline') {
        const { localEmbedder } = await import('./local-embedder.ts')
        return localEmbedder
      }
      const endpoint = OF_OPENAI.test(model)
        ? await openaiEndpoint(options, agent)
        : ollamaEndpoint(options, agent)
      const key = JSON.stringify([endpoint, model])
      const found = connected.get(key)
      if (found) return found
      const { openaiEmbedder } = await import('./openai-embedder.ts')
      const embedder = openaiEmbedder({ ...endpoint, model, clock, timers, fetch })
      connected.set(key, embedder)
      return embedder
    },
  }
}

async function openaiEndpoint(options: ModelProvidersOptions, agent: AgentDecl): Promise<Endpoint> {
  const own = agent.provider === 'openai'
  const variable = (own ? agent.apiKeyEnv : null) ?? OPENAI_KEY
  const apiKey = await options.secrets.get(variable)
  if (!apiKey) throw new Fault('provider_key_missing', { provider: 'openai', variable })
  const baseURL = (own ? agent.endpoint : null) ?? options.openaiBaseUrl ?? OPENAI_URL
  return { name: 'openai', baseURL, apiKey }
}

/** `ANTHROPIC_API_KEY`, `GEMINI_API_KEY`: the key is named after the provider unless the agent names it. */
async function ownEndpoint(options: ModelProvidersOptions, agent: AgentDecl): Promise<Endpoint> {
  const { provider } = agent
  const variable = agent.apiKeyEnv ?? `${provider.toUpperCase()}_API_KEY`
  const apiKey = await options.secrets.get(variable)
  if (!apiKey) throw new Fault('provider_key_missing', { provider, variable })
  return { name: provider, baseURL: urlOf(options, agent), apiKey }
}

function ollamaEndpoint(options: ModelProvidersOptions, agent: AgentDecl): Endpoint {
  const own = agent.provider === 'ollama' ? agent.endpoint : null
  return { name: 'ollama', baseURL: ollamaUrl(own ?? options.ollamaHost ?? OLLAMA_URL), apiKey: 'ollama' }
}

/** `host`, `host:port`, `http://host:port` or the whole `.../v1`: as Ollama's own tools take OLLAMA_HOST. */
export function ollamaUrl(host: string): string {
  const url = new URL(/^https?:\/\//.test(host) ? host : `http://${host}`)
  if (url.port === '' && !/^https?:\/\//.test(host)) url.port = '11434'
  if (url.hostname === '0.0.0.0') url.hostname = '127.0.0.1' // what a server listens on, not an address to call
  if (url.pathname === '/') url.pathname = '/v1'
  return url.href.replace(/\/$/, '')
}
