import type { Secrets } from '../agents/ports/secrets.ts'
import type { Settings } from './settings.ts'

const MIN_LENGTH = 16

/** Printed in chapter 28.4: everybody knows them. */
const SAMPLES: ReadonlySet<string> = new Set(['sk-my-secret-key', 'admin-super-secret-key'])

/** Variables of keys. */
export type KeyName = 'NEAM_API_KEY' | 'NEAM_ADMIN_KEY'
const NAMES: readonly KeyName[] = ['NEAM_API_KEY', 'NEAM_ADMIN_KEY']

/** What is wrong with a key. `shared`: an admin key that opens the API, too, would give every caller the kill switch. */
type KeyProblem = 'sample' | 'short' | 'shared'

/** For everybody to read: nothing of the key is in it, neither its length. */
const PROBLEMS: Readonly<Record<KeyProblem, string>> = {
  sample: 'is a sample from the documentation',
  short: `is shorter than ${MIN_LENGTH} characters`,
  shared: 'is one of NEAM_API_KEY, too',
}

/** How a key is made that nothing is wrong with. */
export const KEY_FIX = `${MIN_LENGTH} or more random characters (openssl rand -hex 32)`

/** What can be seen to be wrong with a key by itself; null = nothing. */
export function weaknessOf(key: string): KeyProblem | null {
  if (SAMPLES.has(key)) return 'sample'
  return key.length < MIN_LENGTH ? 'short' : null
}

/** Keys of the HTTP API, several while one is being replaced; none = not set. */
export interface Keys {
  api(): Promise<readonly string[]>
  admin(): Promise<readonly string[]>
  /** One sentence for each weak key, naming its variable. In production weak keys count as not set. */
  warnings(): Promise<readonly string[]>
  /** What is wrong with the keys of a variable that count as not set, as the end of a sentence, once each. */
  refused(name: KeyName): Promise<readonly string[]>
}

export function systemKeys(secrets: Secrets, { production }: Pick<Settings, 'production'>): Keys {
  const configured = async (name: KeyName): Promise<readonly string[]> =>
    ((await secrets.get(name)) ?? '')
      .split(',')
      .map((key) => key.trim())
      .filter((key) => key !== '')
  /** The keys of a variable, each with what is wrong with it. */
  const judged = async (name: KeyName) => {
    const api = name === 'NEAM_ADMIN_KEY' ? await configured('NEAM_API_KEY') : []
    return (await configured(name)).map((key) => ({
      key,
      problem: weaknessOf(key) ?? (api.includes(key) ? ('shared' as const) : null),
    }))
  }
  const usable = async (name: KeyName): Promise<readonly string[]> =>
    (await judged(name)).filter(({ problem }) => !production || problem === null).map(({ key }) => key)
  const problems = async (name: KeyName): Promise<readonly string[]> =>
    (await judged(name)).flatMap(({ problem }) => (problem === null ? [] : [PROBLEMS[problem]]))
  return {
    api: () => usable('NEAM_API_KEY'),
    admin: () => usable('NEAM_ADMIN_KEY'),
    async warnings() {
      const found = await Promise.all(
        NAMES.map(async (name) =>
          (await problems(name)).map((problem) => `a key in ${name} ${problem}; use another, ${KEY_FIX}`),
        ),
      )
      return found.flat()
    },
    refused: async (name) => (production ? [...new Set(await problems(name))] : []),
  }
}
