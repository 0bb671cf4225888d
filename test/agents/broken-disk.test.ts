import { mkdirSync, rmSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { ask } from '../../agents/claw/ask.ts'
import { history } from '../../agents/claw/history.ts'
import { Fault } from '../../agents/ports/fault.ts'
import { nodeFs } from '../../stores/tree/node-fs.ts'
import { message, say } from '../support/asking.ts'
import { faultOf } from '../support/faults.ts'
import { filesBelow } from '../support/files-below.ts'
import { BREAKAGES, type BreakableDisk, breakableDisk } from '../support/fs-broken.ts'
import { sessionsDir, stateDir, testTree, virtualTime } from '../support/fs-tree.ts'
import { type Answer, calls, ScriptedModel, says } from '../support/scripted-model.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { type TestWorld, testWorld } from '../support/world.ts'

const PROGRAM = `
channel web { type: "http" }
budget Calls { api_calls: 20 reset: "never" }
skill charge { description: "Charges" params: { amount: number } impl(amount) { emit "CHARGED"; return "charged"; } }
claw agent Bot { provider: "openai" model: "gpt-4o-mini" channels: [web] skills: [charge] budget: Calls }
`
const REF = { agent: 'Bot', key: 'default' }
const TURN = { turn: 'T1' }
const OLD = ['Hi', 'Hello.']

const model: Answer = ({ messages }) => {
  const last = messages.at(-1)
  if (last?.content === 'Hi') return says('Hello.')
  return last?.role === 'tool' ? says('Done.') : calls(['charge', { amount: 5 }])
}

/** A process whose disk can break, with one exchange in its session. */
async function processOn(root: string): Promise<TestWorld & { readonly disk: BreakableDisk }> {
  const disk = breakableDisk(nodeFs)
  const { clock, timers } = virtualTime()
  const tree = testTree(root, { fs: disk.fs, clock, timers })
  const t = testWorld(PROGRAM, {
    root,
    model: new ScriptedModel().answer(...Array.from({ length: 8 }, () => model)),
    parts: { ...tree, clock, timers },
  })
  await say(t, 'Hi')
  return { ...t, clock, disk }
}

const contents = async (t: TestWorld): Promise<readonly string[]> =>
  (await history(t.world, REF)).map(({ content }) => content)

/** Temporary files, and versions of the session that are empty. */
const leftovers = (root: string): readonly string[] =>
  filesBelow(root).filter(
    (path) =>
      basename(path).startsWith('.t.') || (/\/v\.\d+\.jsonl$/.test(path) && statSync(path).size === 0),
  )

describe.each(Object.entries(BREAKAGES))('a disk that is %s', (_name, breakage) => {
  test('refuses a message before its model is called, and is a Fault that says so', async () => {
    const t = await processOn(temporaryDirectory({ inMemory: true }))
    t.disk.break(breakage, 0)
    const calls = t.model.requests.length
    const fault = await ask(t.world, message(t, 'Charge 5', TURN)).catch((error: unknown) => error)
    expect(fault).toBeInstanceOf(Fault)
    expect(breakage.faults).toContain((fault as Fault).code)
    expect(t.model.requests).toHaveLength(calls)
  })

  test('from any operation on leaves the old history or the new one, and what began goes on when it is mended', async () => {
    for (let nth = 0; ; nth += 1) {
      const root = temporaryDirectory({ inMemory: true })
      const t = await processOn(root)
      t.disk.break(breakage, nth)
      const outcome = await ask(t.world, message(t, 'Charge 5', TURN)).catch((error: unknown) => error)
      const refused = t.disk.refused()
      t.disk.mend()
      const NEW = [...OLD, 'Charge 5', 'Done.']
      const found = await contents(t)
      try {
        if (outcome instanceof Fault) expect(breakage.faults).toContain(outcome.code)
        else expect(outcome).toMatchObject({ status: 'completed', response: 'Done.' })
        expect([OLD, NEW]).toContainEqual(found)
        if (!(outcome instanceof Fault)) expect(found).toEqual(NEW)
        if (!breakage.operations.includes('unlink')) expect(leftovers(root)).toEqual([])

        const later = testWorld(PROGRAM, {
          root,
          model: new ScriptedModel().answer(model, model, model),
          parts: testTree(root, { owner: { id: null, isDead: () => true } }),
        })
        await expect(ask(later.world, message(later, 'Charge 5', TURN))).resolves.toMatchObject({
          response: 'Done.',
        })
        expect(await contents(later)).toEqual(NEW)
        expect(t.emitted.length + later.emitted.length).toBeLessThanOrEqual(1)
      } catch (error) {
        throw new Error(`broken from operation ${nth} on`, { cause: error })
      }
      if (refused === 0) return
    }
  }, 60_000)
})

describe('a file system that is not mounted', () => {
  test('refuses a message as that, before its model is called, and makes nothing in its place', async () => {
    const root = temporaryDirectory()
    const t = await processOn(root)
    for (const directory of [sessionsDir(root), stateDir(root)]) {
      rmSync(directory, { recursive: true })
      mkdirSync(directory)
    }
    const calls = t.model.requests.length
    const fault = await faultOf(ask(t.world, message(t, 'Charge 5', TURN)))
    expect(fault).toMatchObject({ code: 'tree_missing', data: { path: stateDir(root) } })
    expect(t.model.requests).toHaveLength(calls)
    expect([sessionsDir(root), stateDir(root)].flatMap(filesBelow)).toEqual([])
  })
})
