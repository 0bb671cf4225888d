import type { AgentDecl } from '../../bytecode/manifest.ts'
import { Fault, type FaultCode } from '../ports/fault.ts'
import type { Usage } from '../ports/model.ts'
import type { Attributes, SpanStart } from '../ports/tracing.ts'
import { GEN_AI, NEAM, providerName } from './conventions.ts'

/** By which work is put off, not failed. */
const PUT_OFF: ReadonlySet<FaultCode> = new Set(['confirmation_pending', 'turn_handed_over'])

export const isFailure = (error: unknown): boolean => !(error instanceof Fault && PUT_OFF.has(error.code))

/** `invoke_agent NAME`: an agent works on a message or a task. `conversation`: session key or run id, null = none. */
export const agentSpan = (agent: AgentDecl, conversation: string | null): SpanStart => ({
  name: `invoke_agent ${agent.name}`,
  kind: 'internal',
  attributes: {
    [GEN_AI.operation]: 'invoke_agent',
    [GEN_AI.agent]: agent.name,
    [GEN_AI.provider]: providerName(agent.provider),
    [GEN_AI.requestModel]: agent.model,
    [GEN_AI.conversation]: conversation ?? undefined,
  },
  isFailure,
})

/** Told where it is so only: most turns have nothing of the kind. */
export const taintAttributes = (isTainted: boolean): Attributes => (isTainted ? { [NEAM.tainted]: true } : {})

export const usageAttributes = (usage: Usage): Attributes => ({
  [GEN_AI.inputTokens]: usage.inputTokens,
  [GEN_AI.outputTokens]: usage.outputTokens,
  [GEN_AI.cachedTokens]: usage.cachedTokens,
})
