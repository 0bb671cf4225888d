import type { ConfirmationRequest } from '../../agents/ports/confirmations.ts'
import type { Spend } from '../../agents/ports/limits.ts'
import type { IterationRecord, RunConfig, RunOutcome } from '../../agents/ports/runs.ts'
import type { SessionRef, TurnStep } from '../../agents/ports/sessions.ts'
import type { BudgetDecl } from '../../bytecode/manifest.ts'
import type { Tree } from '../../stores/tree/tree.ts'

/** What writers do to a tree, for tests that interrupt it anywhere and repeat it afterwards. */

export const SESSION: SessionRef = { agent: 'SupportBot', key: 'cli_user_alice' }
const TS = '2026-02-18T10:00:01Z'
const ACCEPTED = { acceptedAt: TS, lane: 'default', requestId: null }
const STEP: TurnStep = {
  kind: 'model',
  text: 'noted',
  toolCalls: [],
  usage: { inputTokens: 10, outputTokens: 2, cachedTokens: 0, estimated: false },
  cost: 0.001,
}

/** One message, as the pipeline writes it; repeating an interrupted one finishes it. Null: the session was busy. */
export async function message(
  tree: Tree,
  turn: string,
  options: {
    session?: SessionRef
    ttlMs?: number
    waitMs?: number
    accepted?: () => void
    worked?: () => void
  } = {},
): Promise<'committed' | null> {
  const { sessions } = tree
  const { session = SESSION } = options
  await sessions.accept(session, { turn, message: turn, ...ACCEPTED })
  options.accepted?.()
  const { ttlMs = 60_000, waitMs = 0 } = options
  const lease = await sessions.acquire(session, { purpose: 'turn', ttlMs, waitMs })
  if (lease === null) return null
  let base = await sessions.open(session)
  await sessions.beginStep(session, turn, 0)
  await sessions.recordStep(session, turn, 0, STEP)
  options.worked?.()
  while (!base.turns.includes(turn)) {
    const result = await sessions.commit(
      session,
      base,
      {
        kind: 'turn',
        sessionId: base.sessionId || 'SESSION-1',
        messages: [
          ...base.messages,
          { role: 'user', content: turn, ts: TS },
          { role: 'assistant', content: `noted ${turn}`, ts: TS },
        ],
        turn,
        compactions: base.compactions,
        startedAt: 1,
        lastActivityAt: base.lastActivityAt + 1,
      },
      lease,
    )
    base = result.kind === 'committed' ? result.version : result.newest
  }
  await sessions.close(session, turn, {
    status: 'completed',
    response: 'noted',
    tokens: 12,
    cost: 0.001,
    finishedAt: TS,
  })
  await lease.release()
  return 'committed'
}

/** Archives the live history and begins session `next`; repeating it after it was done changes nothing. */
export async function reset(tree: Tree, next: string): Promise<'reset' | null> {
  const { sessions } = tree
  const lease = await sessions.acquire(SESSION, { purpose: 'reset', ttlMs: 60_000, waitMs: 0 })
  if (lease === null) return null
  let base = await sessions.open(SESSION)
  while (base.sessionId !== next) {
    await sessions.archive(SESSION, base, 'manual')
    const result = await sessions.commit(
      SESSION,
      base,
      {
        kind: 'reset',
        sessionId: next,
        messages: [],
        turn: null,
        compactions: 0,
        startedAt: 2,
        lastActivityAt: base.lastActivityAt + 1,
      },
      lease,
    )
    base = result.kind === 'committed' ? result.version : result.newest
  }
  await lease.release()
  return 'reset'
}

export const runConfig = (
  run: string,
  agent = 'Builder',
  workspace = '/nowhere/builder',
): Omit<RunConfig, 'epoch'> => ({
  agent,
  run,
  programHash: 'p',
  maxIterations: 10,
  maxCost: 1,
  maxTokens: 1000,
  workspace,
  startedAt: TS,
  driver: 'inline',
  tasksAtStart: 1,
  doneAtStart: [],
})

export const iterationRecord = (iteration: number, attempt: number): IterationRecord => ({
  iteration,
  attempt,
  task: 'write it',
  verdict: { kind: 'done', message: 'Verified' },
  usage: { inputTokens: 1, outputTokens: 1, cachedTokens: 0, estimated: false },
  cost: 0.1,
  startedAt: TS,
  finishedAt: TS,
  checkpoint: null,
  tally: {
    cost: 0.1,
    tokens: 2,
    tasksCompleted: 1,
    taskCost: 0.1,
    taskTokens: 2,
    taskAttempts: 1,
    verifyErrors: 0,
    sameFeedback: 0,
  },
  verified: [{ task: 'write it', iteration }],
})

export const OUTCOME: RunOutcome = {
  outcome: 'completed',
  message: 'All tasks verified',
  iterations: 1,
  totalCost: 0.1,
  totalTokens: 2,
  tasksCompleted: 1,
  tasksTotal: 1,
  finishedAt: TS,
}

/** A run of one iteration from its start to its outcome; what an interrupted one recorded is used. */
export async function run(tree: Tree, id: string): Promise<RunOutcome> {
  const { runs } = tree
  const started = await runs.start(runConfig(id))
  if (started.kind === 'running' && started.run !== id) throw new Error(`running: ${started.run}`)
  const ref = { agent: 'Builder', run: id }
  const begun = await runs.begin(ref, 1)
  const record = begun.kind === 'begin' ? iterationRecord(1, begun.attempt) : begun.record
  if (begun.kind === 'begin') await runs.recordVerdict(ref, record)
  if (begun.kind !== 'done') await runs.recordDone(ref, record)
  return await runs.finish(ref, OUTCOME)
}

export const BUDGET: BudgetDecl = { name: 'Daily', apiCalls: 50, tokens: null, costUsd: 10, reset: 'never' }
export const CALL: Spend = { apiCalls: 1, tokens: 10, cost: 0.1 }

export async function spend(tree: Tree): Promise<void> {
  const reservation = await tree.budgets.reserve(BUDGET, CALL, 0)
  await reservation.settle({ ...CALL, cost: 0.05 })
}

export async function disable(tree: Tree, agent: string): Promise<void> {
  await tree.killSwitch.set(agent, { disabled: true, reason: 'test', by: 'admin', at: TS })
}

export const CONFIRMATION: ConfirmationRequest = {
  id: '0123456789abcdef0123456789abcdef',
  place: { kind: 'turn', agent: 'Bot', key: 'alice', turn: 'T1', step: 1 },
  tool: 'pay',
  arguments: '{"amount":5}',
  reason: 'the sensitive skill pay requires approval',
  requestedAt: Date.UTC(2026, 1, 18, 10, 0, 1),
  expiresAt: Date.UTC(2026, 1, 18, 10, 5, 1),
  requestId: 'r1',
}

/** A confirmation from its request to the result of its tool. True: it was ours to run the tool. */
export async function decide({ confirmations }: Tree, by: string): Promise<boolean> {
  const { id } = CONFIRMATION
  await confirmations.open(CONFIRMATION)
  await confirmations.decide(id, { action: 'approve', by, at: CONFIRMATION.requestedAt })
  const ours = await confirmations.spend(id)
  if (ours) await confirmations.keepResult(id, { content: 'paid', isError: false })
  return ours
}
