/** Between our messages and Anthropic's Messages format. */
import type { ContentBlockParam, MessageCreateParamsNonStreaming } from '@anthropic-ai/sdk/resources/messages'
import * as v from 'valibot'
import type { ModelMessage, ModelReply, ModelRequest, ToolCall, Usage } from '../agents/ports/model.ts'
import {
  alternating,
  type CallIds,
  estimatedUsage,
  inputOf,
  TOKENS,
  takesTemperature,
  uniqueId,
  usageBesideCache,
  wireId,
  withFeedbackFromUser,
} from './wire-messages.ts'

/** The vendor demands a limit; this one holds where neither the agent nor the price table knows any. */
const DEFAULT_MAX_TOKENS = 4096

type Body = MessageCreateParamsNonStreaming & { readonly temperature?: number }

/** `maxOutput`: most tokens that the model may write in one call, null = not known. */
export function toAnthropic(request: ModelRequest, maxOutput: number | null): Body {
  const { model, temperature, tools, maxOutputTokens } = request
  const system = request.messages.flatMap(({ role, content }) =>
    role === 'system' && content.trim() !== '' ? [content.toWellFormed()] : [],
  )
  return {
    model,
    max_tokens: maxOutputTokens ?? maxOutput ?? DEFAULT_MAX_TOKENS,
    // the vendor's scale ends at 1, other vendors' at 2
    ...(takesTemperature(model) ? { temperature: Math.min(temperature, 1) } : {}),
    ...(system.length === 0 ? {} : { system: system.join('\n\n') }),
    messages: alternating(withFeedbackFromUser(request.messages), blocksOf),
    ...(tools.length === 0
      ? {}
      : {
          tools: tools.map(({ name, description, parameters }) => ({
            name,
            description: description.toWellFormed(),
            input_schema: { ...parameters, required: [...parameters.required] },
          })),
        }),
  }
}

function blocksOf(message: ModelMessage, ids: CallIds): ContentBlockParam[] {
  const text = message.content.toWellFormed()
  if (message.role === 'tool') {
    return [{ type: 'tool_result', tool_use_id: ids.ofResult(wireId(message.callId)), content: text }]
  }
  // blocks of white space alone are refused
  const blocks: ContentBlockParam[] = text.trim() === '' ? [] : [{ type: 'text', text }]
  if (message.role !== 'assistant') return blocks
  const calls = (message.toolCalls ?? []).map((call) => ({
    type: 'tool_use' as const,
    id: ids.ofCall(wireId(call.id)),
    name: call.name,
    input: inputOf(call.arguments),
  }))
  return [...blocks, ...calls]
}

/** What is read of an answer; blocks of other types are passed over. */
const ANSWER = v.object({
  content: v.array(
    v.variant('type', [
      v.object({ type: v.literal('text'), text: v.string() }),
      v.object({
        type: v.literal('tool_use'),
        id: v.nullish(v.string()),
        name: v.string(),
        input: v.optional(v.unknown()),
      }),
      v.object({ type: v.pipe(v.string(), v.notValues(['text', 'tool_use'])) }),
    ]),
  ),
  stop_reason: v.nullish(v.string()),
  usage: v.fallback(
    v.nullish(
      v.object({
        input_tokens: TOKENS,
        output_tokens: TOKENS,
        cache_read_input_tokens: v.fallback(v.nullish(TOKENS), null),
        cache_creation_input_tokens: v.fallback(v.nullish(TOKENS), null),
      }),
    ),
    null,
  ),
})

type Answer = v.InferOutput<typeof ANSWER>
type Block = Answer['content'][number]
const isText = (block: Block) => 'text' in block
const isToolUse = (block: Block) => 'name' in block

/** Null when the answer is none. */
export function fromAnthropic(answer: unknown, request: ModelRequest): ModelReply | null {
  const { success, output } = v.safeParse(ANSWER, answer)
  if (!success) return null
  const text = output.content
    .filter(isText)
    .map((block) => block.text)
    .join('')
  const taken = new Set<string>()
  const toolCalls = output.content.filter(isToolUse).map(
    ({ id, name, input }): ToolCall => ({
      id: uniqueId(id ?? '', taken),
      name,
      arguments: JSON.stringify(input ?? {}).toWellFormed(),
    }),
  )
  return {
    text: text.toWellFormed(),
    toolCalls,
    usage: usageOf(output.usage, request, text, toolCalls),
    stopReason: toolCalls.length > 0 ? 'tool_calls' : stopReasonOf(output.stop_reason),
  }
}

function stopReasonOf(reason: Answer['stop_reason']): ModelReply['stopReason'] {
  if (reason === 'max_tokens' || reason === 'model_context_window_exceeded') return 'length'
  return reason === 'refusal' ? 'content_filter' : 'stop'
}

function usageOf(
  usage: Answer['usage'],
  request: ModelRequest,
  text: string,
  toolCalls: readonly ToolCall[],
): Usage {
  if (!usage) return estimatedUsage(request, text, toolCalls)
  return usageBesideCache(
    { input: usage.input_tokens, output: usage.output_tokens },
    { read: usage.cache_read_input_tokens, written: usage.cache_creation_input_tokens },
  )
}
