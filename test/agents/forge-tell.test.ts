import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { failRun } from '../../agents/forge/fail.ts'
import { iterate } from '../../agents/forge/iterate.ts'
import { resumeForge, runForge } from '../../agents/forge/run.ts'
import { startForge } from '../../agents/forge/start.ts'
import { OWED_FOR_MS, tellOwed } from '../../agents/forge/tell.ts'
import { Fault, faultText } from '../../agents/ports/fault.ts'
import type { RunRef } from '../../agents/ports/runs.ts'
import type { World } from '../../agents/world.ts'
import { Killer } from './forge-killer.ts'
import { ForgePlace } from './forge-world.ts'

const told = (place: ForgePlace) => place.notices.map(({ run }) => run)

const damagedRecord = (path: string) =>
  new Fault('record_damaged', { path, problem: 'it is not a JSON object' })

const ends = (place: ForgePlace) => place.audit.filter(({ event }) => event === 'forge.end')

/** A run whose process died right after it had written the outcome. */
async function diedAfterOutcome(place: ForgePlace): Promise<RunRef & { readonly epoch: number }> {
  const killer = new Killer()
  const process = place.boot((world) => {
    const mortal = killer.world(world)
    const finish: World['runs']['finish'] = async (...args) => {
      await world.runs.finish(...args)
      killer.kill()
      return await mortal.runs!.finish(...args)
    }
    const runs = new Proxy(mortal.runs!, {
      get: (target, name) => (name === 'finish' ? finish : Reflect.get(target, name)),
    })
    return { ...mortal, runs }
  })
  const config = await startForge(process, { agent: 'Builder', driver: 'asl' })
  await Promise.race([iterate(process, { ...config, iteration: 1 }), killer.death])
  place.died(process)
  return config
}

