/** Amazon Bedrock's Converse API; loaded, as is its package, when an agent needs it. */
import { Fault } from '../agents/ports/fault.ts'
import type { ModelProvider, ModelProviders } from '../agents/ports/model.ts'
import type { Secrets } from '../agents/ports/secrets.ts'
import type { AgentDecl } from '../bytecode/manifest.ts'
import { bedrockClient } from './bedrock-client.ts'
import { type AwsIdentity, addressOf, type BedrockEndpoint } from './bedrock-connection.ts'
import type { Connection } from './openai.ts'
import { type RetryingOptions, retryingProvider } from './retrying.ts'

export interface BedrockOptions extends Connection, Pick<RetryingOptions, 'clock' | 'timers' | 'random'> {
  readonly secrets: Secrets
  /** Left out: whom the SDK of AWS finds in its surroundings. */
  readonly aws?: AwsIdentity
}

interface BedrockProvider extends ModelProvider {
  /** Whether region and credentials are found; Bedrock is not asked. Throws as `identified` does. */
  ready(): Promise<void>
}

/**
 * The providers of agents that name `bedrock`; those that share address and key share a client. Throws
 * `provider_key_missing`, `provider_setup_missing`, or `provider_unavailable` where no credentials come.
 */
export function bedrockProviders(options: BedrockOptions): ModelProviders {
  const connected = new Map<string, BedrockProvider>()
  return {
    async for(agent) {
      const endpoint = await keyedEndpoint(options, agent)
      const key = JSON.stringify(endpoint)
      const provider = connected.get(key) ?? bedrockProvider(endpoint, options)
      connected.set(key, provider)
      await provider.ready()
      return provider
    },
  }
}

/** Where an agent's models are asked. Throws `provider_setup_missing`. */
export const bedrockAddress = (
  options: Pick<BedrockOptions, 'aws' | 'fetch'>,
  agent: AgentDecl,
): Promise<string> => addressOf({ ...endpointOf(options, agent), fetch: options.fetch })

function bedrockProvider(endpoint: BedrockEndpoint, options: BedrockOptions): BedrockProvider {
  const { call, ready } = bedrockClient({ ...endpoint, ...options })
  // What a name means depends on the region, which only the SDK knows: the client looks it up.
  const modelId = (model: string) => model
  return { ...retryingProvider({ ...options, name: endpoint.name, free: false, modelId }, call), ready }
}

/** A key only where the agent names its variable. */
async function keyedEndpoint(options: BedrockOptions, agent: AgentDecl): Promise<BedrockEndpoint> {
  const { provider, apiKeyEnv: variable } = agent
  const endpoint = endpointOf(options, agent)
  if (variable === null) return endpoint
  const apiKey = await options.secrets.get(variable)
  if (!apiKey) throw new Fault('provider_key_missing', { provider, variable })
  return { ...endpoint, apiKey }
}

const endpointOf = (
  { aws }: Pick<BedrockOptions, 'aws'>,
  { provider, endpoint }: AgentDecl,
): BedrockEndpoint => ({ name: provider, endpoint, apiKey: null, identity: aws ?? null })
