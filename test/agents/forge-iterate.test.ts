import { describe, expect, test } from '@jest/globals'
import { iterate } from '../../agents/forge/iterate.ts'
import { runForge } from '../../agents/forge/run.ts'
import type { RunState } from '../../agents/forge/run-state.ts'
import { startForge } from '../../agents/forge/start.ts'
import { forgeStatus } from '../../agents/forge/status.ts'
import { Fault } from '../../agents/ports/fault.ts'
import { NO_STORAGE_TIME } from '../../agents/ports/storage-time.ts'
import { until } from '../support/until.ts'
import { Killer } from './forge-killer.ts'
import { ForgePlace, type ForgeWorldOptions, taskOf, text, writeFile } from './forge-world.ts'

const planned = { files: { 'plan.txt': 'first task\nsecond task\n' }, loop: { promptFile: null } }

async function started(options: ForgeWorldOptions = {}) {
  const place = new ForgePlace({ ...planned, ...options })
  const world = place.boot()
  const { agent, run, epoch } = await startForge(world, { agent: 'Builder', driver: 'asl' })
  const state = (iteration: number): RunState => ({ agent, run, epoch, iteration })
  return { place, world, state }
}

/** A gate that a test opens. */
function gate() {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { open, opened }
}

/** An iteration whose model answers when the gate is opened. */
async function heldUp() {
  const { open, opened } = gate()
  const { place, world, state } = await started({
    model: async () => {
      await opened
      return text('Done.')
    },
  })
  const first = iterate(world, state(1))
  await until(() => place.requests.length === 1)
  return { open, place, world, state, first }
}

