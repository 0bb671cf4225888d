import { readdirSync, readFileSync, truncateSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { periodOf } from '../../stores/tree/budget-period.ts'
import { interceptedFs } from '../../stores/tree/intercepted-fs.ts'
import { nodeFs } from '../../stores/tree/node-fs.ts'
import { budgetStoreContract, killSwitchContract, laneStoreContract } from '../contracts/limits.ts'
import { faultOf } from '../support/faults.ts'
import { countingFs } from '../support/fs-counting.ts'
import { faultyFs } from '../support/fs-faults.ts'
import { Children } from '../support/fs-processes.ts'
import { BUDGET, CALL, disable, spend } from '../support/fs-scenarios.ts'
import { stateDir, testTree } from '../support/fs-tree.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const places =
  <T>(part: (tree: ReturnType<typeof testTree>) => T) =>
  () => {
    const root = temporaryDirectory()
    return { open: () => part(testTree(root)) }
  }
budgetStoreContract(places((tree) => tree.budgets))
killSwitchContract(places((tree) => tree.killSwitch))
laneStoreContract(() => {
  const tree = testTree(temporaryDirectory())
  return { open: () => tree.lanes }
})

let children: Children
beforeAll(async () => {
  children = await Children.prepare()
})

const age = (path: string, ms: number): void => {
  const then = (Date.now() - ms) / 1000
  utimesSync(path, then, then)
}
const HOUR = 3_600_000
const AT = 0

describe('budgets on disk', () => {
  const folder = (root: string): string => join(stateDir(root), 'budgets', 'Daily', 'always')
  const writers = (root: string): string[] =>
    readdirSync(folder(root)).filter((name) => name.startsWith('w.'))

  test('killed at any file operation a call has cost nothing, its reservation, or its price', async () => {
    await children.killEverywhere({
      job: 'spend',
      argument: '',
      prepare: (root) => spend(testTree(root)),
      async check(root) {
        const used = await testTree(root).budgets.used(BUDGET, 0)
        expect([0.05, 0.15, 0.1]).toContain(Number(used.cost.toFixed(6)))
      },
    })
  }, 60_000)

  test('files of processes that are gone are folded: the sum stays, the number of files does not', async () => {
    const root = temporaryDirectory()
    for (let i = 0; i < 12; i++) await spend(testTree(root))
    await testTree(root).budgets.reserve(BUDGET, CALL, AT)
    const before = await testTree(root).budgets.used(BUDGET, 0)
    for (const name of writers(root)) age(join(folder(root), name), 2 * HOUR)
    const tree = testTree(root)
    await spend(tree)
    expect(writers(root)).toHaveLength(1)
    const after = await testTree(root).budgets.used(BUDGET, 0)
    expect(after.cost).toBeCloseTo(before.cost + 0.05)
    expect(after.apiCalls).toBe(before.apiCalls + 1)
    await spend(tree)
    expect((await tree.budgets.used(BUDGET, 0)).apiCalls).toBe(before.apiCalls + 2)
  })

  test('killed at any file operation of folding, no call is forgotten or counted twice', async () => {
    const deaths = await children.killEverywhere({
      job: 'spend',
      argument: '',
      async prepare(root) {
        for (let i = 0; i < 10; i++) await spend(testTree(root))
        for (const name of writers(root)) age(join(folder(root), name), 2 * HOUR)
      },
      async check(root) {
        expect([10, 11]).toContain((await testTree(root).budgets.used(BUDGET, 0)).apiCalls)
        const tree = testTree(root)
        await spend(tree)
        expect([11, 12]).toContain((await tree.budgets.used(BUDGET, 0)).apiCalls)
      },
    })
    expect(deaths).toBeGreaterThan(50)
  }, 60_000)

  test('a process that slept until it was folded goes on under a new name and is never counted too low', async () => {
    const root = temporaryDirectory()
    const sleeper = testTree(root)
    await spend(sleeper)
    const open = await sleeper.budgets.reserve(BUDGET, CALL, AT)
    for (let i = 0; i < 10; i++) await spend(testTree(root))
    for (const name of writers(root)) age(join(folder(root), name), 2 * HOUR)
    await spend(testTree(root))
    expect(writers(root)).toHaveLength(1)
    await open.settle(CALL)
    await spend(sleeper)
    const used = await testTree(root).budgets.used(BUDGET, 0)
    expect(used.apiCalls).toBeGreaterThanOrEqual(14)
  })

  test('a process that slept until others were folded after it is counted once', async () => {
    const root = temporaryDirectory()
    const sleeper = testTree(root)
    await spend(sleeper)
    for (const _folding of ['of the sleeper', 'of others']) {
      for (let i = 0; i < 10; i++) await spend(testTree(root))
      for (const name of writers(root)) age(join(folder(root), name), 2 * HOUR)
      await spend(testTree(root))
    }
    const reservation = await sleeper.budgets.reserve(BUDGET, CALL, 5 * HOUR)
    await reservation.settle(CALL)
    expect((await testTree(root).budgets.used(BUDGET, 0)).apiCalls).toBe(1 + 11 + 11 + 1)
  })

  test('a limit holds over eight processes at once', async () => {
    const root = temporaryDirectory()
    testTree(root)
    const all = Array.from({ length: 8 }, () => children.start(root, 'reserve', '10').finished)
    const granted = (await Promise.all(all)).flatMap(({ output }) => output.match(/granted/g) ?? []).length
    // Two that ask for the last call at once may both step back; never may both have it.
    expect(granted).toBeLessThanOrEqual(50)
    expect(granted).toBeGreaterThan(40)
    expect((await testTree(root).budgets.used(BUDGET, 0)).apiCalls).toBe(granted)
  }, 20_000)

  test('a limit holds over calls of one process at once, to the last call; they share writes of its file', async () => {
    const root = temporaryDirectory()
    const renamed: string[] = []
    const fs = interceptedFs(nodeFs, (operation, subject, run) => {
      if (operation === 'rename') renamed.push(String(subject))
      return run()
    })
    const tree = testTree(root, { fs })
    const all = await Promise.allSettled(
      Array.from({ length: 60 }, () => tree.budgets.reserve(BUDGET, CALL, AT)),
    )
    const granted = all.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
    expect(granted).toHaveLength(50)
    expect((await testTree(root).budgets.used(BUDGET, 0)).apiCalls).toBe(50)
    await Promise.all(granted.map((reservation) => reservation.settle(CALL)))
    expect((await testTree(root).budgets.used(BUDGET, 0)).apiCalls).toBe(50)
    expect(renamed.filter((path) => path.includes('/budgets/')).length).toBeLessThan(8)
  })

  test('a call that is refused takes no room from those that are made with it', async () => {
    const { budgets } = testTree(temporaryDirectory())
    const calls = [30, 40, 20, 1].map((apiCalls) => budgets.reserve(BUDGET, { ...CALL, apiCalls }, AT))
    const outcomes = await Promise.allSettled(calls)
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected'])
    expect((await budgets.used(BUDGET, AT)).apiCalls).toBe(50)
  })

  test('calls at once of a process that slept until it was folded are all counted', async () => {
    const root = temporaryDirectory()
    const sleeper = testTree(root)
    await spend(sleeper)
    for (let i = 0; i < 10; i++) await spend(testTree(root))
    for (const name of writers(root)) age(join(folder(root), name), 2 * HOUR)
    await spend(testTree(root))
    await Promise.all([1, 2, 3].map(() => sleeper.budgets.reserve(BUDGET, CALL, AT)))
    expect((await sleeper.budgets.used(BUDGET, 0)).apiCalls).toBe(12 + 3)
    expect((await testTree(root).budgets.used(BUDGET, 0)).apiCalls).toBe(12 + 3)
  })

  test('calls at once whose shared write fails are all told, and none of them counts', async () => {
    const root = temporaryDirectory()
    let isFull = false
    const fs = interceptedFs(nodeFs, (operation, _subject, run) => {
      if (isFull && operation === 'fsync')
        throw Object.assign(new Error('ENOSPC: planted'), { code: 'ENOSPC' })
      return run()
    })
    const tree = testTree(root, { fs })
    const calls = () => [1, 2, 3].map(() => tree.budgets.reserve(BUDGET, CALL, AT))
    isFull = true
    const refused = await Promise.all(calls().map(faultOf))
    expect(refused.map(({ code }) => code)).toEqual(['storage_full', 'storage_full', 'storage_full'])
    isFull = false
    await Promise.all(calls())
    expect((await testTree(root).budgets.used(BUDGET, 0)).apiCalls).toBe(3)
  })

  test('the cost of a call does not grow with the calls before it', async () => {
    const root = temporaryDirectory()
    const counter = countingFs(nodeFs)
    const tree = testTree(root, { fs: counter.fs })
    const cost = async (): Promise<number> => {
      counter.reset()
      await spend(tree)
      return counter.calls()
    }
    await cost()
    const early = await cost()
    const limitless = { ...BUDGET, apiCalls: null, costUsd: null, name: 'Open' }
    for (let i = 0; i < 100; i++) await (await tree.budgets.reserve(limitless, CALL, AT)).settle(CALL)
    expect(await cost()).toBe(early)
  })

  test('a damaged ledger refuses instead of forgetting', async () => {
    const root = temporaryDirectory()
    await spend(testTree(root))
    truncateSync(join(folder(root), writers(root)[0] ?? ''), 4)
    expect((await faultOf(testTree(root).budgets.reserve(BUDGET, CALL, AT))).code).toBe('record_damaged')
  })

  test.each([
    ['hourly', '2026-03-01T23:59:59.999Z', '2026-03-01T23', '2026-03-02T00:00:00.000Z'],
    ['daily', '2026-02-28T23:00:00.000Z', '2026-02-28', '2026-03-01T00:00:00.000Z'],
    ['weekly', '2026-11-22T23:59:59.000Z', '2026-11-16-week', '2026-11-23T00:00:00.000Z'],
    ['weekly', '2026-11-23T00:00:00.000Z', '2026-11-23-week', '2026-11-30T00:00:00.000Z'],
    ['monthly', '2026-12-31T12:00:00.000Z', '2026-12', '2027-01-01T00:00:00.000Z'],
  ] as const)('%s periods: %s lies in %s, which ends at %s', (reset, moment, name, end) => {
    expect(periodOf(reset, Date.parse(moment))).toEqual({ name, resetsAt: Date.parse(end) })
  })
})

describe('the kill switch on disk', () => {
  const file = (root: string): string => join(stateDir(root), 'sys', 'kill.json')

  test('it is there as soon as the tree is', () => {
    const root = temporaryDirectory()
    testTree(root)
    expect(JSON.parse(readFileSync(file(root), 'utf8'))).toEqual({ seq: 0, agents: {} })
  })

  test.each<[string, (path: string) => void]>([
    ['missing', unlinkSync],
    ['empty', (path) => truncateSync(path, 0)],
    ['no JSON', (path) => writeFileSync(path, '{"seq":1,')],
    ['of another shape', (path) => writeFileSync(path, '{"seq":1,"agents":null}')],
  ])('%s, it disables every agent', async (_claim, spoil) => {
    const root = temporaryDirectory()
    const tree = testTree(root)
    spoil(file(root))
    await expect(tree.killSwitch.state('Bot')).resolves.toMatchObject({ disabled: true })
    await expect(tree.killSwitch.disabled()).resolves.toEqual(['*'])
  })

  test('killed at any file operation a change is made or not, others stay, and the next opening completes it', async () => {
    await children.killEverywhere({
      job: 'disable',
      argument: 'Second',
      prepare: (root) => disable(testTree(root), 'First'),
      async check(root) {
        const names = [...(await testTree(root).killSwitch.disabled())].sort()
        expect([['First'], ['First', 'Second']]).toContainEqual(names)
        await disable(testTree(root), 'Third')
        expect(await testTree(root).killSwitch.disabled()).toEqual(
          expect.arrayContaining([...names, 'Third']),
        )
      },
    })
  }, 60_000)

  test('each change stays as history', async () => {
    const root = temporaryDirectory()
    const tree = testTree(root)
    await disable(tree, 'A')
    await disable(tree, 'B')
    const history = readdirSync(join(stateDir(root), 'sys')).filter((name) => /^kill\.\d+\.json$/.test(name))
    expect(history).toEqual(['kill.0000000001.json', 'kill.0000000002.json'])
  })
})

describe('lanes on disk', () => {
  const request = { agent: 'Bot', lane: 'default', concurrency: 1, priority: 'normal', waitMs: 0 } as const

  test('a slot whose holder is gone comes free by the clock of the tree', async () => {
    const root = temporaryDirectory()
    const nobody = { owner: { id: null, isDead: () => false } }
    await testTree(root, nobody).lanes.enter(request)
    await expect(testTree(root, nobody).lanes.enter(request)).resolves.toBeNull()
    age(join(stateDir(root), 'lanes', 'Bot', 'default', 'slot.0.0000000001'), 17 * 60_000)
    await expect(testTree(root, nobody).lanes.enter(request)).resolves.not.toBeNull()
  })

  test('whoever is told of an error holds no slot, neither of the lane nor of the total', async () => {
    let failures = 0
    for (let at = 1; at < 60; at++) {
      const root = temporaryDirectory()
      const both = { ...request, capacity: 1 }
      const before = await testTree(root).lanes.enter(both)
      await before?.leave()
      let isOpen = false
      const failing = faultyFs(nodeFs, {
        at,
        fault: { kind: 'fail', code: 'EIO' },
        concerns: () => isOpen,
      })
      const { lanes } = testTree(root, { fs: failing })
      isOpen = true
      try {
        await (await lanes.enter(both))?.leave()
      } catch {
        failures++
        await expect(testTree(root).lanes.enter(both)).resolves.not.toBeNull()
      }
    }
    expect(failures).toBeGreaterThan(4)
  })

  test('waiting raises a low ticket above a high one that came later', async () => {
    const root = temporaryDirectory()
    const tree = testTree(root)
    const capacity = 1
    const first = await tree.lanes.enter({ ...request, capacity })
    const order: string[] = []
    const wait = async (priority: 'low' | 'high'): Promise<void> => {
      const slot = await tree.lanes.enter({ ...request, lane: priority, priority, capacity, waitMs: 200_000 })
      order.push(priority)
      await slot?.leave()
    }
    const low = wait('low')
    age(join(stateDir(root), 'lanes', 'Bot', 'wait', '0000000001'), 95_000)
    const high = wait('high')
    await first?.leave()
    await Promise.all([low, high])
    expect(order).toEqual(['low', 'high'])
  })

  test("the ticket of a waiter that died stands in nobody's way", async () => {
    const root = temporaryDirectory()
    const { lanes } = testTree(root)
    const first = await lanes.enter(request)
    const waiting = lanes.enter({ ...request, waitMs: 1000 })
    const tickets = join(stateDir(root), 'lanes', 'Bot', 'wait')
    writeFileSync(
      join(tickets, '0000000000'),
      '{"lane":"default","concurrency":1,"priority":"high","ttlMs":1000,"nonce":"x"}\n',
    )
    age(join(tickets, '0000000000'), 60_000)
    await first?.leave()
    await expect(waiting).resolves.not.toBeNull()
    expect(readdirSync(tickets)).toEqual([])
  })
})
