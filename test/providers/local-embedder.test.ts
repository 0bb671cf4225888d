import { createHash } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { localEmbedder } from '../../providers/local-embedder.ts'

const CALL = { signal: new AbortController().signal, deadlineAt: 0 }
const vectorOf = async (text: string): Promise<Float32Array> => (await localEmbedder.embed([text], CALL))[0]!

async function similarity(a: string, b: string): Promise<number> {
  const other = await vectorOf(b)
  return (await vectorOf(a)).reduce((sum, value, at) => sum + value * other[at]!, 0)
}

const REMEMBERED = {
  allergy: 'user: My daughter is allergic to peanuts.\nassistant: Noted, no peanuts for her.',
  terrier: 'user: I own a terrier.\nassistant: Noted.',
  order:
    'user: The order ORD-12345 has not arrived yet.\nassistant: Order ORD-12345: Shipped, arriving Tuesday',
  letters:
    'user: Please cancel my subscription to the newsletter.\nassistant: Your subscription was cancelled; you will get no more newsletters.',
  room: 'user: Wir brauchen ein Doppelzimmer mit Frühstück und einen Parkplatz.\nassistant: Ein Doppelzimmer mit Frühstück ist reserviert, der Parkplatz auch.',
  chinese: 'user: 我的女儿对花生过敏。\nassistant: 好的,我记住了。',
  japanese: 'user: 私は東京に住んでいます。\nassistant: 承知しました。',
  failure:
    'user: The deployment failed with error TimeoutException in PaymentGateway while connecting to the database.\nassistant: Check the connection pool.',
} as const

/** What is like a text, the likest first. */
async function found(text: string): Promise<readonly string[]> {
  const all = await Promise.all(
    Object.entries(REMEMBERED).map(async ([name, passage]) => ({
      name,
      score: await similarity(text, passage),
    })),
  )
  return all
    .filter(({ score }) => score > localEmbedder.leastSimilarity)
    .toSorted((a, b) => b.score - a.score)
    .map(({ name }) => name)
}

describe('the local embedding model', () => {
  test.each([
    ['slips of the keyboard', 'alergic to penuts', 'allergy'],
    ['slips of the keyboard, in one word', 'subscribtion', 'letters'],
    ['other endings', 'peanut allergies', 'allergy'],
    ['compounds by their parts', 'Zimmer mit Parkplätzen', 'room'],
    ['words without their accents', 'fruhstuck', 'room'],
    ['parts of names', 'payment gateway timeouts', 'failure'],
    ['numbers', 'ord 12345', 'order'],
    ['Chinese', '花生过敏', 'chinese'],
    ['Japanese', '東京', 'japanese'],
  ])('finds %s', async (_, query, passage) => {
    expect((await found(query))[0]).toBe(passage)
  })

  test.each([
    'Which pets are allowed?',
    'What is the weather today in Paris?',
    'Tell me a joke about computers',
    'Who are you?',
    '',
    '?!',
  ])('finds nothing for what is spelt otherwise: %j', async (query) => {
    expect(await found(query)).toEqual([])
  })

  test('gives vectors of length 1, or zeros where there is no word', async () => {
    const length = async (text: string) => Math.hypot(...(await vectorOf(text)))
    expect(await length('Tea with milk')).toBeCloseTo(1, 5)
    expect(await length('x'.repeat(100_000))).toBeCloseTo(1, 5)
    expect(await length('... 🙂')).toBe(0)
  })

  test('takes no notice of case, accents and order', async () => {
    expect(await similarity('Crème brûlée, twice', 'twice CREME BRULEE')).toBeCloseTo(1, 5)
  })

  test('gives the same vectors wherever it runs: under another name when they change', async () => {
    const rounded = (await vectorOf(REMEMBERED.room)).map((value) => Math.round(value * 1e4))
    const digest = createHash('sha256').update(rounded.join(',')).digest('hex').slice(0, 16)
    expect([localEmbedder.model, digest]).toEqual(['local-1', '611eb0f718a339ed'])
  })

  test('is stopped by its signal', async () => {
    await expect(localEmbedder.embed(['a'], { ...CALL, signal: AbortSignal.abort('over') })).rejects.toBe(
      'over',
    )
  })
})