describe('an iteration', () => {
  test('takes a state in and gives the next one out', async () => {
    const { world, state } = await started()
    expect(await iterate(world, state(1))).toEqual({
      kind: 'next',
      state: state(2),
      report: {
        iteration: 1,
        task: 'first task',
        verdict: 'done: Verified',
        totalCost: expect.closeTo(0.0009),
        outcome: 'running',
      },
    })
    expect(await iterate(world, state(2))).toMatchObject({
      kind: 'done',
      report: { iteration: 2, task: 'second task', verdict: 'done: Verified', outcome: 'completed' },
    })
  })

  test('is answered from its record when it is delivered again', async () => {
    const { place, world, state } = await started()
    const first = await iterate(world, state(1))
    const calls = place.requests.length
    expect(await iterate(place.boot(), state(1))).toEqual(first)
    expect(place.requests).toHaveLength(calls)
    expect(place.lines('progress.jsonl')).toHaveLength(1)
  })

  test('answers the end of the run for ever after', async () => {
    const { place, world, state } = await started({ verify: () => 'abort' })
    const end = await iterate(world, state(1))
    expect(end).toMatchObject({ kind: 'aborted', report: { outcome: 'aborted' } })
    expect(await iterate(place.boot(), state(1))).toMatchObject({
      kind: 'aborted',
      report: { outcome: 'aborted' },
    })
    expect(await iterate(place.boot(), state(7))).toMatchObject({ kind: 'aborted' })
    expect(place.requests).toHaveLength(2)
  })

  test('delivered twice at once is done once: the second waits for the first', async () => {
    const { open, place, state, first } = await heldUp()
    const waiting = Promise.withResolvers<void>()
    const waiter = place.boot(({ timers }) => ({
      timers: {
        ...timers,
        sleep: async (ms, signal) => {
          waiting.resolve()
          await timers.sleep(ms, signal)
        },
      },
    }))
    const second = iterate(waiter, state(1))
    await waiting.promise
    open()
    expect(await second).toEqual(await first)
    expect(place.requests).toHaveLength(1)
  })

  test('gives up waiting at its deadline', async () => {
    const { open, place, state, first } = await heldUp()
    await expect(iterate(place.boot(), state(1), { deadlineAt: Date.now() + 500 })).rejects.toMatchObject({
      code: 'run_busy',
    })
    open()
    expect(await first).toMatchObject({ kind: 'next' })
  })

  test('that waits for another driver is stopped by its own', async () => {
    const { open, place, state, first } = await heldUp()
    const stop = new AbortController()
    const second = iterate(place.boot(), state(1), { signal: stop.signal })
    stop.abort()
    await expect(second).rejects.toMatchObject({ code: 'stopped' })
    open()
    expect(await first).toMatchObject({ kind: 'next' })
  })

  test('that crashed three times ends the run', async () => {
    const { place, state } = await started()
    for (let crash = 1; crash <= 3; crash += 1) {
      const killer = new Killer()
      const dying = place.boot((world) => ({
        ...killer.world(world),
        models: {
          for: async () => {
            killer.kill()
            return await killer.call(() => world.models.for(place.builder))
          },
        },
      }))
      await Promise.race([iterate(dying, state(1)), killer.death])
      place.died(dying)
    }
    expect(await iterate(place.boot(), state(1))).toMatchObject({ kind: 'aborted' })
    expect(await place.boot().runs.outcome(state(1))).toMatchObject({
      outcome: 'aborted',
      message: 'iteration 1 crashed 3 times',
      iterations: 0,
    })
    expect(place.requests).toHaveLength(0)
  })

  test('of a run that another has taken over does nothing', async () => {
    const { place, world, state } = await started()
    const stale = place.boot(({ runs }) => ({
      runs: new Proxy(runs, {
        get: (target, name) => {
          if (name === 'holds') return async () => false
          const member: unknown = Reflect.get(target, name)
          return typeof member === 'function' ? member.bind(target) : member
        },
      }),
    }))
    expect(await iterate(stale, state(1))).toMatchObject({
      kind: 'aborted',
      report: { verdict: expect.stringContaining('taken over by a newer run') },
    })
    expect(place.requests).toHaveLength(0)
    expect(await world.runs.outcome(state(1))).toBeNull()
  })

  test('does not go on with another program', async () => {
    const { place, world, state } = await started()
    const { module } = new ForgePlace().program
    const changed = { ...module, manifest: { ...module.manifest, sourceHash: 'b'.repeat(64) } }
    const program = Object.create(place.program, { module: { value: changed } })
    expect(await iterate({ ...world, program }, state(1))).toMatchObject({
      kind: 'aborted',
      report: { verdict: expect.stringContaining('the program was changed during the run') },
    })
  })

  test('without time left becomes a Retry, and keeps what was written', async () => {
    let late = 0
    const { place, state } = await started({
      model: (_, call) => {
        if (call === 2) late = 60_000
        return writeFile(`file ${call}.txt`, 'content')
      },
    })
    const world = place.boot(() => ({ clock: { now: () => Date.now() + late } }))
    const step = await iterate(world, state(1), { deadlineAt: Date.now() + 30_000 })
    expect(step).toMatchObject({
      kind: 'next',
      report: { verdict: expect.stringContaining('retry: The iteration ran out of time') },
    })
    expect(place.read('file 1.txt')).toBe('content')
    expect(place.contexts).toHaveLength(0)
  })

  test('whose time went to slow storage becomes a Retry that says so, keeps what was written, and warns', async () => {
    let late = 0
    const { place, state } = await started({
      model: (_, call) => {
        if (call === 2) late = 60_000
        return writeFile(`file ${call}.txt`, 'content')
      },
    })
    const slowest = { operation: 'fsync', files: 'forge', ms: 9000 }
    const world = place.boot(() => ({
      clock: { now: () => Date.now() + late },
      storageTime: {
        ...NO_STORAGE_TIME,
        during: (work) => work(() => ({ ms: 40_000, ofMs: 60_000, slowest })),
      },
    }))
    const step = await iterate(world, state(1), { deadlineAt: Date.now() + 30_000 })
    const where =
      'out of time while starting a model call: 40000 of 60000 ms went to storage, whose slowest call, one fsync of forge files, took 9000 ms'
    expect(step).toMatchObject({
      kind: 'next',
      report: {
        verdict: expect.stringContaining('retry: The iteration ran out of time because its storage was slow'),
      },
    })
    expect((await world.runs.iteration(state(1), 1))?.verdict).toEqual({
      kind: 'retry',
      feedback: expect.stringContaining(where),
    })
    expect((await world.runs.head('Builder'))?.warnings).toEqual([
      expect.stringContaining(`iteration 1: ${where}`),
    ])
    expect(place.read('file 1.txt')).toBe('content')
    expect(place.contexts).toHaveLength(0)
  })
})

