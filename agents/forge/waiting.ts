import { isoTime } from '../iso-time.ts'
import { standingDecision } from '../limits/confirmation.ts'
import { type Confirmation, shownCall } from '../ports/confirmations.ts'
import { Fault } from '../ports/fault.ts'
import type { IterationWait, RunRef } from '../ports/runs.ts'
import type { World } from '../world.ts'
import { whileClaimed } from './claim.ts'
import { excerpt, updateHead } from './end.ts'
import { type Spent, withSpent } from './gate.ts'
import type { OpenRun, Step } from './run-state.ts'

const LOOK_EVERY_MS = 500

/**
 * The step of an iteration that waits for a person: nothing is verified, no iteration is used up. `spent` is what the
 * iteration has used so far.
 */
export async function waitingStep(run: OpenRun, { request }: Confirmation, spent: Spent): Promise<Step> {
  const { world, config, iteration } = run
  const tally = withSpent(run.tally, spent)
  await updateHead(world, config, { iteration, tally, waiting: request.id })
  const head = await world.runs.runHead(config)
  return {
    kind: 'waiting',
    state: { agent: config.agent, run: config.run, epoch: config.epoch, iteration },
    report: {
      iteration,
      task: excerpt(head?.task ?? ''),
      verdict: excerpt(`needs_human: ${request.tool}: ${request.reason}`),
      totalCost: tally.cost,
      outcome: 'running',
    },
    wait: {
      confirmation: request.id,
      seconds: Math.max(1, Math.ceil((request.expiresAt - world.clock.now()) / 1000)),
    },
  }
}

/**
 * The confirmation that a run waits for; null when it may go on: the decision was made, or its time is over, or the run
 * is to stop.
 */
export async function stillPending(
  world: World,
  ref: RunRef,
  wait: Pick<IterationWait, 'confirmation'> | undefined,
): Promise<Confirmation | null> {
  const confirmation = wait && (await world.confirmations.get(wait.confirmation))
  if (!confirmation || (await standingDecision(world, confirmation)) !== null) return null
  return (await world.runs.stopRequest(ref)) === 'none' ? confirmation : null
}

/**
 * Says what is to be decided, and waits in this process until the run may go on, holding the run's claim, so that nobody
 * takes the run for abandoned. A forced stop ends the waiting as well.
 */
export async function untilDecided(
  world: World,
  ref: RunRef,
  confirmation: string,
  signal?: AbortSignal,
): Promise<void> {
  const asked = await stillPending(world, ref, { confirmation })
  if (asked === null) return
  const { tool, arguments: args } = asked.request
  world.output.warn(waitingText(world, asked), shownCall(tool, JSON.parse(args)))
  const deadlineAt = Number.POSITIVE_INFINITY
  await whileClaimed(world, ref, { deadlineAt, signal }, async (stop) => {
    while (!stop.aborted && (await stillPending(world, ref, { confirmation })) !== null) {
      try {
        await world.timers.sleep(LOOK_EVERY_MS, stop)
      } catch (error) {
        // The next iteration finds out why, and ends the run by it.
        if (!stop.aborted) throw error
      }
    }
  })
}

/** What became of the calls that an iteration has waited for, in words for the model. */
export async function decisionTexts(
  world: World,
  waits: readonly IterationWait[],
): Promise<readonly string[]> {
  const texts: string[] = []
  for (const { confirmation: id } of waits) {
    const confirmation = await world.confirmations.get(id)
    if (confirmation === null) continue
    const { tool, arguments: args } = confirmation.request
    texts.push(
      confirmation.decision?.action === 'approve'
        ? `approved: call ${tool} with exactly these arguments: ${args}`
        : `not approved: ${tool} ${args}. Do not call it so again.`,
    )
  }
  return texts
}

/** What a person needs to know to decide. */
function waitingText({ forgeDriver }: World, { request }: Confirmation): string {
  const { id, place, reason } = request
  const command = `neam-cli confirmations approve ${id}`
  // A program of its own has no server that could be asked.
  const decide = forgeDriver.kind === 'inline' ? `${command} FILE` : `${command} or POST /api/v1/confirm`
  return `forge agent ${place.agent} waits until ${isoTime(request.expiresAt)}, because ${reason}; decide with ${decide} (or deny)`
}

/** A fault of an iteration as the confirmation that it waits for; null = it is something else. */
export async function confirmationOf(world: World, failure: unknown): Promise<Confirmation | null> {
  if (!(failure instanceof Fault) || failure.code !== 'confirmation_pending') return null
  const confirmation = await world.confirmations.get(String(failure.data.trace_id))
  return confirmation?.request.place.kind === 'run' ? confirmation : null
}

/** Tells the driver of a waiting run to go on with it now. Repeating it is harmless. */
export async function wakeRun(world: World, confirmation: string): Promise<void> {
  const token = await world.confirmations.taskToken(confirmation)
  if (token !== null) await world.forgeDriver.wake(token)
}

/**
 * Keeps the token by which `wakeRun` reaches the waiting execution. Throws `confirmation_decided` or `stopped` when
 * there is nothing to wait for any more: whoever decided before the token was kept could not have sent it.
 */
export async function keepTaskToken(
  world: World,
  ref: RunRef,
  confirmation: string,
  token: string,
): Promise<void> {
  await world.confirmations.keepTaskToken(confirmation, token)
  if ((await stillPending(world, ref, { confirmation })) !== null) return
  const decision = (await world.confirmations.get(confirmation))?.decision
  if (!decision) throw new Fault('stopped')
  throw new Fault('confirmation_decided', { trace_id: confirmation, ...decision, at: isoTime(decision.at) })
}
