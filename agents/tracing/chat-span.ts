import type { AgentDecl } from '../../bytecode/manifest.ts'
import type { ModelMessage, ModelProvider, ModelReply, ModelRequest, ToolCall } from '../ports/model.ts'
import type { Attributes, Span, SpanStart } from '../ports/tracing.ts'
import { usageAttributes } from './agent-span.ts'
import { GEN_AI, providerName } from './conventions.ts'

/** `chat MODEL`: one model call, its retries included. */
export const chatSpan = (
  agent: AgentDecl,
  provider: ModelProvider,
  request: ModelRequest,
  conversation: string | null,
): SpanStart => ({
  name: `chat ${request.model}`,
  kind: 'client',
  attributes: {
    [GEN_AI.operation]: 'chat',
    [GEN_AI.provider]: providerName(provider.name ?? agent.provider),
    [GEN_AI.requestModel]: request.model,
    [GEN_AI.temperature]: request.temperature,
    [GEN_AI.maxTokens]: request.maxOutputTokens ?? undefined,
    [GEN_AI.agent]: agent.name,
    [GEN_AI.conversation]: conversation ?? undefined,
  },
})

/** What the span of a call says of its answer. */
export function recordReply(span: Span, request: ModelRequest, reply: ModelReply): void {
  span.set({ ...usageAttributes(reply.usage), [GEN_AI.finishReasons]: [reply.stopReason] })
  span.content(() => contentOf(request, reply))
}

/** JSON by the conventions' schemas of messages. */
function contentOf({ messages }: ModelRequest, reply: ModelReply): Attributes {
  const system = messages.filter(({ role }) => role === 'system')
  const others = messages.filter(({ role }) => role !== 'system')
  const answer = {
    role: 'assistant',
    parts: [...textParts(reply.text), ...reply.toolCalls.map(callPart)],
    finish_reason: reply.stopReason,
  }
  return {
    [GEN_AI.systemInstructions]:
      system.length === 0 ? undefined : JSON.stringify(system.flatMap(({ content }) => textParts(content))),
    [GEN_AI.inputMessages]: JSON.stringify(
      others.map((message) => ({ role: message.role, parts: partsOf(message) })),
    ),
    [GEN_AI.outputMessages]: JSON.stringify([answer]),
  }
}

const textParts = (content: string) => (content === '' ? [] : [{ type: 'text', content }])

const callPart = ({ id, name, arguments: args }: ToolCall) => ({
  type: 'tool_call',
  id,
  name,
  arguments: args,
})

function partsOf(message: ModelMessage) {
  switch (message.role) {
    case 'tool':
      return [{ type: 'tool_call_response', id: message.callId, response: message.content }]
    case 'assistant':
      return [...textParts(message.content), ...(message.toolCalls ?? []).map(callPart)]
    default:
      return textParts(message.content)
  }
}
