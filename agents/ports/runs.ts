/** Records of forge runs (chapter 25): one live run an agent, one record an iteration. */
import type { Usage } from './model.ts'

export interface RunRef {
  readonly agent: string
  /** Run id = name of the Step Functions execution. */
  readonly run: string
}

/** Fixed when the run starts. */
export interface RunConfig extends RunRef {
  readonly epoch: number
  readonly programHash: string
  /** Hash of what the caller sent, of a start with an idempotency key; absent otherwise. */
  readonly fingerprint?: string
  readonly maxIterations: number
  /** USD. */
  readonly maxCost: number
  readonly maxTokens: number
  /** Absolute path. */
  readonly workspace: string
  /** ISO 8601. */
  readonly startedAt: string
  /** Which driver runs it. */
  readonly driver: 'inline' | 'asl' | 'states'
  /** Number of tasks of the plan when the run started; 0 = it runs without a plan. */
  readonly tasksAtStart: number
  /** Tasks that the progress file called done when the run started, once a line. */
  readonly doneAtStart: readonly string[]
  /** Whoever asked for it had read text of strangers (decision 010). */
  readonly tainted?: true
}

export type Verdict =
  | { readonly kind: 'done'; readonly message: string }
  | { readonly kind: 'retry'; readonly feedback: string }
  | { readonly kind: 'abort'; readonly reason: string }

/** Counters of a run after an iteration; they travel from record to record, never in the state machine. */
export interface RunTally {
  readonly cost: number
  readonly tokens: number
  readonly tasksCompleted: number
  /** Cost and tokens spent on the task in hand. */
  readonly taskCost: number
  readonly taskTokens: number
  /** Tries on the task in hand so far. */
  readonly taskAttempts: number
  /** Verify callbacks in a row that threw. */
  readonly verifyErrors: number
  /** Retries in a row on the task in hand with the same feedback. */
  readonly sameFeedback: number
}

/** Of a run that has done nothing yet. */
export const NO_TALLY: RunTally = {
  cost: 0,
  tokens: 0,
  tasksCompleted: 0,
  taskCost: 0,
  taskTokens: 0,
  taskAttempts: 0,
  verifyErrors: 0,
  sameFeedback: 0,
}

/** A task verified in this run. */
export interface VerifiedTask {
  readonly task: string
  readonly iteration: number
}

export interface IterationRecord {
  readonly iteration: number
  readonly attempt: number
  /** Task text; "" without a plan. */
  readonly task: string
  readonly verdict: Verdict
  readonly usage: Usage
  readonly cost: number
  readonly startedAt: string
  readonly finishedAt: string
  /** Commit id or snapshot folder of the checkpoint made, if any. */
  readonly checkpoint: string | null
  readonly tally: RunTally
  /** Tasks that this run has verified so far, this iteration's included. */
  readonly verified: readonly VerifiedTask[]
  /** Text of strangers may have a part in its work and its verdict (decision 010). */
  readonly tainted?: true
}

export type OutcomeKind = 'completed' | 'max_iterations' | 'aborted' | 'budget_exhausted' | 'error'

/** How a run ended (chapter 25.5); every one carries a reason text in `message`. */
export interface RunOutcome {
  readonly outcome: OutcomeKind
  readonly message: string
  readonly iterations: number
  readonly totalCost: number
  readonly totalTokens: number
  readonly tasksCompleted: number
  readonly tasksTotal: number
  readonly finishedAt: string
  /** Text of strangers may have a part in the message. */
  readonly tainted?: true
}

/** What status shows: replaced after each change, never decided upon. */
export interface RunHead extends RunRef {
  readonly epoch: number
  readonly startedAt: string
  /** Iteration in hand or last finished; 0 before the first. */
  readonly iteration: number
  readonly task: string | null
  readonly tally: RunTally
  readonly tasksTotal: number
  readonly lastVerdict: Verdict | null
  readonly stopping: boolean
  /** Trace id of the confirmation that the run was last seen waiting for; null = it works. */
  readonly waiting: string | null
  readonly warnings: readonly string[]
  readonly outcome: RunOutcome | null
}

