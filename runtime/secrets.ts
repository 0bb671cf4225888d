import type { Secrets } from '../agents/ports/secrets.ts'
import type { Clock } from '../agents/ports/time.ts'
import { createSecretsManager } from '../stores/aws/secrets-manager.ts'
import type { Environment } from './environment.ts'
import type { Settings } from './settings.ts'

/**
 * On Lambda from Secrets Manager; elsewhere from the files of NEAM_SECRETS_DIR, and what is not there from the environment.
 * @throws SettingsError when the directory cannot be used
 */
export async function systemSecrets(
  environment: Environment,
  { secretArns, secretsDir }: Pick<Settings, 'secretArns' | 'secretsDir'>,
  clock: Clock,
): Promise<Secrets> {
  if (secretArns.length > 0) return createSecretsManager({ secretArns, clock })
  const files =
    secretsDir === null ? null : (await import('./secret-files.ts')).secretFiles(secretsDir, clock)
  return {
    async get(name) {
      return (await files?.get(name)) ?? (environment[name]?.trim() || null)
    },
  }
}
