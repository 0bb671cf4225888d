import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import {
  executionName,
  executionOf,
  type ForgeRunState,
  type ForgeStepEvent,
  type ForgeStepResult,
  ITERATIONS_PER_EXECUTION,
} from '../../../statemachine/contract.ts'
import { type AslDriverOptions, createAslDriver } from '../../../stores/local-run/asl-driver.ts'
import { outOfDescriptors } from '../../support/out-of-descriptors.ts'

const definition = readFileSync(new URL('../../../statemachine/forge-run.asl.json', import.meta.url), 'utf8')
const run = { agent: 'Builder', run: 'run-1', epoch: 2 }
const place = { ...run, iteration: 1 }

const answer = (state: ForgeRunState, next: ForgeStepResult['next']): ForgeStepResult => ({
  next,
  wait: next === 'wait' ? { confirmation: 'trace', seconds: 300 } : null,
  successor: next === 'hand_over' ? executionName(state.run, executionOf(state.iteration + 1)) : null,
  state: { ...state, iteration: state.iteration + 1 },
  report: { iteration: state.iteration, task: '', verdict: '', cost_usd: 0, outcome: 'running' },
})

/** A step that ends the run after `last` iterations, and what it was called with. */
function countingStep(last: number) {
  const events: ForgeStepEvent[] = []
  const step = async (event: ForgeStepEvent) => {
    events.push(event)
    return answer(event.state, event.state.iteration < last ? 'iterate' : 'end')
  }
  return { events, step }
}

function driverOf(options: Pick<AslDriverOptions, 'step'> & Partial<AslDriverOptions>) {
  const errors: unknown[] = []
  const driver = createAslDriver({
    definition,
    wait: async () => {},
    onError: (_run, error) => errors.push(error),
    retryIntervals: { Iterate: 0, RecordFailure: 0 },
    ...options,
  })
  return { driver, errors }
}

