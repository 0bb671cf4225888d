/** Between our messages and OpenAI's chat-completions format, which Ollama and many others speak too. */
import type {
  ChatCompletionCreateParamsNonStreaming,
  ChatCompletionMessageParam,
} from 'openai/resources/chat/completions'
import * as v from 'valibot'
import type { ModelMessage, ModelReply, ModelRequest, ToolCall, Usage } from '../agents/ports/model.ts'
import {
  argumentsText,
  CallIds,
  estimatedUsage,
  TOKENS,
  uniqueId,
  withFeedbackFromUser,
} from './wire-messages.ts'

/** Reasoning models take no temperature and name the output limit differently. */
const REASONING = /^(?:o\d|gpt-5)/

export function toWire(request: ModelRequest): ChatCompletionCreateParamsNonStreaming {
  const { model, temperature, tools, maxOutputTokens } = request
  const reasoning = REASONING.test(model)
  return {
    model,
    messages: wireMessages(withFeedbackFromUser(request.messages)),
    ...(reasoning ? {} : { temperature }),
    ...(maxOutputTokens === null
      ? {}
      : reasoning
        ? { max_completion_tokens: maxOutputTokens }
        : { max_tokens: maxOutputTokens }),
    ...(tools.length === 0
      ? {}
      : {
          tools: tools.map(({ name, description, parameters }) => ({
            type: 'function' as const,
            function: { name, description: description.toWellFormed(), parameters: { ...parameters } },
          })),
        }),
  }
}

/** Well-formed text, neighbouring user messages in one, and every tool call with an id of its own. */
function wireMessages(messages: readonly ModelMessage[]): ChatCompletionMessageParam[] {
  const wire: ChatCompletionMessageParam[] = []
  const ids = new CallIds()
  for (const message of messages) {
    const content = message.content.toWellFormed()
    const previous = wire.at(-1)
    if (message.role === 'user' && previous?.role === 'user') {
      wire[wire.length - 1] = { role: 'user', content: `${previous.content}\n\n${content}` }
    } else if (message.role === 'tool') {
      wire.push({ role: 'tool', tool_call_id: ids.ofResult(message.callId), content })
    } else if (message.role === 'assistant' && message.toolCalls && message.toolCalls.length > 0) {
      wire.push({
        role: 'assistant',
        content: content === '' ? null : content,
        tool_calls: message.toolCalls.map((call) => ({
          id: ids.ofCall(call.id),
          type: 'function',
          function: { name: call.name, arguments: call.arguments.toWellFormed() },
        })),
      })
    } else {
      wire.push({ role: message.role, content })
    }
  }
  return wire
}

/** What is read of an answer. Servers of other vendors leave out what OpenAI always sends. */
const ANSWER = v.object({
  choices: v.pipe(
    v.array(
      v.object({
        message: v.object({
          content: v.nullish(v.string()),
          refusal: v.nullish(v.string()),
          tool_calls: v.nullish(
            v.array(
              v.union([
                v.object({
                  id: v.nullish(v.string()),
                  function: v.object({ name: v.string(), arguments: v.optional(v.unknown()) }),
                }),
                v.object({ type: v.literal('custom') }),
              ]),
            ),
          ),
        }),
        finish_reason: v.nullish(v.string()),
      }),
    ),
    v.minLength(1),
  ),
  usage: v.fallback(
    v.nullish(
      v.object({
        prompt_tokens: TOKENS,
        completion_tokens: TOKENS,
        prompt_tokens_details: v.fallback(v.nullish(v.object({ cached_tokens: v.nullish(TOKENS) })), null),
      }),
    ),
    null,
  ),
})

/** Null when the answer is none. */
export function fromWire(answer: unknown, request: ModelRequest): ModelReply | null {
  const { success, output } = v.safeParse(ANSWER, answer)
  if (!success) return null
  const { message, finish_reason } = output.choices[0]!
  const text = (message.content ?? message.refusal ?? '').toWellFormed()
  const taken = new Set<string>()
  const toolCalls: ToolCall[] = (message.tool_calls ?? []).flatMap((call) =>
    'function' in call
      ? [
          {
            id: uniqueId(call.id ?? '', taken),
            name: call.function.name,
            arguments: argumentsText(call.function.arguments),
          },
        ]
      : [],
  )
  return {
    text,
    toolCalls,
    usage: usageOf(output.usage, request, text, toolCalls),
    stopReason: toolCalls.length > 0 ? 'tool_calls' : stopReasonOf(finish_reason),
  }
}

const stopReasonOf = (reason: string | null | undefined): ModelReply['stopReason'] =>
  reason === 'length' || reason === 'content_filter' ? reason : 'stop'

function usageOf(
  usage: v.InferOutput<typeof ANSWER>['usage'],
  request: ModelRequest,
  text: string,
  toolCalls: readonly ToolCall[],
): Usage {
  if (!usage) return estimatedUsage(request, text, toolCalls)
  const { prompt_tokens, completion_tokens, prompt_tokens_details } = usage
  return {
    inputTokens: prompt_tokens,
    outputTokens: completion_tokens,
    cachedTokens: Math.min(prompt_tokens_details?.cached_tokens ?? 0, prompt_tokens),
    estimated: false,
  }
}
