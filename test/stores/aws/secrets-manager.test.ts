import { describe, expect, test } from '@jest/globals'
import { createSecretsManager } from '../../../stores/aws/secrets-manager.ts'
import { awsService, type ServiceAnswer } from './service.ts'

const SERVICE = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:Service-abc'
const PROVIDERS = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:Providers-def'
const MINUTE = 60_000

const secret = (values: unknown): ServiceAnswer => ({
  body: { Name: 'x', SecretString: typeof values === 'string' ? values : JSON.stringify(values) },
})

const down: ServiceAnswer = {
  status: 400,
  body: { __type: 'AccessDeniedException', message: 'account 123456789012' },
}

async function secretsOf(initial: Readonly<Record<string, ServiceAnswer>>) {
  let answers = initial
  let now = 0
  const { requests, client } = await awsService(({ body }) => answers[String(body.SecretId)]!)
  const secrets = createSecretsManager({
    secretArns: Object.keys(initial),
    clock: { now: () => now },
    ...client,
  })
  return {
    secrets,
    requests,
    answerWith: (next: Readonly<Record<string, ServiceAnswer>>) => {
      answers = next
    },
    wait: (ms: number) => {
      now += ms
    },
  }
}

describe('Secrets Manager', () => {
  test('gives the texts of all secrets, those of the first before the others', async () => {
    const { secrets } = await secretsOf({
      [SERVICE]: secret({ NEAM_API_KEY: 'k', SHARED: 'first' }),
      [PROVIDERS]: secret({ OPENAI_API_KEY: 'o', SHARED: 'second' }),
    })
    expect(await secrets.get('NEAM_API_KEY')).toBe('k')
    expect(await secrets.get('OPENAI_API_KEY')).toBe('o')
    expect(await secrets.get('SHARED')).toBe('first')
  })

  test('takes an empty or missing value for none, and no name for more than it is', async () => {
    const { secrets } = await secretsOf({ [SERVICE]: secret({ NEAM_ADMIN_KEY: '' }) })
    expect(await secrets.get('NEAM_ADMIN_KEY')).toBeNull()
    expect(await secrets.get('OTHER')).toBeNull()
    expect(await secrets.get('constructor')).toBeNull()
  })

  test('is asked once in five minutes, however many ask', async () => {
    const { secrets, requests, wait, answerWith } = await secretsOf({ [SERVICE]: secret({ A: 'old' }) })
    await Promise.all([secrets.get('A'), secrets.get('A'), secrets.get('B')])
    wait(4 * MINUTE)
    answerWith({ [SERVICE]: secret({ A: 'new' }) })
    expect(await secrets.get('A')).toBe('old')
    expect(requests).toHaveLength(1)
    wait(MINUTE)
    expect(await secrets.get('A')).toBe('new')
    expect(requests).toHaveLength(2)
  })

  test('may be silent for fifteen minutes, not longer', async () => {
    const { secrets, wait, answerWith } = await secretsOf({ [SERVICE]: secret({ A: 'a' }) })
    await secrets.get('A')
    answerWith({ [SERVICE]: down })
    wait(14 * MINUTE)
    expect(await secrets.get('A')).toBe('a')
    wait(MINUTE)
    await expect(secrets.get('A')).rejects.toMatchObject({
      code: 'service_unavailable',
      data: { service: 'Secrets Manager', problem: 'AccessDeniedException' },
    })
  })

  test('is asked again after a failure', async () => {
    const { secrets, answerWith } = await secretsOf({ [SERVICE]: down })
    await expect(secrets.get('A')).rejects.toMatchObject({ code: 'service_unavailable' })
    answerWith({ [SERVICE]: secret({ A: 'a' }) })
    expect(await secrets.get('A')).toBe('a')
  })

  test.each(['no json', '[]', '"text"', '{"A": 1}'])(
    'refuses a secret like %s without showing it',
    async (text) => {
      const { secrets } = await secretsOf({ [SERVICE]: secret(text) })
      await expect(secrets.get('A')).rejects.toMatchObject({
        code: 'secret_invalid',
        data: { secret: 'Service-abc' },
      })
    },
  )
})
