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

  test('after one that took long goes aside, and sometimes another is timed', async () => {
    const { sync, done } = syncsTaking(5, 0.01)
    for (let descriptor = 0; descriptor <= 102; descriptor++) await sync(descriptor)
    expect(done.slice(0, 3)).toEqual(['at once 0', 'aside 1', 'aside 2'])
    expect(done.slice(-3)).toEqual(['aside 100', 'at once 101', 'at once 102'])
  })

  test('that fails says so, at once and aside', async () => {
    let now = 0
    const outcomes = ['fine', 'at once', 'aside']
    const fail = () => {
      const outcome = outcomes.shift()
      now += 5
      if (outcome !== 'fine') throw new Error(outcome)
    }
    const sync = () => syncAside({ atOnce: fail, aside: async () => fail() }, () => now)
    const first = sync()
    await first(1)
    outcomes.reverse()
    await expect(first(2)).rejects.toThrow('aside')
    await expect(sync()(3)).rejects.toThrow('at once')
  })
})
