import type { RunState, Step } from '../forge/run-state.ts'
import type { RunOutcome, RunRef } from '../ports/runs.ts'
import type { Attributes, SpanStart } from '../ports/tracing.ts'
import { isFailure } from './agent-span.ts'
import { GEN_AI } from './conventions.ts'

const forgeSpan = (operation: string, { agent, run }: RunRef, attributes: Attributes): SpanStart => ({
  name: `${operation} ${agent}`,
  kind: 'internal',
  attributes: { [GEN_AI.agent]: agent, [GEN_AI.conversation]: run, ...attributes },
  isFailure,
})

/** `forge_iteration NAME`: one iteration of a run, whoever drives it. */
export const iterationSpan = (state: RunState): SpanStart =>
  forgeSpan('forge_iteration', state, { 'neam.forge.iteration': state.iteration })

/** The verdict without its text, which is content. */
export const iterationAttributes = ({ kind, report }: Step): Attributes => ({
  'neam.forge.step': kind,
  'neam.forge.verdict': /^\w+/.exec(report.verdict)?.[0],
  'neam.forge.outcome': report.outcome,
})

/** `forge_run NAME`: a whole run in one process. */
export const runSpan = (run: RunRef): SpanStart => forgeSpan('forge_run', run, {})

export const outcomeAttributes = ({ outcome, iterations }: RunOutcome): Attributes => ({
  'neam.forge.outcome': outcome,
  'neam.forge.iterations': iterations,
})