/** A try of an iteration that ended because a tool call needs a person's approval. */
export interface IterationWait {
  /** The try, 1-based. */
  readonly attempt: number
  /** Trace id. */
  readonly confirmation: string
  /** What the iteration had used by then, all its tries that waited together. */
  readonly usage: Usage
  /** USD. */
  readonly cost: number
  /** Text of strangers was in it. */
  readonly tainted?: true
}

export type BeginResult =
  /** Recorded before: answer it unchanged. */
  | { readonly kind: 'done'; readonly record: IterationRecord }
  /** The work was verified before a crash: finish its writes. */
  | { readonly kind: 'verdict'; readonly record: IterationRecord }
  /** `attempt` > 1: an earlier try crashed, or waited. */
  | { readonly kind: 'begin'; readonly attempt: number }

/** The right to work on a run: at most one holder at a time, whatever a driver delivers twice. */
export interface RunClaim {
  /** Extends it by its `ttlMs`. False: it was lost. */
  renew(): Promise<boolean>
  release(): Promise<void>
}

export interface RunStore {
  /**
   * Takes the run leases of the agent and of the workspace and writes the config, or names the live run that holds
   * one of them (of another agent when it is the workspace's).
   */
  start(
    config: Omit<RunConfig, 'epoch'>,
  ): Promise<
    { readonly kind: 'started'; readonly config: RunConfig } | ({ readonly kind: 'running' } & RunRef)
  >
  /** The live run that `start` would name, whether or not anybody still works on it; null = none. Nothing is written. */
  inTheWay(place: { readonly agent: string; readonly workspace: string }): Promise<RunRef | null>
  /** Whether `claim` would be refused. */
  isWorkedOn(ref: RunRef, quietMs: number): Promise<boolean>
  config(ref: RunRef): Promise<RunConfig | null>
  /** The newest run of the agent, live or ended; null = never started. */
  head(agent: string): Promise<RunHead | null>
  /** One run of the agent; null = there is none of this id. */
  runHead(ref: RunRef): Promise<RunHead | null>
  writeHead(head: RunHead): Promise<void>
  /**
   * The claim, or null while another holds it or when it came free (or the run began) less than `quietMs` ago, by the
   * tree's clock. One not renewed within its `ttlMs` is free.
   */
  claim(ref: RunRef, options: { readonly ttlMs: number; readonly quietMs: number }): Promise<RunClaim | null>
  /** A sign that the run is driven, also between its iterations: it counts as worked on at this moment. */
  beat(ref: RunRef, epoch: number): Promise<void>
  /** True while this run holds the agent's newest epoch; checked before each effect. */
  holds(ref: RunRef, epoch: number): Promise<boolean>
  /** Counts the attempt on disk before the work starts. */
  begin(ref: RunRef, iteration: number): Promise<BeginResult>
  /** The tries of an iteration that ended waiting, in order. */
  waits(ref: RunRef, iteration: number): Promise<readonly IterationWait[]>
  recordWait(ref: RunRef, iteration: number, wait: IterationWait): Promise<void>
  /** Written before the progress line and the checkpoint. */
  recordVerdict(ref: RunRef, record: IterationRecord): Promise<void>
  recordDone(ref: RunRef, record: IterationRecord): Promise<void>
  /** The record of an iteration, null when it is not done. */
  iteration(ref: RunRef, iteration: number): Promise<IterationRecord | null>
  iterations(ref: RunRef): Promise<readonly IterationRecord[]>
  requestStop(ref: RunRef, force: boolean): Promise<void>
  stopRequest(ref: RunRef): Promise<'none' | 'graceful' | 'force'>
  /** Writes the outcome once and frees the lease; the first outcome wins and is returned. */
  finish(ref: RunRef, outcome: RunOutcome): Promise<RunOutcome>
  /** How the run ended, null while it lives. */
  outcome(ref: RunRef): Promise<RunOutcome | null>
  /** Newest first. */
  list(agent: string): Promise<readonly RunHead[]>
}
