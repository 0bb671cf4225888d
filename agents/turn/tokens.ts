import type { ModelMessage, ToolSpec } from '../ports/model.ts'

/** Role, separators and the like, a message. */
const MESSAGE_OVERHEAD = 4

/**
 * Tokens of a text, estimated: four characters of ASCII a token, one token for any other character. Providers report
 * the true number after the call.
 */
export function estimateTokens(text: string): number {
  let ascii = 0
  let other = 0
  for (const character of text) {
    if (character < '\u0080') ascii += 1
    else other += 1
  }
  return Math.ceil(ascii / 4) + other
}

export const estimateMessage = (message: ModelMessage): number =>
  MESSAGE_OVERHEAD +
  estimateTokens(message.content) +
  (message.role === 'assistant' && message.toolCalls ? estimateTokens(JSON.stringify(message.toolCalls)) : 0)

/** All that a request sends. */
export const estimateRequest = (messages: readonly ModelMessage[], tools: readonly ToolSpec[]): number =>
  messages.reduce((sum, message) => sum + estimateMessage(message), 0) +
  (tools.length > 0 ? estimateTokens(JSON.stringify(tools)) : 0)
