import { afterEach, expect, test } from '@jest/globals'
import { SAME_TERM_MS, type Told, untilTold } from '../../cli/stop-signals.ts'

let now = 0
const told = (): Promise<Told> => untilTold(['SIGTERM', 'SIGINT'], () => now)
const isPending = async (promise: Promise<void>): Promise<boolean> =>
  await Promise.race([
    promise.then(() => false),
    new Promise<boolean>((resolve) => setImmediate(resolve, true)),
  ])

afterEach(() => {
  now = 0
  for (const signal of ['SIGTERM', 'SIGINT']) process.removeAllListeners(signal)
})

test('a SIGTERM to the whole group, forwarded by the launcher too, is one telling', async () => {
  const waiting = told()
  process.emit('SIGTERM')
  now = SAME_TERM_MS - 1
  process.emit('SIGTERM')
  const { signal, again } = await waiting
  expect([signal, await isPending(again)]).toEqual(['SIGTERM', true])
})

test('a SIGTERM later than that is a second one', async () => {
  const waiting = told()
  process.emit('SIGTERM')
  now = SAME_TERM_MS
  process.emit('SIGTERM')
  await expect((await waiting).again).resolves.toBeUndefined()
})

test.each([
  ['SIGINT', 'SIGINT'],
  ['SIGTERM', 'SIGINT'],
  ['SIGINT', 'SIGTERM'],
] as const)('%s and at once %s are two', async (first, second) => {
  const waiting = told()
  process.emit(first)
  process.emit(second)
  await expect((await waiting).again).resolves.toBeUndefined()
})
