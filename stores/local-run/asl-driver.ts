import type { StateMachine } from 'aws-local-stepfunctions'
import type { DriverState, ForgeDriver } from '../../agents/ports/forge-driver.ts'
import { lazily } from '../../agents/ports/lazily.ts'
import type { RunRef } from '../../agents/ports/runs.ts'
import {
  type AslPlaceholder,
  executionName,
  executionOf,
  type ForgeRunState,
  type ForgeStepEvent,
  type ForgeStepResult,
  type ForgeWaitEvent,
  firstState,
} from '../../statemachine/contract.ts'

export interface AslDriverOptions {
  /** Text of `forge-run.asl.json`, the very file that the stack deploys. */
  readonly definition: string
  /** What the machine's tasks call instead of the step function. */
  readonly step: (event: ForgeStepEvent) => Promise<ForgeStepResult>
  /** What the machine does instead of waiting under a task token; resolves when the run may go on. */
  readonly wait: (event: ForgeWaitEvent, signal: AbortSignal) => Promise<void>
  /** An execution began; `over` aborts when it has ended. Signs of life of its run are given meanwhile. */
  readonly onDriving?: (run: ForgeRunState, over: AbortSignal) => void
  /** An execution failed; the run itself has its outcome in the tree, if that could be written. */
  readonly onError: (run: RunRef, error: unknown) => void
  /** Milliseconds between tries, by state, instead of those of the definition. */
  readonly retryIntervals?: Readonly<Record<string, number>>
}

export interface AslDriver extends ForgeDriver {
  /** Takes up runs that an earlier process left unfinished. */
  resume(runs: readonly ForgeRunState[]): Promise<void>
  /** Resolves when no execution is left. */
  idle(): Promise<void>
  /** Ends all executions after the state in hand and waits for that. */
  close(): Promise<void>
}

/** Any ARN does: the tasks never reach AWS. */
const LOCAL: Readonly<Record<AslPlaceholder, string>> = {
  ForgeStepFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:forge-step',
  Partition: 'aws',
}

/** What the context object tells a state; `HandOver` names its own machine by it. */
const LOCAL_MACHINE = 'arn:aws:states:us-east-1:000000000000:stateMachine:forge-run'

interface Execution {
  readonly run: string
  abort(): void
  readonly ended: Promise<void>
}

/** Drives runs in the background of this process by interpreting the deployed state machine. */
export function createAslDriver(options: AslDriverOptions): AslDriver {
  /** By name. */
  const executions = new Map<string, Execution>()
  const machine = lazily(() => loadMachine(options.definition))
  let closing = false

  const start = async (state: ForgeRunState): Promise<void> => {
    const interpreter = await machine()
    const name = executionName(state.run, executionOf(state.iteration))
    // A run handed over while the driver closes is taken up by the next process.
    if (closing || executions.has(name)) return
    executions.set(name, execute(interpreter, name, state))
  }

  const execute = (interpreter: StateMachine, name: string, state: ForgeRunState): Execution => {
    let tasks: Promise<unknown> = Promise.resolve()
    const stop = new AbortController()
    const over = new AbortController()
    // The optimized `lambda:invoke` integration: JSON in, and the function's JSON answer under Payload.
    const invoke = async (input: unknown) => {
      const { Payload } = asJson(input) as { readonly Payload: ForgeStepEvent }
      // Not in this very tick: the step finds its own execution running.
      const answer = Promise.resolve().then(() => options.step(Payload))
      tasks = answer.catch(() => undefined)
      return asJson({ Payload: await answer })
    }
    const { abort, result, eventLogs } = interpreter.run(
      { state: { ...state } },
      {
        overrides: {
          taskResourceLocalHandlers: {
            Iterate: invoke,
            RecordFailure: invoke,
            WaitForApproval: async (input: unknown) => {
              const { Payload } = asJson(input) as { readonly Payload: ForgeWaitEvent }
              const waiting = options.wait(Payload, stop.signal)
              tasks = waiting.catch(() => undefined)
              await waiting
              return {}
            },
            // The optimized `states:startExecution` integration.
            HandOver: async (input: unknown) => {
              await start(
                (asJson(input) as { readonly Input: { readonly state: ForgeRunState } }).Input.state,
              )
              return {}
            },
          },
          retryIntervalOverrides: { ...options.retryIntervals },
        },
        context: {
          Execution: { Id: `${LOCAL_MACHINE.replace(':stateMachine:', ':execution:')}:${name}` },
          StateMachine: { Id: LOCAL_MACHINE },
          Task: { Token: 'local' },
        },
        noThrowOnAbort: true,
      },
    )
    const ended = Promise.all([result, drain(eventLogs)])
      .catch((error: unknown) => options.onError({ agent: state.agent, run: state.run }, error))
      // An aborted execution answers at once; its task still has to come to an end.
      .then(async () => {
        await tasks
        executions.delete(name)
        over.abort()
      })
    options.onDriving?.(state, over.signal)
    return {
      run: state.run,
      abort() {
        abort()
        stop.abort()
      },
      ended,
    }
  }

  const of = (run: string) => [...executions.values()].filter((execution) => execution.run === run)

  const settle = async () => {
    while (executions.size > 0) await Promise.all([...executions.values()].map(({ ended }) => ended))
  }

  return {
    kind: 'asl',
    start: async (run, traceparent) => await start(firstState(run, traceparent)),
    describe: async ({ run }): Promise<DriverState> => (of(run).length > 0 ? 'running' : 'unknown'),
    // Its waiting states look by themselves.
    wake: async () => {},
    resume: async (runs) => {
      for (const run of runs) await start(run)
    },
    idle: settle,
    close: async () => {
      closing = true
      for (const { abort } of executions.values()) abort()
      await settle()
    },
  }
}

/** The interpreter is large; a process that starts no run never loads it. */
async function loadMachine(definition: string): Promise<StateMachine> {
  const { StateMachine } = await import('aws-local-stepfunctions')
  const filled = definition.replace(/\$\{(\w+)\}/g, (whole, name: string) =>
    name in LOCAL ? LOCAL[name as AslPlaceholder] : whole,
  )
  return new StateMachine(JSON.parse(filled))
}

const asJson = (value: unknown) => JSON.parse(JSON.stringify(value))

/** The interpreter keeps its events until somebody reads them. */
async function drain(events: AsyncGenerator<unknown>): Promise<void> {
  for await (const _event of events);
}