describe('the local driver', () => {
  test('says of each execution that it began, until it has ended', async () => {
    const driving: (readonly [iteration: number, over: AbortSignal])[] = []
    const seen: boolean[] = []
    const counting = countingStep(2)
    const { driver } = driverOf({
      step: async (event) => {
        seen.push(driving[0]![1].aborted)
        return await counting.step(event)
      },
      onDriving: ({ iteration }, over) => driving.push([iteration, over]),
    })
    await driver.start(run, null)
    await driver.idle()
    expect(seen).toEqual([false, false])
    expect(driving.map(([iteration, { aborted }]) => [iteration, aborted])).toEqual([[1, true]])
  })

  test('starts the next run where the interpreter could not be loaded for the first', () => {
    const printed = outOfDescriptors(
      { createAslDriver: 'stores/local-run/asl-driver.ts' },
      `const driver = createAslDriver({
        definition: ${JSON.stringify(definition)},
        step: async ({ state }) => ({ next: 'end', wait: null, successor: null, state, report: {} }),
        wait: async () => {},
        onError: (run, error) => show(String(error)),
      })
      const start = () => driver.start(${JSON.stringify(run)}, null).then(() => 'started')
      exhaust()
      await shown(start())
      relieve()
      await shown(start())
      await driver.idle()`,
    )
    expect(printed).toMatch(/^{"code":"\w+"}\n"started"\n$/)
  })

  test('runs the deployed state machine to its end, in the background', async () => {
    const { events, step } = countingStep(3)
    const { driver, errors } = driverOf({ step })
    await driver.start(run)
    expect(await driver.describe(place)).toBe('running')
    await driver.idle()
    expect(events.map((event) => event.state)).toEqual([1, 2, 3].map((iteration) => ({ ...run, iteration })))
    expect(await driver.describe(place)).toBe('unknown')
    expect(errors).toEqual([])
  })

  test('drives a run once, however often it is started', async () => {
    const { events, step } = countingStep(2)
    const { driver } = driverOf({ step })
    await Promise.all([driver.start(run), driver.start(run)])
    await driver.start(run)
    await driver.idle()
    expect(events).toHaveLength(2)
  })

  test('drives several runs at once', async () => {
    const { events, step } = countingStep(2)
    const { driver } = driverOf({ step })
    await Promise.all(['a', 'b', 'c'].map((id) => driver.start({ ...run, run: id })))
    await driver.idle()
    expect(new Set(events.map((event) => event.state.run))).toEqual(new Set(['a', 'b', 'c']))
    expect(events).toHaveLength(6)
  })

  test('takes unfinished runs up where they stand', async () => {
    const { events, step } = countingStep(9)
    const { driver } = driverOf({ step })
    await driver.resume([{ ...run, iteration: 8 }])
    await driver.idle()
    expect(events.map((event) => event.state.iteration)).toEqual([8, 9])
  })

  test('goes on with an iteration that waits when its wait is over', async () => {
    const { driver, errors } = driverOf({
      step: async (event) => {
        events.push(event.step)
        return {
          ...answer(event.state, events.includes('wait') ? 'end' : 'wait'),
          state: event.state,
        }
      },
      wait: async (event) => void events.push(event.step),
    })
    const events: string[] = []
    await driver.start(run)
    await driver.idle()
    expect([events, errors]).toEqual([['iterate', 'wait', 'iterate'], []])
  })

  test('tells a wait that it is over when the driver closes', async () => {
    let waiting = () => {}
    const begun = new Promise<void>((resolve) => {
      waiting = resolve
    })
    const { driver, errors } = driverOf({
      step: async (event) => answer(event.state, 'wait'),
      wait: async (_event, signal) => {
        waiting()
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
      },
    })
    await driver.start(run)
    await begun
    await driver.close()
    expect([await driver.describe(place), errors]).toEqual(['unknown', []])
  })

  test('ends a run after the iteration in hand when it closes', async () => {
    let finish = () => {}
    let calls = 0
    const { driver } = driverOf({
      step: async (event) => {
        calls += 1
        await new Promise<void>((resolve) => {
          finish = resolve
        })
        return answer(event.state, 'iterate')
      },
    })
    await driver.start(run)
    await new Promise(setImmediate)
    const closed = driver.close()
    expect(await driver.describe(place)).toBe('running')
    finish()
    await closed
    expect(calls).toBe(1)
    expect(await driver.describe(place)).toBe('unknown')
  })

  test('goes on in a successor when the step says so, and counts as running all the while', async () => {
    const events: ForgeStepEvent[] = []
    const states: string[] = []
    const { driver, errors } = driverOf({
      step: async (event) => {
        events.push(event)
        states.push(await driver.describe(place))
        const { iteration } = event.state
        return answer(
          event.state,
          iteration === ITERATIONS_PER_EXECUTION ? 'hand_over' : iteration < 502 ? 'iterate' : 'end',
        )
      },
    })
    await driver.resume([{ ...run, iteration: 499 }])
    await driver.idle()
    expect(events.map((event) => event.state)).toEqual(
      [499, 500, 501, 502].map((iteration) => ({ ...run, iteration })),
    )
    expect(new Set(states)).toEqual(new Set(['running']))
    expect(await driver.describe(place)).toBe('unknown')
    expect(errors).toEqual([])
  })

  test('hands nothing over while it closes: the next process takes the run up', async () => {
    const events: ForgeStepEvent[] = []
    let closed: Promise<void> | null = null
    const { driver } = driverOf({
      step: async (event) => {
        events.push(event)
        closed = driver.close()
        return answer(event.state, 'hand_over')
      },
    })
    await driver.resume([{ ...run, iteration: 500 }])
    await driver.idle()
    await closed
    expect(events).toHaveLength(1)
  })

  test('closes when no execution is left', async () => {
    const { driver } = driverOf({ step: async (event) => answer(event.state, 'iterate') })
    await driver.start(run)
    await driver.close()
    expect(await driver.describe(place)).toBe('unknown')
  })

  test('has a failure recorded by the step, and reports it', async () => {
    const events: ForgeStepEvent[] = []
    const { driver, errors } = driverOf({
      step: async (event) => {
        events.push(event)
        if (event.step === 'iterate') throw new Error('the disk is gone')
        return answer(event.state, 'end')
      },
    })
    await driver.start(run)
    await driver.idle()
    expect(events.map((event) => event.step)).toEqual(['iterate', 'iterate', 'iterate', 'iterate', 'fail'])
    expect(events.at(-1)).toMatchObject({ error: { Error: 'Error', Cause: 'the disk is gone' } })
    expect(errors).toHaveLength(1)
  })

  test('refuses a damaged definition when the first run starts', async () => {
    const { step } = countingStep(1)
    const { driver } = driverOf({ step, definition: definition.replace('"Again?"', '"Nowhere"') })
    await expect(driver.start(run)).rejects.toThrow('State machine definition is invalid')
  })
})
