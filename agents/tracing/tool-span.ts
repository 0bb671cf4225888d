import type { AgentDecl } from '../../bytecode/manifest.ts'
import type { ToolCall } from '../ports/model.ts'
import type { SpanStart } from '../ports/tracing.ts'
import { isFailure } from './agent-span.ts'
import { GEN_AI } from './conventions.ts'

/** `execute_tool NAME`: a skill runs because the model asked for it. */
export const toolSpan = (
  agent: AgentDecl,
  { id, name }: ToolCall,
  conversation: string | null,
): SpanStart => ({
  name: `execute_tool ${name}`,
  kind: 'internal',
  attributes: {
    [GEN_AI.operation]: 'execute_tool',
    [GEN_AI.tool]: name,
    [GEN_AI.toolType]: 'function',
    [GEN_AI.toolCall]: id,
    [GEN_AI.agent]: agent.name,
    [GEN_AI.conversation]: conversation ?? undefined,
  },
  isFailure,
})
