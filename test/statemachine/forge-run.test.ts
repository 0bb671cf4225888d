import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { describe, expect, test } from '@jest/globals'
import { StateMachine } from 'aws-local-stepfunctions'
import {
  ASL_PLACEHOLDERS,
  type ForgeRunState,
  type ForgeStepEvent,
  type ForgeStepResult,
} from '../../statemachine/contract.ts'

/** The package brings no types. */
const aslValidator = createRequire(import.meta.url)('asl-validator') as (definition: unknown) => {
  readonly isValid: boolean
}

const text = readFileSync(new URL('../../statemachine/forge-run.asl.json', import.meta.url), 'utf8')
const filled: Readonly<Record<string, string>> = {
  ForgeStepFunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:step',
  Partition: 'aws',
}
const definition = JSON.parse(text.replaceAll(/\$\{(\w+)\}/g, (_, name) => filled[name]!))

const state = (iteration: number): ForgeRunState => ({ agent: 'Builder', run: 'run-1', epoch: 3, iteration })

const answer = (event: ForgeStepEvent, next: ForgeStepResult['next']): ForgeStepResult => ({
  next,
  successor: next === 'hand_over' ? 'run-1-2' : null,
  wait: next === 'wait' ? { confirmation: 'trace', seconds: 300 } : null,
  state: { ...event.state, iteration: event.state.iteration + 1 },
  report: {
    iteration: event.state.iteration,
    task: 't',
    verdict: 'retry: x',
    cost_usd: 0.1,
    outcome: 'running',
  },
})

const CONTEXT = {
  Execution: { Id: 'arn:aws:states:us-east-1:123456789012:execution:forge:run-1' },
  StateMachine: { Id: 'arn:aws:states:us-east-1:123456789012:stateMachine:forge' },
  Task: { Token: 'the token' },
}

class LambdaError extends Error {
  constructor(name: string, message = 'no') {
    super(message)
    this.name = name
  }
}

const asJson = (value: unknown) => JSON.parse(JSON.stringify(value))

/** Runs the machine over a step; answers which states were entered and what the machine came to. */
async function run(
  step: (event: ForgeStepEvent) => Promise<ForgeStepResult>,
  waitMs = 0,
  handOver: (input: unknown) => Promise<Record<string, string>> = async () => ({}),
  wait: (input: unknown) => Promise<Record<string, string>> = async () => ({}),
) {
  const invoke = async (input: unknown) => {
    const { Payload } = asJson(input) as { readonly Payload: ForgeStepEvent }
    return asJson({ Payload: await step(Payload) })
  }
  const execution = new StateMachine(definition).run(
    { state: { ...state(1) } },
    {
      overrides: {
        taskResourceLocalHandlers: {
          Iterate: invoke,
          RecordFailure: invoke,
          HandOver: handOver,
          WaitForApproval: wait,
        },
        retryIntervalOverrides: {
          Iterate: waitMs,
          RecordFailure: waitMs,
          HandOver: waitMs,
          WaitForApproval: waitMs,
        },
      },
      context: CONTEXT,
    },
  )
  const ended = execution.result.then(
    (output) => ({ output, error: null }),
    (error: Error) => ({ output: null, error }),
  )
  const entered: string[] = []
  let largest = 0
  for await (const event of execution.eventLogs) {
    largest = Math.max(largest, JSON.stringify(event).length)
    if ('state' in event && event.type.endsWith('StateEntered')) entered.push(event.state.name)
  }
  return { entered, largest, ...(await ended) }
}

