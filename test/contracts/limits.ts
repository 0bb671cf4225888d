import { describe, expect, test } from '@jest/globals'
import type { BudgetStore, KillSwitch, LaneRequest, LaneStore } from '../../agents/ports/limits.ts'
import type { BudgetDecl } from '../../bytecode/manifest.ts'
import { faultOf } from '../support/faults.ts'

const NOW = Date.UTC(2026, 10, 21, 10, 30)
const AT = NOW
const call = (apiCalls: number, cost = 0) => ({ apiCalls, tokens: 0, cost })
const budget = (limits: Partial<BudgetDecl>): BudgetDecl => ({
  name: 'Daily',
  apiCalls: null,
  tokens: null,
  costUsd: null,
  reset: 'daily',
  ...limits,
})

export function budgetStoreContract(fresh: () => { open(): BudgetStore }): void {
  describe('budget store', () => {
    test('what is reserved counts until it is settled, for every process', async () => {
      const place = fresh()
      const three = budget({ apiCalls: 3 })
      const reservation = await place.open().reserve(three, call(2), AT)
      await expect(place.open().used(three, NOW)).resolves.toEqual(call(2))
      await reservation.settle(call(1))
      await expect(place.open().used(three, NOW)).resolves.toEqual(call(1))
      await reservation.settle(call(1))
      await expect(place.open().used(three, NOW)).resolves.toEqual(call(1))
    })

    test('a reservation that does not fit is refused and leaves nothing behind', async () => {
      const place = fresh()
      const three = budget({ apiCalls: 3 })
      await place.open().reserve(three, call(2), AT)
      const fault = await faultOf(place.open().reserve(three, call(2), AT))
      expect(fault.code).toBe('budget_exhausted')
      expect(fault.data).toEqual({
        budget: 'Daily',
        resource: 'api_calls',
        used: 2,
        limit: 3,
        resets_at: '2026-11-22T00:00:00.000Z',
      })
      expect(fault.retryAfterMs).toBe(13.5 * 3_600_000)
      await expect(place.open().used(three, NOW)).resolves.toEqual(call(2))
      await expect(place.open().reserve(three, call(1), AT)).resolves.toBeDefined()
    })

    test('a limit may be used up to the last cent', async () => {
      const store = fresh().open()
      const dime = budget({ costUsd: 0.3 })
      for (let i = 0; i < 3; i++) await (await store.reserve(dime, call(1, 0.1), AT)).settle(call(1, 0.1))
      expect((await faultOf(store.reserve(dime, call(1, 0.0001), AT))).data).toMatchObject({
        resource: 'cost_usd',
        used: 0.3,
      })
    })

    test.each([Number.NaN, Infinity, -1])(
      'a spend of %d tokens is refused, and nothing is forgotten',
      async (tokens) => {
        const place = fresh()
        const ten = budget({ tokens: 10 })
        const store = place.open()
        const wrong = { ...call(1), tokens }
        await expect(store.reserve(ten, wrong, AT)).rejects.toThrow(`${tokens} tokens`)
        const reservation = await store.reserve(ten, call(1), AT)
        await expect(reservation.settle(wrong)).rejects.toThrow(`${tokens} tokens`)
        await expect(place.open().used(ten, NOW)).resolves.toEqual(call(1))
      },
    )

    test('a crashed process has spent what it reserved', async () => {
      const place = fresh()
      const two = budget({ apiCalls: 2 })
      await place.open().reserve(two, call(2), AT)
      expect((await faultOf(place.open().reserve(two, call(1), AT))).code).toBe('budget_exhausted')
    })

    test.each([
      ['hourly', NOW + 3_600_000],
      ['daily', NOW + 86_400_000],
      ['weekly', NOW + 7 * 86_400_000],
      ['monthly', Date.UTC(2026, 11, 1)],
    ] as const)('a %s budget starts anew in the next period', async (reset, next) => {
      const store = fresh().open()
      const one = budget({ apiCalls: 1, reset })
      await store.reserve(one, call(1), AT)
      await expect(store.reserve(one, call(1), next)).resolves.toBeDefined()
    })

    test('a budget that never resets says so', async () => {
      const store = fresh().open()
      const none = budget({ apiCalls: 0, reset: 'never' })
      const fault = await faultOf(store.reserve(none, call(1), AT))
      expect(fault.data.resets_at).toBeNull()
      expect(fault.retryAfterMs).toBeNull()
    })

    test('a settlement belongs to the period of its reservation', async () => {
      const store = fresh().open()
      const hourly = budget({ apiCalls: 5, reset: 'hourly' })
      const reservation = await store.reserve(hourly, call(1), AT)
      const next = NOW + 3_600_000
      await store.reserve(hourly, call(2), next)
      await reservation.settle(call(4))
      await expect(store.used(hourly, NOW)).resolves.toEqual(call(4))
      await expect(store.used(hourly, next)).resolves.toEqual(call(2))
    })
  })
}

