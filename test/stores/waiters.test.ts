import { describe, expect, test } from '@jest/globals'
import type { Timers } from '../../agents/ports/time.ts'
import { Waiters } from '../../stores/tree/waiters.ts'
import { testIds } from '../support/fs-tree.ts'

/** Timers on which no time passes: a sleep ends by its signal, or by `over`. */
function stoppedTime() {
  const sleepers: (() => void)[] = []
  const timers: Timers = {
    sleep: (_ms, signal) =>
      new Promise((resolve, reject) => {
        sleepers.push(resolve)
        signal?.addEventListener('abort', () => reject(signal.reason))
      }),
    deadline: () => ({ signal: new AbortController().signal, cancel: () => {} }),
  }
  return {
    timers,
    clock: { now: () => 0 },
    ids: testIds(),
    over: () => {
      for (const wake of sleepers.splice(0)) wake()
    },
  }
}

const LOW = () => 0
const HIGH = () => 2

describe('who waits for a lane in one process', () => {
  test('is first by rank, then by ticket', () => {
    const waiters = new Waiters(stoppedTime())
    const later = waiters.join('Bot/default', 7, LOW)
    const earlier = waiters.join('Bot/default', 3, LOW)
    const high = waiters.join('Bot/default', 9, HIGH)
    const elsewhere = waiters.join('Bot/other', 10, LOW)
    const first = () => [later, earlier, high, elsewhere].map((waiter) => waiter.isFirst())
    expect(first()).toEqual([false, false, true, true])
    high.leave()
    expect(first()).toEqual([false, true, false, true])
    earlier.leave()
    expect(first()).toEqual([true, false, false, true])
  })

  test('may come to the front by waiting', () => {
    const waiters = new Waiters(stoppedTime())
    let rank = 0
    const old = waiters.join('Bot/default', 5, () => rank)
    waiters.join('Bot/default', 1, () => 1)
    expect(old.isFirst()).toBe(false)
    rank = 2
    expect(old.isFirst()).toBe(true)
  })

  test('looks again at once when a slot of any lane of the agent is given back, and only the first does', async () => {
    const waiters = new Waiters(stoppedTime())
    const first = waiters.join('Bot/default', 1, LOW)
    const second = waiters.join('Bot/default', 2, LOW)
    const other = waiters.join('Bot/cron', 3, LOW)
    const woken: string[] = []
    const pauses = [
      first.pause(1000).then(() => woken.push('first')),
      other.pause(1000).then(() => woken.push('other')),
    ]
    void second.pause(1000).then(() => woken.push('second'))
    waiters.wakeAll('Bot/')
    await Promise.all(pauses)
    expect(woken.toSorted()).toEqual(['first', 'other'])
  })

  test('looks at once when the one before it has left', async () => {
    const waiters = new Waiters(stoppedTime())
    const first = waiters.join('Bot/default', 1, LOW)
    const second = waiters.join('Bot/default', 2, LOW)
    const pause = second.pause(1000)
    first.leave()
    await expect(pause).resolves.toBeUndefined()
    expect(second.isFirst()).toBe(true)
  })

  test('looks again when the time is over', async () => {
    const time = stoppedTime()
    const waiter = new Waiters(time).join('Bot/default', 1, LOW)
    const pause = waiter.pause(25)
    time.over()
    await expect(pause).resolves.toBeUndefined()
  })
})
