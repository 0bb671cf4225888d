import type { Secrets } from '../agents/ports/secrets.ts'
import type { Settings } from './settings.ts'

const MIN_LENGTH = 16

/** Printed in chapter 28.4: everybody knows them. */
const SAMPLES: ReadonlySet<string> = new Set(['sk-my-secret-key', 'admin-super-secret-key'])

/** What is wrong with a key, without the key; null = nothing that can be seen. */
export function weaknessOf(key: string): string | null {
  if (SAMPLES.has(key)) return 'is a sample from the documentation'
  return key.length < MIN_LENGTH
    ? `has ${key.length} characters; use ${MIN_LENGTH} or more random ones`
    : null
}

/** Keys of the HTTP API, several while one is being replaced; none = not set. */
export interface Keys {
  api(): Promise<readonly string[]>
  admin(): Promise<readonly string[]>
  /** One sentence for each weak key, naming its variable. In production weak keys count as not set. */
  warnings(): Promise<readonly string[]>
}

export function systemKeys(secrets: Secrets, { production }: Pick<Settings, 'production'>): Keys {
  const configured = async (name: string): Promise<readonly string[]> =>
    ((await secrets.get(name)) ?? '')
      .split(',')
      .map((key) => key.trim())
      .filter((key) => key !== '')
  /** What is wrong with a key of this variable. An admin key that opens the API, too, would give every caller the kill switch. */
  const problemOf = async (name: string, key: string): Promise<string | null> =>
    weaknessOf(key) ??
    (name === 'NEAM_ADMIN_KEY' && (await configured('NEAM_API_KEY')).includes(key)
      ? 'is one of NEAM_API_KEY, too; use another one'
      : null)
  const usable = async (name: string): Promise<readonly string[]> => {
    const found: string[] = []
    for (const key of await configured(name)) {
      if (!production || (await problemOf(name, key)) === null) found.push(key)
    }
    return found
  }
  return {
    api: () => usable('NEAM_API_KEY'),
    admin: () => usable('NEAM_ADMIN_KEY'),
    async warnings() {
      const found: string[] = []
      for (const name of ['NEAM_API_KEY', 'NEAM_ADMIN_KEY']) {
        for (const key of await configured(name)) {
          const problem = await problemOf(name, key)
          if (problem !== null) found.push(`a key in ${name} ${problem}`)
        }
      }
      return found
    },
  }
}
