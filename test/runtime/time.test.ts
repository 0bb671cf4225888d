import { afterEach, expect, jest, test } from '@jest/globals'
import { systemTimers } from '../../runtime/time.ts'

/** What one timer of Node holds. */
const LONGEST = 2 ** 31 - 1

afterEach(() => {
  jest.useRealTimers()
})

test('a deadline beyond what one timer holds comes in its time', () => {
  jest.useFakeTimers()
  const { signal } = systemTimers.deadline(2 * LONGEST + 10)
  jest.advanceTimersByTime(LONGEST)
  jest.advanceTimersByTime(LONGEST)
  expect(signal.aborted).toBe(false)
  jest.advanceTimersByTime(10)
  expect(signal.aborted).toBe(true)
})

test('a deadline without end never comes, and one that was taken back neither', () => {
  jest.useFakeTimers()
  const endless = systemTimers.deadline(Number.POSITIVE_INFINITY)
  const cancelled = systemTimers.deadline(LONGEST + 10)
  jest.advanceTimersByTime(LONGEST)
  cancelled.cancel()
  jest.advanceTimersByTime(LONGEST)
  expect([endless.signal.aborted, cancelled.signal.aborted]).toEqual([false, false])
  endless.cancel()
})

test('a sleep beyond what one timer holds lasts until it is ended, and that by its reason', async () => {
  const stop = new AbortController()
  const ended = new Error('ended')
  const sleeping = systemTimers.sleep(3_000_000_000, stop.signal)
  const short = systemTimers.sleep(20).then(() => stop.abort(ended))
  await expect(sleeping).rejects.toBe(ended)
  await short
})
