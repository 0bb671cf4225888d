import type { AgentDecl } from '../../bytecode/manifest.ts'
import { type Activation, ProgramError } from '../../vm/program.ts'
import { fromJson, toJson } from '../../vm/values/json.ts'
import { RuntimeError } from '../../vm/values/runtime-error.ts'
import type { BehaviourSample, Deviation, Measure } from '../ports/behaviour.ts'
import { Fault } from '../ports/fault.ts'
import type { CallContext } from '../turn/call-context.ts'
import { openScene } from '../turn/scene.ts'
import type { World } from '../world.ts'
import { baselineOf, changesBetween, measureName, TOLERANCE, withSample } from './compare.ts'

/** Time for `baseline()` and `on_anomaly()`: somebody waits for the answer. */
const TIME_LIMIT_MS = 5000

/** Compares an agent's newest answers or runs with its `baseline()`: see `observe`. */
export async function sampleTaken(
  world: World,
  agent: AgentDecl,
  sample: BehaviourSample,
  call: CallContext,
): Promise<void> {
  await orWarn(world, `${agent.name}.baseline`, async () => {
    const deadlineAt = Math.min(call.deadlineAt, world.clock.now() + TIME_LIMIT_MS)
    const scene = { ...call, deadlineAt, handOver: null, agent, workspace: null }
    const { activation } = await openScene(world, scene)
    const baseline = baselineOf(toJson(await activation.callMethod(agent.name, 'baseline', [])))
    if (baseline.size === 0) return
    const { before, after } = await world.behaviour.update(agent.name, (kept) =>
      withSample(kept, sample, baseline, world.clock.now()),
    )
    const { told, ended } = changesBetween(before, after)
    for (const [measure] of ended)
      audit(world, agent, call, 'anomaly.ended', measure, after.deviations[measure]!)
    for (const [measure, deviation] of told) {
      audit(world, agent, call, 'anomaly.detected', measure, deviation)
      await tell(world, agent, activation, anomalyEvent(agent, measure, deviation))
    }
  })
}

/** Fields of an anomaly, under the same names in the program's event, the audit and the status. */
const facts = (measure: Measure, { baseline, observed, samples }: Deviation) => ({
  measure: measureName(measure),
  baseline,
  observed: Number(observed.toFixed(6)),
  samples,
})

function anomalyEvent(agent: AgentDecl, measure: Measure, deviation: Deviation) {
  const { measure: name, observed, baseline, samples } = facts(measure, deviation)
  const of = agent.kind === 'forge' ? 'runs' : 'answers'
  return {
    type: 'above_baseline',
    description: `${name} is ${observed} over ${samples} ${of}; the baseline is ${baseline}, the limit ${baseline * TOLERANCE}`,
    agent: agent.name,
    measure: name,
    baseline,
    observed,
    samples,
    since: deviation.since,
  }
}

function audit(
  world: World,
  agent: AgentDecl,
  { requestId }: CallContext,
  event: 'anomaly.detected' | 'anomaly.ended',
  measure: Measure,
  deviation: Deviation,
): void {
  world.audit.record({ event, agent: agent.name, requestId, metadata: facts(measure, deviation) })
}

async function tell(
  world: World,
  agent: AgentDecl,
  activation: Activation,
  event: ReturnType<typeof anomalyEvent>,
): Promise<void> {
  if (!activation.hasMethod(agent.name, 'on_anomaly')) return
  await orWarn(world, `${agent.name}.on_anomaly`, async () => {
    await activation.callMethod(agent.name, 'on_anomaly', [fromJson(event)])
  })
}

async function orWarn(world: World, what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    const isProgramError = error instanceof ProgramError || error instanceof RuntimeError
    if (!isProgramError && !(error instanceof Fault)) throw error
    world.output.warn(`${what} failed`, error)
  }
}
