import { existsSync, readdirSync, truncateSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { nodeFs } from '../../stores/tree/node-fs.ts'
import { confirmationStoreContract } from '../contracts/confirmation-store.ts'
import { faultOf } from '../support/faults.ts'
import { countingFs } from '../support/fs-counting.ts'
import { Children } from '../support/fs-processes.ts'
import { CONFIRMATION, decide } from '../support/fs-scenarios.ts'
import { stateDir, testTree } from '../support/fs-tree.ts'
import { temporaryDirectory } from '../support/temporary.ts'

confirmationStoreContract(() => {
  const root = temporaryDirectory()
  return { open: () => testTree(root).confirmations }
})

let children: Children
beforeAll(async () => {
  children = await Children.prepare()
})

describe('confirmations on disk', () => {
  test('killed at any file operation, a request is pending or decided and its approval spent once', async () => {
    const deaths = await children.killEverywhere({
      job: 'decide',
      argument: 'first',
      prepare: async (root) => void testTree(root),
      async check(root) {
        const { confirmations } = testTree(root)
        const known = await confirmations.get(CONFIRMATION.id)
        const pending = await confirmations.pending()
        // Not even asked for, waiting, or decided: never two of them.
        expect(pending).toHaveLength(known !== null && known.decision === null ? 1 : 0)
        await decide(testTree(root), 'second')
        const { decision } = (await confirmations.get(CONFIRMATION.id))!
        expect(decision?.by).toBe(known?.decision?.by ?? 'second')
        expect(await confirmations.pending()).toEqual([])
        expect(await confirmations.spend(CONFIRMATION.id)).toBe(false)
      },
    })
    expect(deaths).toBeGreaterThan(20)
  }, 60_000)

  test('of four processes that approve at once, one may run the tool', async () => {
    const root = temporaryDirectory()
    testTree(root)
    const all = ['a', 'b', 'c', 'd'].map((name) => children.start(root, 'decide', name).finished)
    const outputs = (await Promise.all(all)).map(({ output }) => output)
    expect(outputs.filter((output) => output.includes('spent'))).toHaveLength(1)
  }, 20_000)

  test('the cost of listing does not grow with what was decided before', async () => {
    const counter = countingFs(nodeFs)
    const { confirmations } = testTree(temporaryDirectory(), { fs: counter.fs })
    const cost = async (): Promise<number> => {
      counter.reset()
      await confirmations.pending()
      return counter.calls()
    }
    await confirmations.open({ ...CONFIRMATION, id: 'a'.repeat(32) })
    const early = await cost()
    for (let i = 0; i < 20; i++) {
      const id = String(i).padStart(32, '0')
      await confirmations.open({ ...CONFIRMATION, id })
      await confirmations.decide(id, { action: 'deny', by: 'ann', at: CONFIRMATION.requestedAt })
    }
    expect(await cost()).toBe(early)
  })

  test('records of more than 30 days are removed as new ones come, younger ones stay', async () => {
    const root = temporaryDirectory()
    const { confirmations } = testTree(root)
    const folder = (id: string): string => join(stateDir(root), 'confirm', id)
    const [old, young, fresh] = ['a', 'b', 'c'].map((letter) => letter.repeat(32)) as [string, string, string]
    for (const id of [old, young]) {
      await confirmations.open({ ...CONFIRMATION, id })
      await confirmations.decide(id, { action: 'approve', by: 'ann', at: 0 })
      await confirmations.spend(id)
    }
    const days = (count: number): number => (Date.now() - count * 24 * 3600_000) / 1000
    utimesSync(join(folder(old), 'request.json'), days(31), days(31))
    utimesSync(join(folder(young), 'request.json'), days(29), days(29))
    await confirmations.open({ ...CONFIRMATION, id: fresh })
    expect([old, young, fresh].map((id) => existsSync(folder(id)))).toEqual([false, true, true])
    expect(await confirmations.get(old)).toBeNull()
  })

  test('a damaged decision is an error, and no approval', async () => {
    const root = temporaryDirectory()
    await decide(testTree(root), 'ann')
    const folder = join(stateDir(root), 'confirm', CONFIRMATION.id)
    expect(readdirSync(folder).sort()).toEqual(['decision.json', 'request.json', 'result.json', 'used.json'])
    truncateSync(join(folder, 'decision.json'), 4)
    expect((await faultOf(testTree(root).confirmations.get(CONFIRMATION.id))).code).toBe('record_damaged')
  })
})
