import type { ModelProvider } from '../agents/ports/model.ts'
import type { Connection } from './openai.ts'
import { type ModelCall, type RetryingOptions, retryingProvider } from './retrying.ts'

/** Who asks Bedrock, where it is not for the SDK to find out. */
export interface AwsIdentity {
  readonly region: string
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

/** Where Bedrock is asked, and as whom. */
export interface BedrockEndpoint {
  /** Name of the provider, for faults. */
  readonly name: string
  /** Another address than the region's; null = the SDK's own (`AWS_ENDPOINT_URL_BEDROCK_RUNTIME`, else the region's). */
  readonly endpoint: string | null
  /** An API key of Bedrock; null = the SDK's credentials sign. */
  readonly apiKey: string | null
  /** Null = what the SDK finds: variables, profile, the role of the function. */
  readonly identity: AwsIdentity | null
}

export type BedrockOptions = BedrockEndpoint & Connection & Omit<RetryingOptions, 'modelId'>

export interface BedrockProvider extends ModelProvider {
  /** Whether region and credentials are found; Bedrock is not asked. Throws `provider_setup_missing`. */
  ready(): Promise<void>
}

/** What `bedrock-client.ts` makes of the package. */
export interface BedrockClient {
  readonly call: ModelCall
  ready(): Promise<void>
}

/** Amazon Bedrock's Converse API. The package, which finds region and credentials, is loaded when they are needed. */
export function bedrockProvider(options: BedrockOptions): BedrockProvider {
  let client: BedrockClient | null = null
  const load = async (): Promise<BedrockClient> => {
    client ??= (await import('./bedrock-client.ts')).bedrockClient(options)
    return client
  }
  // What a name means depends on the region, which only the SDK knows.
  const retrying = { ...options, modelId: (model: string) => model }
  return {
    ...retryingProvider(retrying, async (request, attempt) => await (await load()).call(request, attempt)),
    ready: async () => await (await load()).ready(),
  }
}
