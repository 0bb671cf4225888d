import { describe, expect, test } from '@jest/globals'
import { systemKeys, weaknessOf } from '../../runtime/keys.ts'

const STRONG = '0123456789abcdef'
const keys = (values: Readonly<Record<string, string>>, production = false) =>
  systemKeys({ get: async (name) => values[name] ?? null }, { production })

test('several keys are separated by commas; none is no key', async () => {
  const both = keys({ NEAM_API_KEY: ` ${STRONG}-1 ,${STRONG}-2,,` })
  expect(await both.api()).toEqual([`${STRONG}-1`, `${STRONG}-2`])
  expect(await both.admin()).toEqual([])
})

test('weak keys work in development, with a warning that does not show them', async () => {
  const weak = keys({ NEAM_API_KEY: `secret,${STRONG}` })
  expect(await weak.api()).toEqual(['secret', STRONG])
  expect(await weak.warnings()).toEqual([
    'a key in NEAM_API_KEY is shorter than 16 characters; use another, 16 or more random characters (openssl rand -hex 32)',
  ])
})

test('in production weak keys count as not set', async () => {
  const values = { NEAM_API_KEY: `secret,${STRONG}`, NEAM_ADMIN_KEY: 'admin-super-secret-key' }
  const production = keys(values, true)
  expect(await production.api()).toEqual([STRONG])
  expect(await production.admin()).toEqual([])
  expect(await production.warnings()).toHaveLength(2)
})

test('a long key of one’s own is fine', () => {
  expect(weaknessOf(STRONG)).toBeNull()
})

test('what is wrong with keys that count as not set is told once each, and of those alone', async () => {
  const values = { NEAM_API_KEY: `a,b,${STRONG}`, NEAM_ADMIN_KEY: `c,sk-my-secret-key,${STRONG}` }
  const [production, development] = [keys(values, true), keys(values)]
  expect(await production.refused('NEAM_API_KEY')).toEqual(['is shorter than 16 characters'])
  expect(await production.refused('NEAM_ADMIN_KEY')).toEqual([
    'is shorter than 16 characters',
    'is a sample from the documentation',
    'is one of NEAM_API_KEY, too',
  ])
  expect(await development.refused('NEAM_ADMIN_KEY')).toEqual([])
})

test.each(['', ' ', ',', ' , ,\t'])('%j holds no key', async (text) => {
  const none = keys({ NEAM_API_KEY: text, NEAM_ADMIN_KEY: text })
  expect([await none.api(), await none.admin(), await none.warnings()]).toEqual([[], [], []])
})

describe('an admin key that opens the API, too', () => {
  const values = { NEAM_API_KEY: `${STRONG}-1,${STRONG}-2`, NEAM_ADMIN_KEY: `${STRONG}-2,${STRONG}-3` }
  const warning =
    'a key in NEAM_ADMIN_KEY is one of NEAM_API_KEY, too; use another, 16 or more random characters (openssl rand -hex 32)'

  test.each([
    ['works in development, with a warning', false, [`${STRONG}-2`, `${STRONG}-3`]],
    ['counts as not set in production', true, [`${STRONG}-3`]],
  ])('%s', async (_name, production, admin) => {
    const both = keys(values, production)
    expect(await both.admin()).toEqual(admin)
    expect(await both.api()).toEqual([`${STRONG}-1`, `${STRONG}-2`])
    expect(await both.warnings()).toEqual([warning])
  })
})
