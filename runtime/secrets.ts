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
