import { describe, expect, test } from '@jest/globals'
import { Slots } from '../../agents/limits/slots.ts'

const never = new AbortController().signal

describe('a limited number of places', () => {
  test('are given to those who wait in the order in which they came', async () => {
    const slots = new Slots(1)
    const order: string[] = []
    const come = async (name: string) => {
      const release = await slots.take(never)
      order.push(name)
      return release
    }
    const first = await come('first')
    const later = ['second', 'third'].map(come)
    expect(slots.occupancy()).toEqual({ limit: 1, inUse: 1, waiting: 2 })
    first()
    const release = await later[0]!
    expect(order).toEqual(['first', 'second'])
    release()
    await later[1]
    expect([order, slots.occupancy()]).toEqual([
      ['first', 'second', 'third'],
      { limit: 1, inUse: 1, waiting: 0 },
    ])
  })

  test('nobody who comes now overtakes one who has been given a place but has not gone on yet', async () => {
    const slots = new Slots(1)
    const release = await slots.take(never)
    const waiting = slots.take(never)
    release()
    expect(slots.takeFree()).toBe(null)
    await waiting
  })

  test('giving a place back twice frees one only', async () => {
    const slots = new Slots(2)
    const release = await slots.take(never)
    await slots.take(never)
    release()
    release()
    expect(slots.occupancy()).toMatchObject({ inUse: 1 })
  })

  test('who gives up waiting leaves the queue, with the reason why', async () => {
    const slots = new Slots(1)
    const release = await slots.take(never)
    const patience = new AbortController()
    const impatient = slots.take(patience.signal)
    const next = slots.take(never)
    patience.abort(new Error('too long'))
    await expect(impatient).rejects.toThrow('too long')
    release()
    await next
    expect(slots.occupancy()).toEqual({ limit: 1, inUse: 1, waiting: 0 })
  })

  test('who has given up before gets none, though one is free', async () => {
    const slots = new Slots(1)
    await expect(slots.take(AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone')
    expect(slots.occupancy()).toMatchObject({ inUse: 0 })
  })
})
