import { describe, expect, test } from '@jest/globals'
import { syncAside } from '../../stores/tree/sync-aside.ts'

/** Syncs of which each one in its place takes the next of `times` (ms). */
function syncsTaking(...times: number[]) {
  let now = 0
  const done: string[] = []
  const sync = syncAside(
    {
      atOnce: (descriptor) => {
        done.push(`at once ${descriptor}`)
        now += times.shift() ?? 0
      },
      aside: async (descriptor) => {
        done.push(`aside ${descriptor}`)
      },
    },
    () => now,
  )
  return { sync, done }
}

describe('a sync', () => {
  test('that costs less than the way to another thread is done at once', async () => {
    const { sync, done } = syncsTaking(0.01, 0.09, 0.02)
    for (const descriptor of [1, 2, 3]) await sync(descriptor)
    expect(done).toEqual(['at once 1', 'at once 2', 'at once 3'])
  })

  test('that takes long once is still done at once: the process may not have been running', async () => {
    const { sync, done } = syncsTaking(0.01, 5, 0.01, 5, 0.01)
    for (const descriptor of [1, 2, 3, 4, 5]) await sync(descriptor)
    expect(done).toEqual([1, 2, 3, 4, 5].map((descriptor) => `at once ${descriptor}`))
  })

  test('after two in a row that took long goes aside, and sometimes another is timed', async () => {
    const { sync, done } = syncsTaking(5, 5, 5, 0.01)
    for (let descriptor = 0; descriptor <= 204; descriptor++) await sync(descriptor)
    expect(done.slice(0, 3)).toEqual(['at once 0', 'at once 1', 'aside 2'])
    expect(done.slice(100, 105)).toEqual(['aside 100', 'aside 101', 'at once 102', 'aside 103', 'aside 104'])
    expect(done.slice(-2)).toEqual(['at once 203', 'at once 204'])
  })

  test('that fails says so, at once and aside', async () => {
    let now = 0
    const outcomes = ['fine', 'fine', 'aside', 'at once']
    const fail = () => {
      const outcome = outcomes.shift()
      now += 5
      if (outcome !== 'fine') throw new Error(outcome)
    }
    const sync = () => syncAside({ atOnce: fail, aside: async () => fail() }, () => now)
    const first = sync()
    await first(1)
    await first(1)
    await expect(first(2)).rejects.toThrow('aside')
    await expect(sync()(3)).rejects.toThrow('at once')
  })
})
