import { Fault } from '../../agents/ports/fault.ts'
import { lazily } from '../../agents/ports/lazily.ts'
import type { Secrets } from '../../agents/ports/secrets.ts'
import type { Clock } from '../../agents/ports/time.ts'
import { type AwsClientOptions, unavailable, withTimeouts } from './client-options.ts'

export interface SecretsManagerOptions extends AwsClientOptions {
  /** Secrets that each hold a JSON object of texts; a name is looked for in this order. */
  readonly secretArns: readonly string[]
  readonly clock: Clock
}

const FRESH_MS = 5 * 60_000
/** How long the last values read serve while Secrets Manager does not answer. */
const LAST_GOOD_MS = 15 * 60_000

type Values = Readonly<Record<string, string>>

/**
 * Secrets from Secrets Manager, read at first use and again every five minutes. An empty value is no secret. Throws
 * `service_unavailable` or `secret_invalid`.
 */
export function createSecretsManager(options: SecretsManagerOptions): Secrets {
  const { secretArns, clock, ...clientOptions } = options
  let held: { readonly values: Values; readonly at: number } | null = null
  let reading: Promise<Values> | null = null

  const load = lazily(async () => {
    const sdk = await import('@aws-sdk/client-secrets-manager')
    return { sdk, client: new sdk.SecretsManagerClient(withTimeouts(clientOptions)) }
  })

  const readOne = async (arn: string): Promise<Values> => {
    const { client, sdk } = await load()
    const answer = await client
      .send(new sdk.GetSecretValueCommand({ SecretId: arn }))
      .catch((error: unknown) => {
        throw unavailable('Secrets Manager', error)
      })
    return parseSecret(arn, answer.SecretString ?? '')
  }

  const readAll = async (): Promise<Values> => {
    const all = await Promise.all(secretArns.map(readOne))
    const values: Values = Object.assign({}, ...all.toReversed())
    held = { values, at: clock.now() }
    return values
  }

  const current = async (): Promise<Values> => {
    const age = held === null ? Number.POSITIVE_INFINITY : clock.now() - held.at
    if (held && age < FRESH_MS) return held.values
    reading ??= readAll().finally(() => {
      reading = null
    })
    try {
      return await reading
    } catch (error) {
      if (held && age < LAST_GOOD_MS) return held.values
      throw error
    }
  }

  return {
    async get(name) {
      const values = await current()
      return Object.hasOwn(values, name) ? (values[name] ?? null) || null : null
    },
  }
}

function parseSecret(arn: string, text: string): Values {
  // The name without account and region.
  const secret = arn.split(':').at(-1)
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    throw new Fault('secret_invalid', { secret })
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new Fault('secret_invalid', { secret })
  }
  const entries = Object.entries(parsed)
  if (entries.some(([, value]) => typeof value !== 'string')) throw new Fault('secret_invalid', { secret })
  return Object.fromEntries(entries)
}
