import { describe, expect, test } from '@jest/globals'
import type { RunStore } from '../../agents/ports/runs.ts'
import { faultOf } from '../support/faults.ts'
import { iterationRecord, OUTCOME, runConfig } from '../support/fs-scenarios.ts'

const REF = { agent: 'Builder', run: 'R1' }

/** What every RunStore keeps; `open` gives a new store over the same, at first empty, place each time. */
export function runStoreContract(fresh: () => { open(): RunStore }): void {
  describe('run store', () => {
    test('an agent that never ran has no head and no runs', async () => {
      const store = fresh().open()
      await expect(store.head('Builder')).resolves.toBeNull()
      await expect(store.config(REF)).resolves.toBeNull()
      await expect(store.list('Builder')).resolves.toEqual([])
    })

    test('a started run shows its head at once', async () => {
      const place = fresh()
      const started = await place.open().start(runConfig('R1'))
      expect(started).toMatchObject({ kind: 'started', config: { epoch: 1, run: 'R1' } })
      await expect(place.open().head('Builder')).resolves.toMatchObject({
        run: 'R1',
        iteration: 0,
        outcome: null,
      })
      await expect(place.open().config(REF)).resolves.toEqual({ ...runConfig('R1'), epoch: 1 })
    })

    test('a second start names the live run, and the ended one frees its agent', async () => {
      const place = fresh()
      const store = place.open()
      await store.start(runConfig('R1'))
      await expect(place.open().start(runConfig('R2'))).resolves.toEqual({ kind: 'running', ...REF })
      await store.finish(REF, OUTCOME)
      await expect(place.open().start(runConfig('R2'))).resolves.toMatchObject({
        kind: 'started',
        config: { epoch: 2 },
      })
    })

    test('two agents cannot run in one workspace', async () => {
      const store = fresh().open()
      await store.start(runConfig('R1', 'Builder', '/nowhere/shared'))
      const second = runConfig('R2', 'Fixer', '/nowhere/shared')
      await expect(store.start(second)).resolves.toEqual({ kind: 'running', ...REF })
      await expect(store.start(runConfig('R3', 'Fixer', '/nowhere/own'))).resolves.toMatchObject({
        kind: 'started',
      })
      await store.finish({ agent: 'Fixer', run: 'R3' }, OUTCOME)
      await store.finish(REF, OUTCOME)
      await expect(store.start(second)).resolves.toMatchObject({ kind: 'started' })
    })

    test('a repeated start of one run is known', async () => {
      const store = fresh().open()
      await store.start(runConfig('R1'))
      await expect(store.start(runConfig('R1'))).resolves.toEqual({ kind: 'running', ...REF })
      await store.finish(REF, OUTCOME)
      await expect(store.start(runConfig('R1'))).resolves.toEqual({ kind: 'running', ...REF })
    })

    test('a run holds its agent until it ends', async () => {
      const store = fresh().open()
      await store.start(runConfig('R1'))
      await expect(store.holds(REF, 1)).resolves.toBe(true)
      await expect(store.holds(REF, 2)).resolves.toBe(false)
      await store.finish(REF, OUTCOME)
      await expect(store.holds(REF, 1)).resolves.toBe(false)
    })

    test('attempts are counted before the work', async () => {
      const place = fresh()
      await place.open().start(runConfig('R1'))
      for (const attempt of [1, 2, 3]) {
        await expect(place.open().begin(REF, 1)).resolves.toEqual({ kind: 'begin', attempt })
      }
      await expect(place.open().begin(REF, 2)).resolves.toEqual({ kind: 'begin', attempt: 1 })
    })

    test('tries that ended waiting for a person are kept in order, for every process', async () => {
      const place = fresh()
      await place.open().start(runConfig('R1'))
      await expect(place.open().waits(REF, 1)).resolves.toEqual([])
      const usage = { inputTokens: 1, outputTokens: 2, cachedTokens: 0, estimated: false }
      const first = { attempt: 1, confirmation: 'a', usage, cost: 0.1 }
      const second = { attempt: 3, confirmation: 'b', usage, cost: 0.2 }
      await place.open().recordWait(REF, 1, first)
      await place.open().recordWait(REF, 1, second)
      await expect(place.open().waits(REF, 1)).resolves.toEqual([first, second])
      await expect(place.open().waits(REF, 2)).resolves.toEqual([])
    })

    test('a verdict is finished and a done iteration answered unchanged', async () => {
      const place = fresh()
      const store = place.open()
      await store.start(runConfig('R1'))
      await store.begin(REF, 1)
      const record = iterationRecord(1, 1)
      await store.recordVerdict(REF, record)
      await expect(place.open().begin(REF, 1)).resolves.toEqual({ kind: 'verdict', record })
      await expect(store.iteration(REF, 1)).resolves.toBeNull()
      const done = { ...record, checkpoint: 'c0ffee' }
      await store.recordDone(REF, done)
      await store.recordDone(REF, { ...done, checkpoint: 'late' })
      await expect(place.open().begin(REF, 1)).resolves.toEqual({ kind: 'done', record: done })
      await expect(store.iteration(REF, 1)).resolves.toEqual(done)
    })

    test('iterations come in order, also beyond ten', async () => {
      const store = fresh().open()
      await store.start(runConfig('R1'))
      for (let i = 12; i >= 1; i--) await store.recordDone(REF, iterationRecord(i, 1))
      const iterations = await store.iterations(REF)
      expect(iterations.map(({ iteration }) => iteration)).toEqual(
        Array.from({ length: 12 }, (_, i) => i + 1),
      )
    })

    test('a stop is seen, and a forced one is not taken back', async () => {
      const place = fresh()
      const store = place.open()
      await store.start(runConfig('R1'))
      await expect(store.stopRequest(REF)).resolves.toBe('none')
      await store.requestStop(REF, false)
      await expect(place.open().stopRequest(REF)).resolves.toBe('graceful')
      await store.requestStop(REF, true)
      await store.requestStop(REF, false)
      await expect(place.open().stopRequest(REF)).resolves.toBe('force')
      expect((await faultOf(store.stopRequest({ agent: 'Builder', run: 'unknown' }))).code).toBe(
        'run_not_found',
      )
    })

    test('the first outcome wins', async () => {
      const place = fresh()
      const store = place.open()
      await store.start(runConfig('R1'))
      await expect(store.outcome(REF)).resolves.toBeNull()
      await expect(store.finish(REF, OUTCOME)).resolves.toEqual(OUTCOME)
      await expect(place.open().finish(REF, { ...OUTCOME, outcome: 'error' })).resolves.toEqual(OUTCOME)
      await expect(place.open().outcome(REF)).resolves.toEqual(OUTCOME)
      await expect(place.open().head('Builder')).resolves.toMatchObject({ run: 'R1', outcome: OUTCOME })
    })

    test('a run that was taken over does not write over the head of the new one', async () => {
      const store = fresh().open()
      await store.start(runConfig('R1'))
      const old = await store.head('Builder')
      await store.finish(REF, OUTCOME)
      await store.start(runConfig('R2'))
      if (old) await store.writeHead({ ...old, iteration: 9 })
      await expect(store.head('Builder')).resolves.toMatchObject({ run: 'R2', iteration: 0 })
      const runs = await store.list('Builder')
      expect(runs.map(({ run, iteration }) => [run, iteration])).toEqual([
        ['R2', 0],
        ['R1', 9],
      ])
      expect(runs[1]?.outcome).toEqual(OUTCOME)
    })

    test('one process at a time works on a run', async () => {
      const place = fresh()
      await place.open().start(runConfig('R1'))
      const claim = await place.open().claim(REF, { ttlMs: 60_000, quietMs: 0 })
      await expect(place.open().claim(REF, { ttlMs: 60_000, quietMs: 0 })).resolves.toBeNull()
      await expect(claim?.renew()).resolves.toBe(true)
      await claim?.release()
      await expect(claim?.renew()).resolves.toBe(false)
      await expect(place.open().claim(REF, { ttlMs: 60_000, quietMs: 0 })).resolves.not.toBeNull()
    })

    test('a run that just began, or was just worked on, is not quiet', async () => {
      const store = fresh().open()
      await store.start(runConfig('R1'))
      await expect(store.claim(REF, { ttlMs: 1000, quietMs: 60_000 })).resolves.toBeNull()
      const claim = await store.claim(REF, { ttlMs: 1000, quietMs: 0 })
      await claim?.release()
      await expect(store.claim(REF, { ttlMs: 1000, quietMs: 60_000 })).resolves.toBeNull()
    })
  })
}