const OFF = { disabled: true, reason: 'testing', by: 'admin', at: '2026-11-21T10:00:00Z' }
const ON = { ...OFF, disabled: false }

export function killSwitchContract(fresh: () => { open(): KillSwitch }): void {
  describe('kill switch', () => {
    test('agents are enabled until somebody disables them, for every process', async () => {
      const place = fresh()
      await expect(place.open().state('Bot')).resolves.toMatchObject({ disabled: false })
      await place.open().set('Bot', OFF)
      await expect(place.open().state('Bot')).resolves.toEqual(OFF)
      await expect(place.open().state('Other')).resolves.toMatchObject({ disabled: false })
      await expect(place.open().disabled()).resolves.toEqual(['Bot'])
      await place.open().set('Bot', ON)
      await expect(place.open().state('Bot')).resolves.toEqual(ON)
      await expect(place.open().disabled()).resolves.toEqual([])
    })

    test('* disables all of them, whatever their own switch says', async () => {
      const store = fresh().open()
      await store.set('Bot', ON)
      await store.set('*', OFF)
      await expect(store.state('Bot')).resolves.toEqual(OFF)
      await expect(store.state('constructor')).resolves.toEqual(OFF)
      await expect(store.disabled()).resolves.toEqual(['*'])
    })

    test.each(['constructor', '__proto__', 'toString'])('an agent may be called %s', async (agent) => {
      const store = fresh().open()
      await expect(store.state(agent)).resolves.toMatchObject({ disabled: false })
      await store.set(agent, OFF)
      await expect(store.state(agent)).resolves.toEqual(OFF)
      await expect(store.disabled()).resolves.toEqual([agent])
    })

    test('changes made at once are all kept', async () => {
      const place = fresh()
      const names = Array.from({ length: 8 }, (_, i) => `Bot${i}`)
      await Promise.all(names.map((name) => place.open().set(name, OFF)))
      expect([...(await place.open().disabled())].sort()).toEqual(names)
    })
  })
}

const request = (fields: Partial<LaneRequest> = {}): LaneRequest => ({
  agent: 'Bot',
  lane: 'default',
  concurrency: 2,
  priority: 'normal',
  waitMs: 0,
  ...fields,
})

export function laneStoreContract(fresh: () => { open(): LaneStore }): void {
  describe('lane store', () => {
    test('a lane has as many slots as it declares', async () => {
      const place = fresh()
      const first = await place.open().enter(request())
      await expect(place.open().enter(request())).resolves.not.toBeNull()
      await expect(place.open().enter(request())).resolves.toBeNull()
      await first?.leave()
      await expect(place.open().enter(request())).resolves.not.toBeNull()
    })

    test('lanes and agents do not take slots from each other', async () => {
      const store = fresh().open()
      await store.enter(request({ concurrency: 1 }))
      await expect(store.enter(request({ concurrency: 1, lane: 'vip' }))).resolves.not.toBeNull()
      await expect(store.enter(request({ concurrency: 1, agent: 'Other' }))).resolves.not.toBeNull()
      await expect(store.enter(request({ concurrency: 1 }))).resolves.toBeNull()
    })

    test('a waiter gets the slot that comes free, and gives up after its time', async () => {
      const store = fresh().open()
      const first = await store.enter(request({ concurrency: 1 }))
      const waiting = store.enter(request({ concurrency: 1, waitMs: 5000 }))
      await first?.leave()
      await expect(waiting).resolves.not.toBeNull()
      await expect(store.enter(request({ concurrency: 1, waitMs: 300 }))).resolves.toBeNull()
    })

    test('an agent has a total over all lanes, given out by priority', async () => {
      const store = fresh().open()
      const capacity = 1
      const first = await store.enter(request({ capacity }))
      const order: string[] = []
      const waiting = (['low', 'normal', 'high'] as const).map(async (priority) => {
        const slot = await store.enter(request({ lane: priority, priority, capacity, waitMs: 60_000 }))
        order.push(priority)
        await slot?.leave()
      })
      await first?.leave()
      await Promise.all(waiting)
      expect(order).toEqual(['high', 'normal', 'low'])
    })

    test('who has waited in earlier tries comes before a higher priority that has just come', async () => {
      const store = fresh().open()
      const capacity = 1
      const first = await store.enter(request({ capacity }))
      const order: string[] = []
      const waiting = [
        { priority: 'high', waitedMs: 0 },
        { priority: 'low', waitedMs: 95_000 },
        { priority: 'low', waitedMs: 65_000 },
      ].map(async ({ priority, waitedMs }, n) => {
        const lane = `lane${n}`
        const fields = { lane, priority: priority as LaneRequest['priority'], waitedMs, capacity }
        const slot = await store.enter(request({ ...fields, waitMs: 60_000 }))
        order.push(lane)
        await slot?.leave()
      })
      await first?.leave()
      await Promise.all(waiting)
      expect(order).toEqual(['lane1', 'lane0', 'lane2'])
    })
  })
}
