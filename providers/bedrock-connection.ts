/** The `@aws-sdk/client-bedrock-runtime` package, and what it finds in its surroundings; loaded when an agent needs it. */
import {
  BedrockRuntimeClient,
  ConverseCommand,
  type ConverseCommandOutput,
} from '@aws-sdk/client-bedrock-runtime'
import { Fault } from '../agents/ports/fault.ts'
import type { Timers } from '../agents/ports/time.ts'
import { requestHandler } from './bedrock-handler.ts'
import type { Connection } from './openai.ts'

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

/** A client that tries once: retries are ours. */
export function connect({ endpoint, apiKey, identity, fetch }: BedrockEndpoint & Connection) {
  return new BedrockRuntimeClient({
    requestHandler: requestHandler({ fetch }),
    maxAttempts: 1,
    retryMode: 'standard',
    ...(endpoint === null ? {} : { endpoint }),
    ...(apiKey === null ? {} : { token: { token: apiKey }, authSchemePreference: [BEARER] }),
    ...(identity ?? {}),
  })
}

const BEARER = 'httpBearerAuth'

/** They may come from a network, a command or a session that a person has to renew. */
const CREDENTIALS_MS = 10_000

export interface Waiting {
  /** Name of the provider, for faults. */
  readonly name: string
  readonly timers: Timers
  /** Ends the wait; null = nobody does. */
  readonly signal: AbortSignal | null
}

/**
 * The region that is asked, when there are credentials, too; Bedrock itself is not asked. The SDK keeps what it finds
 * and renews it before it expires. Throws `provider_setup_missing`, or `provider_unavailable` after ten seconds or when
 * the signal aborts.
 */
export async function identified(client: BedrockRuntimeClient, waiting: Waiting): Promise<string> {
  const { name, timers, signal } = waiting
  const region = await regionOf(client, name)
  const deadline = timers.deadline(CREDENTIALS_MS)
  const over = signal === null ? deadline.signal : AbortSignal.any([deadline.signal, signal])
  const problem = `no AWS credentials within ${CREDENTIALS_MS} ms`
  const unheard = new Promise<never>((_resolve, reject) => {
    const give = () => reject(new Fault('provider_unavailable', { provider: name, problem }))
    if (over.aborted) give()
    else over.addEventListener('abort', give, { once: true })
  })
  try {
    await Promise.race([findCredentials(client, name), unheard])
  } finally {
    deadline.cancel()
  }
  return region
}

async function regionOf(client: BedrockRuntimeClient, provider: string): Promise<string> {
  try {
    return await client.config.region()
  } catch (error) {
    throw new Fault('provider_setup_missing', { provider, missing: 'region' }, { cause: error })
  }
}

async function findCredentials(client: BedrockRuntimeClient, provider: string): Promise<void> {
  try {
    const schemes = await client.config.authSchemePreference()
    if (!schemes.includes(BEARER)) await client.config.credentials()
  } catch (error) {
    throw new Fault('provider_setup_missing', { provider, missing: 'credentials' }, { cause: error })
  }
}

/** The address that is asked. Throws `provider_setup_missing`. */
export async function addressOf(options: BedrockEndpoint & Connection): Promise<string> {
  // Whoever only wants the address need not find credentials.
  const client = connect({ ...options, apiKey: 'none' })
  await regionOf(client, options.name)
  const command = new ConverseCommand({ modelId: 'any', messages: [] })
  let address = ''
  command.middlewareStack.add(
    (_next, context) => async () => {
      address = context.endpointV2?.url.href ?? ''
      return { response: null, output: { $metadata: {} } as ConverseCommandOutput }
    },
    // By then the address is known, and nothing is signed or sent.
    { step: 'build', priority: 'high' },
  )
  await client.send(command)
  return address
}
