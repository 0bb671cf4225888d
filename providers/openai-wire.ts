/** Between our messages and OpenAI's chat-completions format, which Ollama and many others speak too. */
import type {
  ChatCompletion,
  ChatCompletionCreateParamsNonStreaming,
  ChatCompletionMessageParam,
} from 'openai/resources/chat/completions'
import type { ModelMessage, ModelReply, ModelRequest, ToolCall, Usage } from '../agents/ports/model.ts'
import { CallIds, estimatedUsage, uniqueId, withFeedbackFromUser } from './wire-messages.ts'

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

/** Null when the answer is none: no choices, or not even an object. */
export function fromWire(answer: Partial<ChatCompletion> | null, request: ModelRequest): ModelReply | null {
  const choice = typeof answer === 'object' ? answer?.choices?.[0] : undefined
  if (!choice?.message) return null
  const text = (choice.message.content ?? choice.message.refusal ?? '').toWellFormed()
  const taken = new Set<string>()
  const toolCalls: ToolCall[] = (choice.message.tool_calls ?? []).flatMap((call) =>
    call.type === 'custom'
      ? []
      : [
          {
            id: uniqueId(call.id ?? '', taken),
            name: call.function.name,
            arguments: argumentText(call.function.arguments),
          },
        ],
  )
  return {
    text,
    toolCalls,
    usage: usageOf(answer?.usage, request, text, toolCalls),
    stopReason: toolCalls.length > 0 ? 'tool_calls' : stopReasonOf(choice.finish_reason),
  }
}

/** Some servers send the arguments as an object instead of its text. */
const argumentText = (value: unknown): string =>
  (typeof value === 'string' ? value : JSON.stringify(value ?? {})).toWellFormed()

const stopReasonOf = (reason: string | null | undefined): ModelReply['stopReason'] =>
  reason === 'length' || reason === 'content_filter' ? reason : 'stop'

function usageOf(
  usage: ChatCompletion['usage'] | null,
  request: ModelRequest,
  text: string,
  toolCalls: readonly ToolCall[],
): Usage {
  if (typeof usage?.prompt_tokens === 'number' && typeof usage.completion_tokens === 'number') {
    const cached = usage.prompt_tokens_details?.cached_tokens ?? 0
    return {
      inputTokens: usage.prompt_tokens,
      outputTokens: usage.completion_tokens,
      cachedTokens: Math.min(cached, usage.prompt_tokens),
      estimated: false,
    }
  }
  return estimatedUsage(request, text, toolCalls)
}
