import { mkdirSync, readdirSync, rmSync, symlinkSync, truncateSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { Fault } from '../../agents/ports/fault.ts'
import type { RunClaim } from '../../agents/ports/runs.ts'
import { interceptedFs } from '../../stores/tree/intercepted-fs.ts'
import { nodeFs } from '../../stores/tree/node-fs.ts'
import { runStoreContract } from '../contracts/run-store.ts'
import { faultOf } from '../support/faults.ts'
import { countingFs } from '../support/fs-counting.ts'
import { faultyFs } from '../support/fs-faults.ts'
import { Children } from '../support/fs-processes.ts'
import { iterationRecord, OUTCOME, run, runConfig } from '../support/fs-scenarios.ts'
import { stateDir, testTree } from '../support/fs-tree.ts'
import { temporaryDirectory } from '../support/temporary.ts'

runStoreContract(() => {
  const root = temporaryDirectory()
  return { open: () => testTree(root).runs }
})

let children: Children
beforeAll(async () => {
  children = await Children.prepare()
})

const REF = { agent: 'Builder', run: 'R1' }

describe('a run on disk', () => {
  test('killed at any file operation it is started once, done once and ended once', async () => {
    const deaths = await children.killEverywhere({
      job: 'run',
      argument: 'R1',
      prepare: async (root) => {
        testTree(root)
      },
      async check(root, { signal }) {
        const { runs } = testTree(root)
        const before = await runs.iterations(REF)
        expect(before.length).toBeLessThanOrEqual(1)
        if (signal === null) expect(await runs.outcome(REF)).toEqual(OUTCOME)
        // The driver delivers it again: what was recorded stands, and the rest is done.
        await expect(run(testTree(root), 'R1')).resolves.toEqual(OUTCOME)
        const after = await runs.iterations(REF)
        expect(after).toHaveLength(1)
        if (before[0]) expect(after[0]).toEqual(before[0])
        await expect(runs.head('Builder')).resolves.toMatchObject({ run: 'R1', epoch: 1, outcome: OUTCOME })
        // And it is in nobody's way.
        await expect(runs.start(runConfig('R2'))).resolves.toMatchObject({ kind: 'started' })
      },
    })
    expect(deaths).toBeGreaterThan(60)
  }, 60_000)

  test('an error at any file operation is a Fault, and the run can go on', async () => {
    for (let at = 1; ; at++) {
      const root = temporaryDirectory()
      testTree(root)
      let armed = false
      const counter = countingFs(nodeFs)
      const tree = testTree(root, {
        fs: faultyFs(counter.fs, { at, fault: { kind: 'fail', code: 'EIO' }, concerns: () => armed }),
      })
      armed = true
      counter.reset()
      const outcome = await run(tree, 'R1').catch((error: unknown) => error)
      if (outcome instanceof Fault) expect([at, outcome.code]).toEqual([at, 'storage_unavailable'])
      else expect([at, outcome]).toEqual([at, OUTCOME])
      const again = await testTree(root).runs.start(runConfig('R2'))
      const live = again.kind === 'running' ? again.run : 'R2'
      await expect(run(testTree(root), live)).resolves.toEqual(OUTCOME)
      if (counter.calls() < at - 1) return
    }
  }, 60_000)

  test('two names of one workspace are one workspace', async () => {
    const root = temporaryDirectory()
    mkdirSync(join(root, 'real'))
    symlinkSync(join(root, 'real'), join(root, 'alias'))
    const { runs } = testTree(root)
    await runs.start(runConfig('R1', 'Builder', join(root, 'real', 'site')))
    await expect(runs.start(runConfig('R2', 'Fixer', join(root, 'alias', 'site')))).resolves.toEqual({
      kind: 'running',
      ...REF,
    })
  })

  test('a start that died before it wrote its config can be claimed and ended, and so frees its agent', async () => {
    const root = temporaryDirectory()
    const { runs } = testTree(root)
    await runs.start(runConfig('R1'))
    rmSync(join(stateDir(root), 'forge', 'Builder', 'runs'), { recursive: true })
    await expect(runs.start(runConfig('R2'))).resolves.toEqual({ kind: 'running', ...REF })
    await expect(runs.claim(REF, { ttlMs: 1000, quietMs: 60_000 })).resolves.toBeNull()
    const then = Date.now() / 1000 - 61
    utimesSync(join(stateDir(root), 'forge', 'Builder', 'run.0000000001.json'), then, then)
    await expect(runs.claim(REF, { ttlMs: 1000, quietMs: 60_000 })).resolves.not.toBeNull()
    await runs.finish(REF, OUTCOME)
    await expect(runs.start(runConfig('R2'))).resolves.toMatchObject({ kind: 'started' })
  })

  test('a run that is driven counts as worked on at each sign of life, and the sign of an earlier run as none', async () => {
    const root = temporaryDirectory()
    const { runs } = testTree(root)
    const started = await runs.start(runConfig('R1'))
    const epoch = started.kind === 'started' ? started.config.epoch : 0
    const longAgo = () => {
      const then = Date.now() / 1000 - 61
      const folder = join(stateDir(root), 'forge', 'Builder')
      for (const name of readdirSync(folder).filter((file) => /^(run|alive)\./.test(file)))
        utimesSync(join(folder, name), then, then)
    }
    longAgo()
    expect(await runs.isWorkedOn(REF, 60_000)).toBe(false)
    await runs.beat(REF, epoch)
    expect(await runs.isWorkedOn(REF, 60_000)).toBe(true)
    longAgo()
    await runs.beat(REF, epoch - 1)
    expect(await runs.isWorkedOn(REF, 60_000)).toBe(false)
  })

  test('a start that failed holds neither the agent nor the workspace', async () => {
    let failures = 0
    for (let at = 1; at < 100; at++) {
      const root = temporaryDirectory()
      let isOpen = false
      const failing = faultyFs(nodeFs, {
        at,
        fault: { kind: 'fail', code: 'EIO' },
        concerns: () => isOpen,
      })
      const { runs } = testTree(root, { fs: failing })
      isOpen = true
      try {
        await runs.start(runConfig('R1'))
      } catch {
        isOpen = false
        failures++
        if ((await runs.config(REF)) === null)
          await expect(runs.start(runConfig('R2'))).resolves.toMatchObject({ kind: 'started' })
      }
    }
    expect(failures).toBeGreaterThan(20)
  })

  test('a claim that is not renewed comes free by the clock of the tree', async () => {
    const root = temporaryDirectory()
    const { runs } = testTree(root, { owner: { id: null, isDead: () => false } })
    await runs.start(runConfig('R1'))
    const claim = await runs.claim(REF, { ttlMs: 30_000, quietMs: 0 })
    const directory = join(stateDir(root), 'forge', 'Builder', 'runs', 'R1', 'work')
    const age = (file: string): void => {
      const then = Date.now() / 1000 - 31
      utimesSync(join(directory, file), then, then)
    }
    age('claim.0000000001')
    await claim?.renew()
    await expect(runs.claim(REF, { ttlMs: 30_000, quietMs: 0 })).resolves.toBeNull()
    age('alive.0000000001')
    await expect(runs.claim(REF, { ttlMs: 30_000, quietMs: 0 })).resolves.not.toBeNull()
    await expect(claim?.renew()).resolves.toBe(false)
  })

  test.each(['create', 'rename', 'list'])(
    'a renewal whose %s takes longer than its claim lasts does not take the run back',
    async (slow) => {
      const root = temporaryDirectory()
      const owner = { id: null, isDead: () => false }
      let whileSlow: (() => void) | null = null
      const slowFs = interceptedFs(nodeFs, (operation, _subject, run) => {
        if (operation === slow) whileSlow?.()
        return run()
      })
      const { runs } = testTree(root, { owner, fs: slowFs })
      await runs.start(runConfig('R1'))
      const claim = await runs.claim(REF, { ttlMs: 30_000, quietMs: 0 })
      let taken: Promise<RunClaim | null> | null = null
      whileSlow = () => {
        whileSlow = null
        const then = Date.now() / 1000 - 31
        const work = join(stateDir(root), 'forge/Builder/runs/R1/work')
        for (const name of readdirSync(work)) utimesSync(join(work, name), then, then)
        taken = testTree(root, { owner }).runs.claim(REF, { ttlMs: 30_000, quietMs: 0 })
      }
      const isHeld = await claim!.renew()
      expect(isHeld).toBe(false)
      await expect((await taken!)!.renew()).resolves.toBe(true)
    },
  )

  test('a clock that jumps: forward, whoever held the claim learns that it is lost; back, the claim of a dead process is free', async () => {
    const root = temporaryDirectory()
    const dead = new Set<string>()
    const processOf = (id: string) =>
      testTree(root, { owner: { id, isDead: (other) => dead.has(other) } }).runs
    const [first, second, third] = [processOf('p1'), processOf('p2'), processOf('p3')]
    await first.start(runConfig('R1'))
    const claim = await first.claim(REF, { ttlMs: 30_000, quietMs: 0 })
    const work = join(stateDir(root), 'forge', 'Builder', 'runs', 'R1', 'work')
    /** The file's time is what it was when the clock stood `ms` away from now. */
    const jump = (file: string, ms: number): void => {
      const then = (Date.now() - ms) / 1000
      utimesSync(join(work, file), then, then)
    }
    const DAY = 24 * 3_600_000

    // Forward: a holder that renews goes on; one that was passed over knows.
    jump('claim.0000000001', DAY)
    await expect(claim?.renew()).resolves.toBe(true)
    await expect(second.claim(REF, { ttlMs: 30_000, quietMs: 0 })).resolves.toBeNull()
    jump('alive.0000000001', DAY)
    const taken = await second.claim(REF, { ttlMs: 30_000, quietMs: 0 })
    expect(taken).not.toBeNull()
    await expect(claim?.renew()).resolves.toBe(false)

    // Back: its last sign of life lies in the future.
    await taken?.renew()
    jump('alive.0000000002', -DAY)
    await expect(third.claim(REF, { ttlMs: 30_000, quietMs: 0 })).resolves.toBeNull()
    dead.add('p2')
    await expect(third.claim(REF, { ttlMs: 30_000, quietMs: 0 })).resolves.not.toBeNull()
  })

  test('a damaged record is named', async () => {
    const root = temporaryDirectory()
    const { runs } = testTree(root)
    await runs.start(runConfig('R1'))
    await runs.recordDone(REF, iterationRecord(1, 1))
    truncateSync(join(stateDir(root), 'forge', 'Builder', 'runs', 'R1', 'iter.000001.done.json'), 3)
    expect((await faultOf(runs.iteration(REF, 1))).code).toBe('record_damaged')
    expect((await faultOf(runs.iterations(REF))).code).toBe('record_damaged')
  })

  test('iteration 1,000 costs no more file operations than the second', async () => {
    const root = temporaryDirectory()
    const counter = countingFs(nodeFs)
    const { runs } = testTree(root, { fs: counter.fs })
    await runs.start(runConfig('R1'))
    const cost = async (iteration: number): Promise<number> => {
      counter.reset()
      await runs.holds(REF, 1)
      await runs.begin(REF, iteration)
      await runs.recordVerdict(REF, iterationRecord(iteration, 1))
      await runs.recordDone(REF, iterationRecord(iteration, 1))
      return counter.calls()
    }
    const early = await cost(2)
    for (let i = 3; i < 40; i++) await cost(i)
    expect(await cost(1000)).toBe(early)
  })
})
