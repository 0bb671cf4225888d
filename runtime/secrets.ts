import type { Secrets } from '../agents/ports/secrets.ts'
import type { Clock } from '../agents/ports/time.ts'
import { createSecretsManager } from '../stores/aws/secrets-manager.ts'
import type { Environment } from './environment.ts'
import type { Settings } from './settings.ts'

/** On Lambda from Secrets Manager, elsewhere from the environment. */
export function systemSecrets(environment: Environment, settings: Settings, clock: Clock): Secrets {
  if (settings.secretArns.length > 0) {
    return createSecretsManager({ secretArns: settings.secretArns, clock })
  }
  return {
    async get(name) {
      return environment[name]?.trim() || null
    },
  }
}

/** Keys of the HTTP API, several while one is being replaced; none = not set. */
export interface Keys {
  api(): Promise<readonly string[]>
  admin(): Promise<readonly string[]>
}

export function systemKeys(secrets: Secrets): Keys {
  const keys = async (name: string): Promise<readonly string[]> =>
    ((await secrets.get(name)) ?? '')
      .split(',')
      .map((key) => key.trim())
      .filter((key) => key !== '')
  return { api: () => keys('NEAM_API_KEY'), admin: () => keys('NEAM_ADMIN_KEY') }
}
