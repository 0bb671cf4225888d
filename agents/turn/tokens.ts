import type { ModelMessage, ToolSpec } from '../ports/model.ts'
import type { TokenCounter } from '../ports/tokens.ts'

/** Role, separators and the like, a message. */
const MESSAGE_OVERHEAD = 4

/** Most texts have none of it, and a pattern finds that out far faster than a walk over the characters. */
const BEYOND_ASCII = /[\u0080-\uffff]/

/** Tokens of a text, estimated: four characters of ASCII a token, one token for any other character. */
export function estimateTokens(text: string): number {
  if (!BEYOND_ASCII.test(text)) return Math.ceil(text.length / 4)
  let ascii = 0
  let other = 0
  for (const character of text) {
    if (character < '\u0080') ascii += 1
    else other += 1
  }
  return Math.ceil(ascii / 4) + other
}

/** Bytes of a text in UTF-8; half a surrogate pair counts as the replacement character that is sent for it. */
function utf8Length(text: string): number {
  if (!BEYOND_ASCII.test(text)) return text.length
  let bytes = 0
  for (const character of text) {
    const code = character.codePointAt(0)!
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
  }
  return bytes
}

/** Costs nothing and serves where a miss does no harm. */
export const ESTIMATE: TokenCounter = {
  text: estimateTokens,
  tools: (tools) => estimateTokens(JSON.stringify(tools)),
  perRequest: 0,
}

/** Never too few: a token is at least one byte, and the form in which a vendor shows tools is shorter than their JSON. */
export const UPPER_BOUND: TokenCounter = {
  text: utf8Length,
  tools: (tools) => utf8Length(JSON.stringify(tools)),
  perRequest: 8,
}

export const messageTokens = (counter: TokenCounter, message: ModelMessage): number =>
  MESSAGE_OVERHEAD +
  counter.text(message.content) +
  (message.role === 'assistant' && message.toolCalls ? counter.text(JSON.stringify(message.toolCalls)) : 0)

/** All that a request sends. */
export const requestTokens = (
  counter: TokenCounter,
  messages: readonly ModelMessage[],
  tools: readonly ToolSpec[],
): number =>
  messages.reduce((sum, message) => sum + messageTokens(counter, message), counter.perRequest) +
  (tools.length > 0 ? counter.tools(tools) : 0)

export const estimateMessage = (message: ModelMessage): number => messageTokens(ESTIMATE, message)

export const estimateRequest = (messages: readonly ModelMessage[], tools: readonly ToolSpec[]): number =>
  requestTokens(ESTIMATE, messages, tools)
