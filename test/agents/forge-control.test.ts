import { describe, expect, test } from '@jest/globals'
import { iterate } from '../../agents/forge/iterate.ts'
import { unfinishedRuns } from '../../agents/forge/resume.ts'
import { runForge } from '../../agents/forge/run.ts'
import { MAX_ITERATIONS, type StartRequest, startForge } from '../../agents/forge/start.ts'
import { forgeStatus, listForges } from '../../agents/forge/status.ts'
import { stopForge } from '../../agents/forge/stop.ts'
import { Fault, faultText } from '../../agents/ports/fault.ts'
import type { ForgeDriver } from '../../agents/ports/forge-driver.ts'
import type { World } from '../../agents/world.ts'
import { Killer } from './forge-killer.ts'
import { ForgePlace, text } from './forge-world.ts'

const planned = { files: { 'plan.txt': 'first task\nsecond task\n' }, loop: { promptFile: null } }
const request: StartRequest = { agent: 'Builder', driver: 'asl' }

async function refusal(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  )
  return error instanceof Fault ? `${error.code}: ${faultText(error)}` : `no fault: ${error}`
}

const driver = (
  state: 'running' | 'ended' | 'unknown',
  kind: ForgeDriver['kind'] = 'asl',
): Partial<World> => ({
  forgeDriver: {
    kind,
    start: async () => {},
    describe: async () => state,
    wake: async () => {},
  },
})

/** The tree's clock is that of its files; a claim that has been free for long is one of a store that says so. */
const longQuiet = ({ runs }: World): Partial<World> => ({
  runs: new Proxy(runs, {
    get: (target, name) => {
      if (name === 'claim') {
        return (ref: Parameters<typeof target.claim>[0], options: Parameters<typeof target.claim>[1]) =>
          target.claim(ref, { ...options, quietMs: 0 })
      }
      const member: unknown = Reflect.get(target, name)
      return typeof member === 'function' ? member.bind(target) : member
    },
  }),
})

describe('start', () => {
  test('fixes the limits and what is done already', async () => {
    const place = new ForgePlace({
      ...planned,
      files: { ...planned.files, 'progress.jsonl': '{"task": "first task", "status": "done"}\n' },
    })
    const config = await startForge(place.boot(), { ...request, maxIterations: 10, maxCost: 5 })
    expect(config).toMatchObject({
      agent: 'Builder',
      epoch: 1,
      maxIterations: 10,
      maxCost: 5,
      maxTokens: 500_000,
      workspace: place.workspace,
      driver: 'asl',
      tasksAtStart: 2,
      doneAtStart: ['first task'],
    })
    expect(place.requests).toHaveLength(0)
  })

  test.each([
    [{ maxIterations: 0 }, `max_iterations must be a whole number from 1 to ${MAX_ITERATIONS}, got 0`],
    [{ maxIterations: 2.5 }, `max_iterations must be a whole number from 1 to ${MAX_ITERATIONS}, got 2.5`],
    [
      { maxIterations: 1e9 },
      `max_iterations must be a whole number from 1 to ${MAX_ITERATIONS}, got 1000000000`,
    ],
    [{ maxCost: -1 }, 'max_cost must be a number above 0, got -1'],
    [{ maxCost: Number.NaN }, 'max_cost must be a number above 0, got NaN'],
    [{ maxTokens: 0 }, 'max_tokens must be a whole number above 0, got 0'],
  ])('refuses %j', async (limits, message) => {
    const place = new ForgePlace(planned)
    expect(await refusal(startForge(place.boot(), { ...request, ...limits }))).toBe(`bad_request: ${message}`)
  })

  test('names the forge agents there are', async () => {
    expect(await refusal(startForge(new ForgePlace().boot(), { ...request, agent: 'Nobody' }))).toBe(
      'agent_not_found: Forge agent not found: Nobody. Available: Builder, Other',
    )
  })

  test('refuses a model without a price, because max_cost could not be kept', async () => {
    const place = new ForgePlace({ ...planned, agent: { model: 'mystery-1' } })
    expect(await refusal(startForge(place.boot(), request))).toMatch(
      /^price_unknown: .*mystery-1, so max_cost cannot be kept; .*NEAM_PRICES/,
    )
    expect(await forgeStatus(place.boot(), 'Builder')).toMatchObject({ last_outcome: 'not_started' })
  })

  test('refuses a disabled agent', async () => {
    const place = new ForgePlace(planned)
    const world = place.boot()
    await world.killSwitch.set('*', { disabled: true, reason: 'maintenance', by: 'admin', at: null })
    expect(await refusal(startForge(world, request))).toBe(
      'agent_disabled: agent Builder is disabled: maintenance',
    )
  })

  test('refuses loop files outside the workspace', async () => {
    const place = new ForgePlace({ ...planned, loop: { planFile: '../plan.txt' } })
    expect(await refusal(startForge(place.boot(), request))).toMatch(/^path_refused/)
  })

  test('refuses a second run of the agent, and names the first', async () => {
    const place = new ForgePlace(planned)
    const [first, second] = await Promise.allSettled([
      startForge(place.boot(), request),
      startForge(place.boot(), request),
    ])
    const won = [first, second].filter(({ status }) => status === 'fulfilled')
    expect(won).toHaveLength(1)
    const { run } = (won[0] as PromiseFulfilledResult<{ run: string }>).value
    expect(await refusal(startForge(place.boot(), request))).toBe(
      `already_running: forge agent Builder is already running (run ${run}): GET /api/v1/forge/Builder/status shows it, POST /api/v1/forge/Builder/stop ends it`,
    )
  })

  test('refuses a second run in the same workspace', async () => {
    const place = new ForgePlace(planned)
    await startForge(place.boot(), request)
    expect(await refusal(startForge(place.boot(), { ...request, agent: 'Other' }))).toMatch(
      /^already_running: forge agent Builder is already running/,
    )
  })

  test('takes over from a run whose process died, after settling what it had verified', async () => {
    const place = new ForgePlace(planned)
    const killer = new Killer()
    const dying = place.boot((world) => {
      const runs = killer.world(world).runs!
      return {
        ...killer.world(world),
        runs: new Proxy(runs, {
          get: (target, name) => {
            const member = Reflect.get(target, name)
            if (name !== 'recordVerdict') return member
            return async (...args: Parameters<typeof target.recordVerdict>) => {
              await target.recordVerdict(...args)
              killer.kill()
              await killer.call(async () => {})
            }
          },
        }),
      }
    })
    await Promise.race([runForge(dying, 'Builder'), killer.death])
    place.died(dying)
    expect(place.lines('progress.jsonl')).toEqual([])

    expect(await refusal(startForge(place.boot(), request))).toMatch(/^already_running/)
    const config = await startForge(place.boot(longQuiet), request)
    expect(config).toMatchObject({ epoch: 2, doneAtStart: ['first task'] })
    expect(place.lines('progress.jsonl')).toHaveLength(1)
    const [, old] = await place.boot().runs.list('Builder')
    expect(old!.outcome).toMatchObject({ outcome: 'error', iterations: 1, tasksCompleted: 1 })
    expect(old!.outcome!.message).toMatch(/^interrupted: /)
  })

  test('does not take over from a run that its driver still works on', async () => {
    const place = new ForgePlace(planned)
    await startForge(place.boot(), request)
    const world = place.boot((base) => ({ ...longQuiet(base), ...driver('running') }))
    expect(await refusal(startForge(world, request))).toMatch(/^already_running/)
  })
})