describe('a model that cannot be reached', () => {
  const unreachable = () => {
    throw new Fault('provider_unavailable', { provider: 'openai', problem: 'ECONNREFUSED' })
  }

  test('is tried again by the driver', async () => {
    const { world, state } = await started({ model: (_, call) => (call < 3 ? unreachable() : text('Done.')) })
    await expect(iterate(world, state(1))).rejects.toMatchObject({ code: 'provider_unavailable' })
    await expect(iterate(world, state(1))).rejects.toMatchObject({ code: 'provider_unavailable' })
    expect(await iterate(world, state(1))).toMatchObject({ kind: 'next' })
    expect((await world.runs.head('Builder'))!.warnings).toHaveLength(1)
  })

  test('ends the run as an error at the third try, with the reason', async () => {
    const place = new ForgePlace({ ...planned, model: unreachable })
    expect(await runForge(place.boot(), 'Builder')).toMatchObject({
      outcome: 'error',
      message: 'the model provider cannot be reached (openai: ECONNREFUSED)',
      iterations: 0,
    })
    expect(place.requests).toHaveLength(3)
  })

  test('ends it at once when no try can help', async () => {
    const place = new ForgePlace({
      ...planned,
      model: () => {
        throw new Fault('provider_auth', { provider: 'openai' })
      },
    })
    expect(await runForge(place.boot(), 'Builder')).toMatchObject({
      outcome: 'error',
      message: 'the model provider refused the API key (openai)',
    })
    expect(place.requests).toHaveLength(1)
  })
})

describe('checkpoints', () => {
  test('make one commit a verified task, with a clean tree, and none for a Retry', async () => {
    const place = new ForgePlace({
      files: { 'plan.txt': 'first task\nsay "hi"; $(rm -rf .)\n' },
      loop: { promptFile: null },
      agent: { checkpoint: 'git' },
      verify: ({ attempt }) => attempt === 2,
    })
    expect(await runForge(place.boot(), 'Builder')).toMatchObject({ outcome: 'completed', iterations: 4 })
    const { execFileSync } = await import('node:child_process')
    const git = (...args: string[]) =>
      execFileSync('git', ['-C', place.workspace, ...args], { encoding: 'utf8' })
    expect(git('log', '--format=%s').trim().split('\n').toReversed()).toEqual(
      expect.arrayContaining(['forge: first task', 'forge: say "hi"; $(rm -rf .)']),
    )
    expect(git('log', '--format=%s').match(/^forge: (?!checkpoint)/gm)).toHaveLength(2)
    expect(git('status', '--porcelain')).toBe('')
    expect(git('show', '--name-only', '--format=', 'HEAD')).toContain('progress.jsonl')
  })

  test.each(['git', 'snapshot'] as const)(
    'a %s checkpoint shows that a task was verified without any work, in the warnings of the status',
    async (checkpoint) => {
      const place = new ForgePlace({
        ...planned,
        agent: { checkpoint },
        model: (request) =>
          request.messages.at(-1)!.role === 'tool' || taskOf(request) === 'second task'
            ? text('LEARNING: nothing to do')
            : writeFile('first.txt', 'content'),
      })
      const world = place.boot()
      await runForge(world, 'Builder')
      const { warnings } = await forgeStatus(world, 'Builder')
      expect(warnings.filter((line) => line.startsWith('iteration'))).toEqual([
        'iteration 2: "second task" was verified, though its model changed nothing in the workspace',
      ])
    },
  )

  test('must have a repository before the first model call', async () => {
    const place = new ForgePlace({
      files: { 'plan.txt': 'task', 'other.txt': 'x' },
      agent: { checkpoint: 'git' },
    })
    await expect(runForge(place.boot(), 'Builder')).rejects.toMatchObject({
      code: 'workspace_not_repository',
    })
    expect(place.requests).toHaveLength(0)
  })

  test('undo a crashed try before it is repeated', async () => {
    const { open, opened } = gate()
    const place: ForgePlace = new ForgePlace({
      files: { 'plan.txt': 'first task\n' },
      loop: { promptFile: null },
      agent: { checkpoint: 'git' },
      model: async (_, call) => {
        if (call > 1) return text('Done.')
        place.write('half.txt', 'half done')
        open()
        return await new Promise(() => {})
      },
    })
    const killer = new Killer()
    const dying = place.boot((world) => killer.world(world))
    const { agent, run, epoch } = await startForge(dying, { agent: 'Builder', driver: 'asl' })
    void iterate(dying, { agent, run, epoch, iteration: 1 })
    await opened
    killer.kill()
    place.died(dying)
    expect(await iterate(place.boot(), { agent, run, epoch, iteration: 1 })).toMatchObject({ kind: 'done' })
    expect(place.read('half.txt')).toBeNull()
  })
})