describe('a run that ended', () => {
  test('is told about once, and nothing is owed any more', async () => {
    const place = new ForgePlace()
    const world = place.boot()
    await runForge(world, 'Builder')
    expect(place.notices).toEqual([
      {
        agent: 'Builder',
        run: (await world.runs.head('Builder'))!.run,
        last_outcome: 'completed',
        message: 'All tasks verified',
        iterations: 1,
        total_cost: expect.any(Number),
        total_tokens: 240,
        tasks_completed: 1,
        tasks_total: 1,
        finished_at: expect.stringMatching(/Z$/),
      },
    ])
    expect((await world.outbox.list()).owed).toEqual([])
    await tellOwed(world)
    expect(place.notices).toHaveLength(1)
  })

  describe('in a process that died before it told', () => {
    const heirs: Readonly<
      Record<string, (world: World, run: RunRef & { epoch: number }) => Promise<unknown>>
    > = {
      'the repeated step': (world, run) => iterate(world, { ...run, iteration: 1 }),
      'the step that records a failure': (world, run) => failRun(world, run, 'Lambda.Unknown'),
      'the start of a server': (world) => tellOwed(world),
      'neam-forge --resume, which finds nothing to resume': (world) =>
        expect(resumeForge(world, 'Builder')).rejects.toMatchObject({ code: 'nothing_to_resume' }),
    }
    test.each(Object.keys(heirs))('is told about by %s', async (heir) => {
      const place = new ForgePlace()
      const run = await diedAfterOutcome(place)
      expect([place.notices, ends(place)]).toEqual([[], []])
      await heirs[heir]!(place.boot(), run)
      expect(place.notices).toMatchObject([{ run: run.run, last_outcome: 'completed' }])
      expect(ends(place)).toMatchObject([
        { agent: 'Builder', run: run.run, metadata: { outcome: 'completed', iterations: 1, tokens: 240 } },
      ])
      expect((await place.boot().outbox.list()).owed).toEqual([])
    })

    test('is told about when the next run starts, before that one is', async () => {
      const place = new ForgePlace()
      const { run } = await diedAfterOutcome(place)
      const world = place.boot()
      await runForge(world, 'Builder')
      expect(told(place)).toEqual([run, (await world.runs.head('Builder'))!.run])
    })
  })

  test('has one audit record, however many processes look at once for what is owed, and nobody outside is told', async () => {
    const place = new ForgePlace()
    const { run } = await diedAfterOutcome(place)
    const processes = Array.from({ length: 5 }, () => place.boot(() => ({ notices: [] })))
    await Promise.all(processes.map((world) => tellOwed(world)))
    expect(ends(place).map((event) => event.run)).toEqual([run])
  })

  test('stays owed while the receiver takes nothing, and the warning says what comes next', async () => {
    const place = new ForgePlace()
    place.receiverProblem = 'it answered 503'
    const world = place.boot()
    const { outcome, finishedAt } = await runForge(world, 'Builder')
    const { run } = (await world.runs.head('Builder'))!
    expect(outcome).toBe('completed')
    const until = new Date(Date.parse(finishedAt) + OWED_FOR_MS).toISOString()
    expect(place.warnings.at(-1)).toBe(
      `webhook was not told that run ${run} ended: it answered 503; it is tried again when a run starts or ends, until ${until}`,
    )
    place.receiverProblem = null
    await tellOwed(world)
    expect(told(place)).toEqual([run])
  })

  test('is given up after three days, with a warning', async () => {
    const place = new ForgePlace()
    place.receiverProblem = 'it answered 503'
    await runForge(place.boot(), 'Builder')
    place.receiverProblem = null
    const later = place.boot(() => ({ clock: { now: () => Date.now() + OWED_FOR_MS + 1000 } }))
    await tellOwed(later)
    expect([place.notices, (await later.outbox.list()).owed]).toEqual([[], []])
    expect(place.warnings.at(-1)).toMatch(/^webhook was not told that run \w+ ended: given up, it ended at /)
  })

  test('is told about whatever is damaged of others, which warnings name', async () => {
    const place = new ForgePlace()
    const state = join(place.directory, 'state')
    const filesOf = (end: string) =>
      readdirSync(state, { recursive: true, encoding: 'utf8' })
        .filter((path) => path.endsWith(end))
        .map((path) => join(state, path))
    const { run: left } = await diedAfterOutcome(place)
    const [outcome] = filesOf('outcome.json')
    const before = filesOf('.json')
    const world = place.boot()
    await world.outbox.add({ target: 'webhook', agent: 'Builder', run: 'another' })
    const [owed] = filesOf('.json').filter((path) => !before.includes(path))
    for (const path of [outcome!, owed!]) writeFileSync(path, '{"agent":')
    await runForge(world, 'Builder')
    const { run } = (await world.runs.head('Builder'))!
    expect([told(place), ends(place).map((event) => event.run)]).toEqual([[run], [run]])
    const unread = (path: string) => faultText(damagedRecord(path))
    expect(place.warnings.slice(-3)).toEqual([
      `what an ended run owes: ${unread(owed!)}`,
      `audit record of run ${left}: ${unread(outcome!)}`,
      `webhook was not told that run ${left} ended: ${unread(outcome!)}`,
    ])
  })

  test('does not depend on an outbox that cannot be read', async () => {
    const place = new ForgePlace()
    const world = place.boot(({ outbox }) => ({
      outbox: {
        add: (owed) => outbox.add(owed),
        remove: (owed) => outbox.remove(owed),
        list: async () => {
          throw new Error('unexpected')
        },
      },
    }))
    expect((await runForge(world, 'Builder')).outcome).toBe('completed')
    expect(place.warnings).toContain('notices of ended runs: internal error')
  })
})

test('a notice is not sent while its run has no outcome', async () => {
  const place = new ForgePlace()
  const world = place.boot()
  const { run } = await startForge(world, { agent: 'Builder', driver: 'asl' })
  await world.outbox.add({ target: 'webhook', agent: 'Builder', run })
  await tellOwed(world)
  expect(place.notices).toEqual([])
  expect((await world.outbox.list()).owed).toEqual([{ target: 'webhook', agent: 'Builder', run }])
})