describe('status', () => {
  const unstarted = {
    agent: 'Builder',
    running: false,
    iteration: 0,
    total_cost: 0,
    last_outcome: 'not_started',
  }

  test('of an agent that never ran', async () => {
    expect(await forgeStatus(new ForgePlace(planned).boot(), 'Builder')).toMatchObject(unstarted)
  })

  test('follows a run', async () => {
    const place = new ForgePlace(planned)
    const world = place.boot(() => driver('running'))
    const { run, epoch } = await startForge(world, request)
    expect(await forgeStatus(world, 'Builder')).toMatchObject({
      agent: 'Builder',
      running: true,
      iteration: 0,
      total_cost: 0,
      last_outcome: 'running',
      run,
      task: 'first task',
      tasks_completed: 0,
      tasks_total: 2,
      message: null,
    })
    await iterate(world, { agent: 'Builder', run, epoch, iteration: 1 })
    expect(await forgeStatus(world, 'Builder')).toMatchObject({
      running: true,
      iteration: 1,
      total_cost: expect.closeTo(0.0009),
      total_tokens: 240,
      tasks_completed: 1,
      last_verdict: { kind: 'done', message: 'Verified' },
    })
    await iterate(world, { agent: 'Builder', run, epoch, iteration: 2 })
    expect(await forgeStatus(world, 'Builder')).toMatchObject({
      running: false,
      iteration: 2,
      last_outcome: 'completed',
      message: 'All 2 tasks verified successfully.',
      tasks_completed: 2,
      task: null,
    })
  })

  test('says iteration_limit and cost_limit as chapter 28.3 does', async () => {
    const limited = new ForgePlace({ ...planned, verify: () => false })
    await runForge(limited.boot(), 'Builder', { maxIterations: 1 })
    expect(await forgeStatus(limited.boot(), 'Builder')).toMatchObject({ last_outcome: 'iteration_limit' })
    const poor = new ForgePlace(planned)
    await runForge(poor.boot(), 'Builder', { maxCost: 0.0001 })
    expect(await forgeStatus(poor.boot(), 'Builder')).toMatchObject({
      last_outcome: 'cost_limit',
      iteration: 0,
    })
    expect(poor.requests).toHaveLength(0)
  })

  test.each(['ended', 'unknown'] as const)(
    'ends a run whose execution is %s without an outcome',
    async (state) => {
      const place = new ForgePlace(planned)
      await startForge(place.boot(), { ...request, driver: 'states' })
      const world = place.boot((base) => ({ ...longQuiet(base), ...driver(state, 'states') }))
      expect(await forgeStatus(world, 'Builder')).toMatchObject({
        running: false,
        last_outcome: 'error',
        message: expect.stringMatching(/^interrupted: /),
      })
    },
  )

  test('leaves a run alone that was started a moment ago', async () => {
    const place = new ForgePlace(planned)
    await startForge(place.boot(), { ...request, driver: 'states' })
    expect(
      await forgeStatus(
        place.boot(() => driver('unknown', 'states')),
        'Builder',
      ),
    ).toMatchObject({
      running: true,
    })
  })

  test('lists the forge agents in the order of the program', async () => {
    const place = new ForgePlace(planned)
    await startForge(place.boot(), request)
    expect(await listForges(place.boot())).toEqual([
      {
        name: 'Builder',
        provider: 'openai',
        model: 'gpt-4o',
        max_iterations: 25,
        max_cost: 10,
        running: true,
      },
      {
        name: 'Other',
        provider: 'openai',
        model: 'gpt-4o',
        max_iterations: 25,
        max_cost: 10,
        running: false,
      },
    ])
  })
})

