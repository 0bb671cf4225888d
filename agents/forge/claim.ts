import { Fault } from '../ports/fault.ts'
import type { RunClaim, RunRef } from '../ports/runs.ts'
import { sleepUnlessStopped } from '../turn/stop.ts'
import type { World } from '../world.ts'

/** A holder that does not renew for this long is taken for dead. */
export const CLAIM_TTL_MS = 30_000
const RENEW_EVERY_MS = 5_000
const ASK_EVERY_MS = 1_000

/**
 * Works on a run while nobody else does. A driver may deliver an iteration twice at once (a lost reply is retried
 * while the first try still runs): the second waits here, and then finds the record of the first. The signal given to
 * `work` aborts with `stopped` on a forced stop and with `run_fenced` when the claim is lost. Throws `run_busy` when
 * the run stays taken until `deadlineAt`.
 */
export async function whileClaimed<T>(
  world: World,
  ref: RunRef,
  options: { readonly deadlineAt: number; readonly signal?: AbortSignal },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const claim = await waitForClaim(world, ref, options)
  const stop = new AbortController()
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal
  const over = new AbortController()
  const renewing = renew(world, ref, claim, stop, over.signal)
  try {
    return await work(signal)
  } finally {
    over.abort()
    await renewing
    await claim.release()
  }
}

async function waitForClaim(
  world: World,
  ref: RunRef,
  options: { readonly deadlineAt: number; readonly signal?: AbortSignal },
): Promise<RunClaim> {
  for (;;) {
    const claim = await world.runs.claim(ref, { ttlMs: CLAIM_TTL_MS, quietMs: 0 })
    if (claim) return claim
    if (world.clock.now() + ASK_EVERY_MS > options.deadlineAt) throw new Fault('run_busy', { run: ref.run })
    await sleepUnlessStopped(world.timers, ASK_EVERY_MS, options.signal)
  }
}

/** Renews until the work is over, and watches for a forced stop. */
async function renew(
  world: World,
  ref: RunRef,
  claim: RunClaim,
  stop: AbortController,
  over: AbortSignal,
): Promise<void> {
  while (!over.aborted) {
    try {
      await world.timers.sleep(RENEW_EVERY_MS, over)
      if (!(await claim.renew())) stop.abort(new Fault('run_fenced', { run: ref.run }))
      if ((await world.runs.stopRequest(ref)) === 'force') stop.abort(new Fault('stopped'))
    } catch {
      // The sleep ended because the work did; a failed renewal is tried again while the claim still counts.
    }
  }
}

/** What `abandoned` waits for: longer than any pause between two iterations of a living driver. */
const QUIET_MS = CLAIM_TTL_MS

/**
 * A claim on a run that no driver works on any more, null while one does. Step Functions and the interpreter know by
 * themselves; a loop in a process that died shows by its silence.
 */
export async function claimAbandoned(world: World, ref: RunRef): Promise<RunClaim | null> {
  if (await isDriven(world, ref)) return null
  return await world.runs.claim(ref, { ttlMs: CLAIM_TTL_MS, quietMs: QUIET_MS })
}

/** Whether `claimAbandoned` would give a claim; none is taken. */
export const isAbandoned = async (world: World, ref: RunRef): Promise<boolean> =>
  !(await isDriven(world, ref)) && !(await world.runs.isWorkedOn(ref, QUIET_MS))

/** Later than the next sign of life of a driver is due, and sooner than a run counts as abandoned. */
const LEFT_MS = 15_000

/** Whether the driver of a run is gone, so that another one may go on with it before anybody ends it as abandoned. */
export const isLeft = async (world: World, ref: RunRef): Promise<boolean> =>
  !(await isDriven(world, ref)) && !(await world.runs.isWorkedOn(ref, LEFT_MS))

/**
 * Gives signs of life of a run until `over` aborts: between two tries of an iteration nothing else shows another process
 * that the run is driven.
 */
export async function keepDriven(
  world: World,
  { epoch, ...ref }: RunRef & { readonly epoch: number },
  over: AbortSignal,
): Promise<void> {
  while (!over.aborted) {
    // A file system that refuses one is told of by the next write of the run.
    await world.runs.beat(ref, epoch).catch(() => {})
    await world.timers.sleep(RENEW_EVERY_MS, over).catch(() => {})
  }
}

/** As far as its driver can be asked. */
async function isDriven(world: World, ref: RunRef): Promise<boolean> {
  const config = await world.runs.config(ref)
  if (config?.driver === world.forgeDriver.kind) {
    const iteration = (await world.runs.runHead(ref))?.iteration ?? 0
    if ((await world.forgeDriver.describe({ ...ref, iteration })) === 'running') return true
  }
  // The execution of another account's state machine cannot be judged from here.
  return config?.driver === 'states' && world.forgeDriver.kind !== 'states'
}
