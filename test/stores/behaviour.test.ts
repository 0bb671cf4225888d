import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import type { Behaviour, BehaviourStore } from '../../agents/ports/behaviour.ts'
import { stateDir, testTree } from '../support/fs-tree.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const adding =
  (id: string) =>
  (before: Behaviour): Behaviour => ({
    ...before,
    samples: [...before.samples, { id, values: { tokens: 1 } }],
  })

const ids = async (store: BehaviourStore): Promise<readonly string[]> =>
  (await store.read('Bot')).samples.map(({ id }) => id)

const folder = (root: string): string => join(stateDir(root), 'behaviour', 'Bot')

describe('what is kept of an agent’s behaviour', () => {
  test('is nothing at first, then what every process of the tree has added', async () => {
    const root = temporaryDirectory()
    const [one, other] = [testTree(root).behaviour, testTree(root).behaviour]
    expect(await one.read('Bot')).toEqual({ samples: [], deviations: {} })
    await one.update('Bot', adding('a'))
    const { before, after } = await other.update('Bot', adding('b'))
    expect([before.samples.length, after.samples.length]).toEqual([1, 2])
    expect(await ids(one)).toEqual(['a', 'b'])
    expect(await one.read('Other')).toEqual({ samples: [], deviations: {} })
  })

  test('is changed again on top of what came in between', async () => {
    const root = temporaryDirectory()
    const [one, other] = [testTree(root).behaviour, testTree(root).behaviour]
    let between = false
    await one.update('Bot', (before) => {
      if (!between) {
        between = true
        void other.update('Bot', adding('between'))
      }
      return adding('late')(before)
    })
    expect(await ids(one)).toEqual(['between', 'late'])
  })

  test('keeps sixteen versions on disk', async () => {
    const root = temporaryDirectory()
    const { behaviour } = testTree(root)
    for (let n = 0; n < 40; n += 1) await behaviour.update('Bot', adding(String(n)))
    expect((await ids(behaviour)).length).toBe(40)
    expect(readdirSync(folder(root))).toHaveLength(16)
  })

  test('of a writer that comes when its version has been removed is written anew, not lost', async () => {
    const root = temporaryDirectory()
    const [slow, other] = [testTree(root).behaviour, testTree(root).behaviour]
    let waited = false
    await slow.update('Bot', (before) => {
      if (!waited) {
        waited = true
        for (let n = 0; n < 40; n += 1) void other.update('Bot', adding(String(n)))
      }
      return adding('slow')(before)
    })
    expect((await ids(slow)).at(-1)).toBe('slow')
    expect(await ids(slow)).toHaveLength(41)
  })

  test.each(['', '{"samples":', '[]', '{"samples":{}}'])('survives a version that is %j', async (text) => {
    const root = temporaryDirectory()
    const { behaviour } = testTree(root)
    await behaviour.update('Bot', adding('a'))
    writeFileSync(join(folder(root), 'v.0000000002.json'), text)
    expect(await ids(behaviour)).toEqual(['a'])
    await behaviour.update('Bot', adding('b'))
    expect(await ids(behaviour)).toEqual(['a', 'b'])
  })
})
