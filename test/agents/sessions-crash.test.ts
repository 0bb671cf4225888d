import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { compact } from '../../agents/claw/compact.ts'
import { forgetMemory } from '../../agents/claw/forget.ts'
import { resetSession } from '../../agents/claw/reset.ts'
import type { Fs } from '../../stores/tree/fs.ts'
import { nodeFs } from '../../stores/tree/node-fs.ts'
import { say } from '../support/asking.ts'
import { filesBelow } from '../support/files-below.ts'
import { type MortalWorld, mortalWorld } from '../support/mortal-world.ts'
import { losingFs } from '../support/power-loss.ts'
import { ScriptedModel, says } from '../support/scripted-model.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import type { TestWorld } from '../support/world.ts'
import { archived, contents, MANUAL, memory, request, STORED, SUMMARY, talk } from './compaction-world.ts'

const OLD = ['q1', 'a1', 'q2', 'a2', 'q3', 'a3', 'q4', 'a4']
const COMPACTED = [STORED, 'q3', 'a3', 'q4', 'a4']

const processOn = (root: string, options: { readonly at?: number; readonly fs?: Fs } = {}): MortalWorld =>
  mortalWorld(MANUAL, { root, model: new ScriptedModel().answer(SUMMARY), ...options })

/** Contents of the archived conversations, each in order. */
const archives = (t: TestWorld): readonly (readonly string[])[] =>
  archived(t).map((name) =>
    readFileSync(join(t.root, 'sessions/Bot/default/archive', name), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { content: string }).content),
  )

/** What ends with the process: only what it was doing, or everything that the machine had not written yet. */
const CRASHES = ['process', 'power'] as const
type Crash = (typeof CRASHES)[number]

/** Lets `job` die at each file operation in turn; `check` gets another process on what it left. */
async function dyingEverywhere(
  crash: Crash,
  job: (t: MortalWorld) => Promise<unknown>,
  check: (t: MortalWorld) => Promise<void>,
  prepare: (t: MortalWorld) => Promise<void> = async () => {},
): Promise<number> {
  for (let at = 1; ; at += 1) {
    const root = temporaryDirectory({ inMemory: true })
    const disk = losingFs(nodeFs)
    const earlier = mortalWorld(MANUAL, { root, fs: disk.fs, model: new ScriptedModel() })
    await talk(earlier, 4)
    await prepare(earlier)
    const first = processOn(root, { at, fs: disk.fs })
    // What the dead process would have thrown reaches nobody.
    await job(first).catch(() => {})
    if (!first.died()) return at - 1
    const left = crash === 'power' ? temporaryDirectory({ inMemory: true }) : root
    if (crash === 'power') disk.cut(root, left)
    try {
      await check(processOn(left))
    } catch (error) {
      throw new Error(`killed at file operation ${at}`, { cause: error })
    }
  }
}

describe.each(CRASHES)('without %s from any file operation on', (crash) => {
  test('of a compaction: the history is the old or the compacted one, nothing removed is lost, and the next attempt finishes it', async () => {
    const left = new Set<string>()
    const deaths = await dyingEverywhere(
      crash,
      (t) => compact(t.world, request(t)),
      async (t) => {
        const found = await contents(t)
        expect([OLD, COMPACTED]).toContainEqual(found)
        left.add(found[0]!)
        if (found[0] === STORED) expect(archives(t)).toContainEqual(OLD)
        if (found[0] !== STORED) await compact(t.world, request(t))
        expect(await contents(t)).toEqual(COMPACTED)
        expect(archives(t)).toEqual([OLD])
        expect(memory(t)?.match(/- The order is ORD-1\./g)).toHaveLength(1)
      },
    )
    expect(deaths).toBeGreaterThan(40)
    expect(left).toEqual(new Set(['q1', STORED]))
  }, 60_000)

  test('of a reset: the session is the old or an empty one, its conversation is archived whole, and it can be repeated', async () => {
    const left = new Set<number>()
    const deaths = await dyingEverywhere(
      crash,
      (t) => resetSession(t.world, { agent: 'Bot', key: 'default' }),
      async (t) => {
        const found = await contents(t)
        expect([OLD, []]).toContainEqual(found)
        left.add(found.length)
        if (found.length === 0) expect(archives(t)).toEqual([OLD])
        await resetSession(t.world, { agent: 'Bot', key: 'default' })
        expect(await contents(t)).toEqual([])
        expect(archives(t)).toEqual([OLD])
      },
    )
    expect(deaths).toBeGreaterThan(30)
    expect(left).toEqual(new Set([OLD.length, 0]))
  }, 60_000)

  test('of forgetting: the live history is as it was, and the next attempt leaves nothing else', async () => {
    const REF = { agent: 'Bot', key: 'default' }
    const LIVE = ['q5', 'a5']
    const deaths = await dyingEverywhere(
      crash,
      (t) => forgetMemory(t.world, REF),
      async (t) => {
        expect(await contents(t)).toEqual(LIVE)
        await forgetMemory(t.world, REF)
        expect(await contents(t)).toEqual(LIVE)
        const left = filesBelow(join(t.root, 'sessions')).map((file) => readFileSync(file, 'utf8'))
        const said = [...OLD, ...LIVE].filter((text) => left.some((file) => file.includes(`"${text}"`)))
        expect(said).toEqual(LIVE)
      },
      async (t) => {
        await resetSession(t.world, REF)
        t.model.answer(says('a5'))
        await say(t, 'q5')
      },
    )
    expect(deaths).toBeGreaterThan(80)
  }, 60_000)
})
