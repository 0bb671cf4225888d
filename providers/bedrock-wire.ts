/** Between our messages and the format of Bedrock's Converse API. */
import type {
  ContentBlock,
  ConverseCommandInput,
  Message,
  ToolConfiguration,
} from '@aws-sdk/client-bedrock-runtime'
import * as v from 'valibot'
import type { ModelMessage, ModelReply, ModelRequest, ToolCall, Usage } from '../agents/ports/model.ts'
import {
  alternating,
  argumentsText,
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

/** Most characters of a call's id are 64; `CallIds` may add a number. */
const LONGEST_ID = 56
/** A conversation that begins with the model is refused, as are texts of white space. */
const NOTHING = '(nothing)'

/** `modelId`: Bedrock's id of the request's model. */
export function toConverse(request: ModelRequest, modelId: string): ConverseCommandInput {
  const { temperature, tools, maxOutputTokens } = request
  const system = request.messages.flatMap(({ role, content }) =>
    role === 'system' && content.trim() !== '' ? [{ text: content.toWellFormed() }] : [],
  )
  return {
    modelId,
    ...(system.length === 0 ? {} : { system }),
    messages: converseMessages(withFeedbackFromUser(toldOf(request))),
    inferenceConfig: {
      ...(maxOutputTokens === null ? {} : { maxTokens: maxOutputTokens }),
      // the scale of Bedrock's vendors ends at 1, other vendors' at 2
      ...(acceptsTemperature(modelId) ? { temperature: Math.min(temperature, 1) } : {}),
    },
    ...(tools.length === 0 ? {} : { toolConfig: toolConfig(tools) }),
  }
}

/** What an ARN stands for is not known, and most models take a temperature. */
function acceptsTemperature(modelId: string): boolean {
  const claude = /(?:^|\.)anthropic\.(claude-.*)$/.exec(modelId)?.[1]
  return claude === undefined || takesTemperature(claude)
}

const toolConfig = (tools: ModelRequest['tools']): ToolConfiguration => ({
  tools: tools.map(({ name, description, parameters: { type, properties, required } }) => ({
    toolSpec: {
      name,
      ...(description.trim() === '' ? {} : { description: description.toWellFormed() }),
      // Amazon's models refuse other words in it.
      inputSchema: { json: { type, properties: properties as never, required: [...required] } },
    },
  })),
})

/** Bedrock refuses calls of tools where it is told of none: they are told as text. */
function toldOf({ messages, tools }: ModelRequest): readonly ModelMessage[] {
  if (tools.length > 0) return messages
  return messages.map((message): ModelMessage => {
    if (message.role === 'tool') return { role: 'user', content: `${message.name}: ${message.content}` }
    if (message.role !== 'assistant' || !message.toolCalls) return message
    const calls = message.toolCalls.map((call) => `${call.name} ${call.arguments}`)
    return { role: 'assistant', content: [message.content, ...calls].join('\n').trim() }
  })
}

function converseMessages(messages: readonly ModelMessage[]): Message[] {
  const wire: Message[] = alternating(messages, blocksOf)
  if (wire[0]?.role !== 'user') wire.unshift({ role: 'user', content: [{ text: NOTHING }] })
  return wire
}

function blocksOf(message: ModelMessage, ids: CallIds): ContentBlock[] {
  const text = message.content.toWellFormed()
  if (message.role === 'tool') {
    const toolUseId = ids.ofResult(idOnWire(message.callId))
    return [{ toolResult: { toolUseId, content: [{ text: text.trim() === '' ? NOTHING : text }] } }]
  }
  const blocks: ContentBlock[] = text.trim() === '' ? [] : [{ text }]
  if (message.role !== 'assistant') return blocks
  const calls = (message.toolCalls ?? []).map((call) => ({
    toolUse: {
      toolUseId: ids.ofCall(idOnWire(call.id)),
      name: call.name,
      input: inputOf(call.arguments) as never,
    },
  }))
  return [...blocks, ...calls]
}

const idOnWire = (id: string): string => wireId(id).slice(0, LONGEST_ID)

const COUNT = v.fallback(v.nullish(TOKENS), null)

/** What is read of an answer; blocks of other kinds (reasoning) are passed over. */
const ANSWER = v.object({
  output: v.object({
    message: v.object({
      content: v.array(
        v.looseObject({
          text: v.optional(v.string()),
          toolUse: v.optional(
            v.object({ toolUseId: v.nullish(v.string()), name: v.string(), input: v.optional(v.unknown()) }),
          ),
        }),
      ),
    }),
  }),
  stopReason: v.nullish(v.string()),
  usage: v.fallback(
    v.nullish(
      v.object({
        inputTokens: TOKENS,
        outputTokens: TOKENS,
        cacheReadInputTokens: COUNT,
        cacheWriteInputTokens: COUNT,
      }),
    ),
    null,
  ),
})
type Read = v.InferOutput<typeof ANSWER>

/** The model ended in the middle of what was to be a call, or an answer. */
const MALFORMED = new Set(['malformed_model_output', 'malformed_tool_use'])

/** Null when the answer is none. */
export function fromConverse(answer: unknown, request: ModelRequest): ModelReply | null {
  const { success, output: read } = v.safeParse(ANSWER, answer)
  if (!success || MALFORMED.has(read.stopReason ?? '')) return null
  const { content } = read.output.message
  const text = content.map((block) => block.text ?? '').join('')
  const taken = new Set<string>()
  const toolCalls = content.flatMap(({ toolUse }): ToolCall[] =>
    toolUse
      ? [
          {
            id: uniqueId(toolUse.toolUseId ?? '', taken),
            name: toolUse.name,
            arguments: argumentsText(toolUse.input),
          },
        ]
      : [],
  )
  return {
    text: text.toWellFormed(),
    toolCalls,
    usage: usageOf(read.usage, request, text, toolCalls),
    stopReason: toolCalls.length > 0 ? 'tool_calls' : stopReasonOf(read.stopReason),
  }
}

function stopReasonOf(reason: Read['stopReason']): ModelReply['stopReason'] {
  if (reason === 'max_tokens' || reason === 'model_context_window_exceeded') return 'length'
  return reason === 'guardrail_intervened' || reason === 'content_filtered' ? 'content_filter' : 'stop'
}

function usageOf(
  usage: Read['usage'],
  request: ModelRequest,
  text: string,
  toolCalls: readonly ToolCall[],
): Usage {
  if (!usage) return estimatedUsage(request, text, toolCalls)
  return usageBesideCache(
    { input: usage.inputTokens, output: usage.outputTokens },
    { read: usage.cacheReadInputTokens, written: usage.cacheWriteInputTokens },
  )
}
