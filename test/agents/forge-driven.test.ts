import { expect, test } from '@jest/globals'
import { keepDriven } from '../../agents/forge/claim.ts'
import { leftRuns } from '../../agents/forge/resume.ts'
import { startForge } from '../../agents/forge/start.ts'
import type { World } from '../../agents/world.ts'
import { ForgePlace } from './forge-world.ts'

const planned = { files: { 'plan.txt': 'first task\nsecond task\n' }, loop: { promptFile: null } }

/** A world in which `runs` answers some calls otherwise. */
const withRuns =
  (changed: Partial<World['runs']>) =>
  ({ runs }: World): Partial<World> => ({
    runs: new Proxy(runs, {
      get: (target, name) => {
        const member: unknown = Reflect.get(name in changed ? changed : target, name)
        return typeof member === 'function' ? member.bind(target) : member
      },
    }),
  })

test('signs of life are given every five seconds until the execution is over, also after one that failed', async () => {
  const over = new AbortController()
  const given: unknown[] = []
  const slept: number[] = []
  const world = new ForgePlace(planned).boot((base) => ({
    ...withRuns({
      beat: async (ref, epoch) => {
        given.push([ref, epoch])
        if (given.length === 2) throw new Error('EIO')
      },
    })(base),
    timers: {
      ...base.timers,
      sleep: async (ms) => {
        slept.push(ms)
        if (slept.length === 3) over.abort()
      },
    },
  }))
  await keepDriven(world, { agent: 'Builder', run: 'R', epoch: 4 }, over.signal)
  expect(given).toEqual(Array(3).fill([{ agent: 'Builder', run: 'R' }, 4]))
  expect(slept).toEqual([5000, 5000, 5000])
})

test('a run is left when nothing was heard of it for fifteen seconds and no execution here drives it', async () => {
  const place = new ForgePlace(planned)
  const { agent, run, epoch } = await startForge(place.boot(), { agent: 'Builder', driver: 'asl' })
  expect(await leftRuns(place.boot(), 'asl')).toEqual([])
  const asked: number[] = []
  const quiet = withRuns({
    isWorkedOn: async (_ref, quietMs) => {
      asked.push(quietMs)
      return false
    },
  })
  expect(await leftRuns(place.boot(quiet), 'asl')).toEqual([{ agent, run, epoch, iteration: 1 }])
  expect(asked).toEqual([15_000])
  const driven = place.boot((base) => ({
    ...quiet(base),
    forgeDriver: { ...base.forgeDriver, kind: 'asl', describe: async () => 'running' },
  }))
  expect(await leftRuns(driven, 'asl')).toEqual([])
})