describe('the forge state machine', () => {
  test('is valid, in the JSONPath dialect', () => {
    expect(aslValidator(definition)).toMatchObject({ isValid: true })
    expect(text).not.toContain('QueryLanguage')
  })

  test('has exactly the placeholders that stack and local driver fill', () => {
    const found = [...text.matchAll(/\$\{(\w+)\}/g)].map((match) => match[1])
    expect(new Set(found)).toEqual(new Set(ASL_PLACEHOLDERS))
  })

  test('names no partition itself: China and GovCloud have others', () => {
    expect(text).not.toContain('arn:aws')
  })

  test('has a comment or an obvious end at each state, and a time limit at each task', () => {
    for (const [name, value] of Object.entries(definition.States)) {
      const each = value as {
        Type: string
        Comment?: string
        TimeoutSeconds?: number
        TimeoutSecondsPath?: string
      }
      const limit =
        each.TimeoutSeconds ?? (each.TimeoutSecondsPath === '$.Payload.wait.seconds' ? 1 : undefined)
      if (each.Type !== 'Fail') expect([name, each.Comment]).toEqual([name, expect.any(String)])
      if (each.Type === 'Task') expect([name, limit]).toEqual([name, expect.any(Number)])
    }
  })

  test('calls the step until it says end', async () => {
    const events: ForgeStepEvent[] = []
    const { entered, output } = await run(async (event) => {
      events.push(event)
      return answer(event, event.state.iteration < 3 ? 'iterate' : 'end')
    })
    expect(events).toEqual([1, 2, 3].map((iteration) => ({ step: 'iterate', state: state(iteration) })))
    expect(entered).toEqual(['Iterate', 'Again?', 'Iterate', 'Again?', 'Iterate', 'Again?', 'Finished'])
    expect(output).toMatchObject({ next: 'end' })
  })

  test('retries a lost reply', async () => {
    let calls = 0
    const { entered, error } = await run(async (event) => {
      calls += 1
      if (calls === 1) throw new LambdaError('Lambda.SdkClientException')
      return answer(event, 'end')
    })
    expect(error).toBeNull()
    expect(calls).toBe(2)
    expect(entered.at(-1)).toBe('Finished')
  })

  test.each([
    ['Lambda.Unknown', 4],
    ['States.Timeout', 4],
    ['Fault', 4],
    ['Lambda.ServiceException', 7],
    ['Lambda.TooManyRequestsException', 9],
  ])('records a failure that goes on: %s after %i calls', async (name, tries) => {
    const failures: ForgeStepEvent[] = []
    let calls = 0
    const { entered, error } = await run(async (event) => {
      if (event.step === 'iterate') {
        calls += 1
        throw new LambdaError(name, 'the cause')
      }
      failures.push(event)
      return answer(event, 'end')
    })
    expect(calls).toBe(tries)
    expect(failures).toEqual([{ step: 'fail', state: state(1), error: { Error: name, Cause: 'the cause' } }])
    expect(entered).toEqual(['Iterate', 'RecordFailure', 'Failed'])
    expect(error?.message).toContain('outcome is recorded as an error')
  })

  test('hands over to the execution that the step names, of the same machine', async () => {
    const started: unknown[] = []
    const { entered, error } = await run(
      async (event) => answer(event, 'hand_over'),
      0,
      async (input) => {
        started.push(asJson(input))
        return { ExecutionArn: 'arn' }
      },
    )
    expect(started).toEqual([
      {
        StateMachineArn: CONTEXT.StateMachine.Id,
        Name: 'run-1-2',
        Input: { state: state(2), AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID: CONTEXT.Execution.Id },
      },
    ])
    expect(entered).toEqual(['Iterate', 'Again?', 'HandOver', 'HandedOver'])
    expect(error).toBeNull()
  })

  test.each([
    ['StepFunctions.ExecutionAlreadyExistsException', 1, ['HandOver', 'HandedOver']],
    ['StepFunctions.ExecutionLimitExceededException', 9, ['HandOver', 'RecordFailure', 'Failed']],
  ])('a hand-over that fails with %s is tried %i times', async (name, tries, states) => {
    const failures: ForgeStepEvent[] = []
    let calls = 0
    const { entered } = await run(
      async (event) => {
        if (event.step === 'fail') failures.push(event)
        return answer(event, event.step === 'fail' ? 'end' : 'hand_over')
      },
      0,
      async () => {
        calls += 1
        throw new LambdaError(name)
      },
    )
    expect([calls, entered.slice(2)]).toEqual([tries, states])
    // The iteration that was to follow is the one that the run ends before.
    expect(failures.map((event) => event.state)).toEqual(tries === 1 ? [] : [state(2)])
  })

  /** An iteration that waits for a person the first time it is called. */
  const waitsOnce = () => {
    let calls = 0
    return async (event: ForgeStepEvent): Promise<ForgeStepResult> => {
      calls += 1
      return { ...answer(event, calls === 1 ? 'wait' : 'end'), state: event.state }
    }
  }

  test.each([
    ['the token comes back', null],
    ['it was decided before the token was kept', 'confirmation_decided'],
    ['the run is to stop', 'stopped'],
    ['nobody decides in time', 'States.Timeout'],
  ])('an iteration that waits for a person is done again when %s', async (_what, failure) => {
    const asked: unknown[] = []
    const { entered, error, output } = await run(waitsOnce(), 0, undefined, async (input) => {
      asked.push(asJson(input).Payload)
      if (failure !== null) throw new LambdaError(failure)
      return {}
    })
    expect(asked).toEqual([
      { step: 'wait', state: state(1), wait: { confirmation: 'trace', seconds: 300 }, token: 'the token' },
    ])
    expect(entered).toEqual(['Iterate', 'Again?', 'WaitForApproval', 'Iterate', 'Again?', 'Finished'])
    expect([error, output]).toEqual([null, expect.objectContaining({ state: state(1) })])
  })

  test('a wait that cannot be begun is tried 7 times, and then ends the run', async () => {
    let calls = 0
    const { entered } = await run(
      async (event) => answer(event, event.step === 'fail' ? 'end' : 'wait'),
      0,
      undefined,
      async () => {
        calls += 1
        throw new LambdaError('storage_unavailable')
      },
    )
    expect([calls, entered.slice(2)]).toEqual([7, ['WaitForApproval', 'RecordFailure', 'Failed']])
  })

  test('reaches every state', async () => {
    const good = await run(async (event) => answer(event, 'end'))
    const bad = await run(async (event) => {
      if (event.step === 'iterate') throw new LambdaError('Fault')
      return answer(event, 'end')
    })
    const long = await run(async (event) => answer(event, 'hand_over'))
    const waiting = await run(waitsOnce())
    const all = [good, bad, long, waiting].flatMap(({ entered }) => entered)
    expect(new Set(all)).toEqual(new Set(Object.keys(definition.States)))
  })

  test('stays far below 25,000 events and 256 KB: ids and a report, at most 2 KB', async () => {
    const long = await run(async (event) => ({
      ...answer(event, event.state.iteration < 200 ? 'iterate' : 'end'),
      report: {
        iteration: 1,
        task: 'é'.repeat(160),
        verdict: 'x'.repeat(160),
        cost_usd: 1,
        outcome: 'running',
      },
    }))
    expect(long.largest).toBeLessThan(2048)
  })
})
