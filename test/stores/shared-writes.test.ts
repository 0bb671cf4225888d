import { describe, expect, test } from '@jest/globals'
import { SharedWrites } from '../../stores/tree/shared-writes.ts'

/** Writes that end when they are told to; each says what there was to write when it began. */
function writesOf(state: { value: number }) {
  const begun: number[] = []
  const ends: PromiseWithResolvers<void>[] = []
  const writes = new SharedWrites(() => {
    begun.push(state.value)
    const end = Promise.withResolvers<void>()
    ends.push(end)
    return end.promise
  })
  return { writes, begun, ends }
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

describe('shared writes', () => {
  test('all who ask while one is under way share the next, which holds what they all wanted', async () => {
    const state = { value: 1 }
    const { writes, begun, ends } = writesOf(state)
    const first = writes.written()
    await settled()
    const others = [2, 3, 4].map((value) => {
      state.value = value
      return writes.written()
    })
    ends[0]!.resolve()
    await first
    await settled()
    expect(begun).toEqual([1, 4])
    ends[1]!.resolve()
    await Promise.all(others)
  })

  test('nobody is told before a write that began after the call is over', async () => {
    const { writes, ends } = writesOf({ value: 1 })
    const first = writes.written()
    await settled()
    let isTold = false
    const second = writes.written().then(() => {
      isTold = true
    })
    ends[0]!.resolve()
    await first
    await settled()
    expect(isTold).toBe(false)
    ends[1]!.resolve()
    await second
  })

  test('those who shared a write that failed are told, and the next is tried all the same', async () => {
    const { writes, begun, ends } = writesOf({ value: 1 })
    const failing = [writes.written(), writes.written()]
    await settled()
    const next = writes.written()
    ends[0]!.reject(new Error('full'))
    expect((await Promise.allSettled(failing)).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    await settled()
    ends[1]!.resolve()
    await next
    expect(begun).toHaveLength(2)
  })
})