describe('stop', () => {
  test('of an agent that does not run changes nothing', async () => {
    const place = new ForgePlace(planned)
    expect(await stopForge(place.boot(), 'Builder')).toEqual({
      status: 'not_running',
      agent: 'Builder',
      run: null,
    })
  })

  test('lets the iteration in hand come to its end', async () => {
    const place: ForgePlace = new ForgePlace({
      ...planned,
      model: async (_, call) => {
        if (call === 1) expect(await stopForge(world, 'Builder')).toMatchObject({ status: 'stopping' })
        return text('Done.')
      },
    })
    const world = place.boot()
    expect(await runForge(world, 'Builder')).toMatchObject({
      outcome: 'aborted',
      message: 'stopped on request',
      iterations: 1,
      tasksCompleted: 1,
    })
  })

  test('by force cuts the iteration off and puts the workspace back', async () => {
    let stopping = async () => {}
    const place: ForgePlace = new ForgePlace({
      ...planned,
      agent: { checkpoint: 'snapshot' },
      model: async () => {
        place.write('half.txt', 'half done')
        await stopping()
        return await new Promise(() => {})
      },
    })
    const world = place.boot((base) => ({
      models: {
        for: async (agent) => {
          const provider = await base.models.for(agent)
          return {
            free: provider.free,
            complete: (call, options) =>
              Promise.race([
                provider.complete(call, options),
                new Promise<never>((_, reject) => {
                  options.signal.addEventListener('abort', () => reject(options.signal.reason))
                }),
              ]),
          }
        },
      },
    }))
    stopping = async () => {
      await stopForge(world, 'Builder', { force: true })
    }
    expect(await runForge(world, 'Builder')).toMatchObject({
      outcome: 'aborted',
      message: 'stopped on request',
    })
    expect(place.read('half.txt')).toBeNull()
  })

  test('by an abort does not wait for the next try of an iteration that failed', async () => {
    const stop = new AbortController()
    const place = new ForgePlace({
      ...planned,
      model: async () => {
        throw new Fault('provider_unavailable', { provider: 'openai', problem: 'ECONNREFUSED' })
      },
    })
    const world = place.boot((base) => ({
      timers: {
        ...base.timers,
        sleep: async (ms, signal) => {
          if (ms !== 5000 || stop.signal.aborted) return await base.timers.sleep(ms, signal)
          stop.abort()
          if (!signal?.aborted) throw new Error('slept on')
          throw signal.reason
        },
      },
    }))
    expect(await runForge(world, 'Builder', { signal: stop.signal })).toMatchObject({
      outcome: 'aborted',
      message: 'stopped on request',
    })
  })

  test('ends a run that nobody works on any more', async () => {
    const place = new ForgePlace(planned)
    await startForge(place.boot(), request)
    const world = place.boot(longQuiet)
    expect(await stopForge(world, 'Builder')).toMatchObject({ status: 'stopping' })
    expect(await forgeStatus(world, 'Builder')).toMatchObject({
      running: false,
      last_outcome: 'aborted',
      message: 'stopped on request',
    })
  })
})

test('a restarted server finds the runs that its driver left', async () => {
  const place = new ForgePlace(planned)
  const world = place.boot()
  expect(await unfinishedRuns(world, 'asl')).toEqual([])
  const { agent, run, epoch } = await startForge(world, request)
  await iterate(world, { agent, run, epoch, iteration: 1 })
  expect(await unfinishedRuns(place.boot(), 'asl')).toEqual([{ agent, run, epoch, iteration: 2 }])
  await iterate(world, { agent, run, epoch, iteration: 2 })
  expect(await unfinishedRuns(place.boot(), 'asl')).toEqual([])
})
