/** What every vendor's format needs of a conversation before it is written. */
import * as v from 'valibot'
import type { ModelMessage, ModelRequest, ToolCall, Usage } from '../agents/ports/model.ts'
import { estimateRequest, estimateTokens } from '../agents/turn/tokens.ts'

/**
 * The forge's feedback has role assistant and comes last, or before the calls that the model makes upon it (chapter
 * 25.3). Vendors take that for the beginning of their own answer, or refuse it, so on the wire the user says it.
 */
export function withFeedbackFromUser(messages: readonly ModelMessage[]): readonly ModelMessage[] {
  return messages.map((message, index) => {
    const next = messages[index + 1]
    const isFeedback =
      message.role === 'assistant' &&
      (message.toolCalls?.length ?? 0) === 0 &&
      (next === undefined || next.role === 'assistant')
    return isFeedback ? { role: 'user', content: message.content } : message
  })
}

/** Some servers number the calls of each answer from 0; in one request every id must be different. */
export class CallIds {
  readonly #taken = new Set<string>()
  /** Ids on the wire of the calls whose results have not come, by their own id. */
  readonly #open = new Map<string, string[]>()

  ofCall(id: string): string {
    const unique = uniqueId(id, this.#taken)
    this.#open.set(id, [...(this.#open.get(id) ?? []), unique])
    return unique
  }

  ofResult(id: string): string {
    return this.#open.get(id)?.shift() ?? id
  }
}

/**
 * What is said, without the system's text, with neighbours of one role in one message: roles must alternate, and all results
 * of an answer's calls must come in one.
 */
export function alternating<T>(
  messages: readonly ModelMessage[],
  blocksOf: (message: ModelMessage, ids: CallIds) => T[],
): { role: 'user' | 'assistant'; content: T[] }[] {
  const wire: { role: 'user' | 'assistant'; content: T[] }[] = []
  const ids = new CallIds()
  for (const message of messages) {
    if (message.role === 'system') continue
    const role = message.role === 'assistant' ? 'assistant' : 'user'
    const content = blocksOf(message, ids)
    const previous = wire.at(-1)
    if (previous?.role === role) previous.content.push(...content)
    else if (content.length > 0) wire.push({ role, content })
  }
  return wire
}

/** Ids that other vendors gave may have characters that this one refuses. */
export const wireId = (id: string): string => id.replace(/[^a-zA-Z0-9_-]/g, '_')

/** Arguments go back as an object; text that is none stays visible to the model that wrote it. */
export function inputOf(args: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(args)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>
    }
  } catch {
    // not JSON: sent as the text it is
  }
  return { unreadable_arguments: args.toWellFormed() }
}

export function uniqueId(id: string, taken: Set<string>): string {
  const base = id === '' ? 'call' : id
  let unique = base
  for (let n = 2; taken.has(unique); n++) unique = `${base}_${n}`
  taken.add(unique)
  return unique
}

/** Tokens as a vendor reports them. Anything else is no report: it would be paid for, or paid back, from a budget. */
export const TOKENS = v.pipe(v.number(), v.safeInteger(), v.minValue(0))

/** Anthropic's models after Claude Opus 4.6 refuse a temperature. */
const CLAUDE_WITH_TEMPERATURE = /^claude-(?:[23]|(?:opus|sonnet|haiku)-4(?!-(?:[7-9]|\d\d)(?:-|$)))/

/** Whether one of Anthropic's models, by the vendor's own id, takes a temperature. */
export const takesTemperature = (claude: string): boolean => CLAUDE_WITH_TEMPERATURE.test(claude)

/** A call's arguments as text: some servers and models give an object, others text, which may be no JSON. */
export const argumentsText = (value: unknown): string =>
  (typeof value === 'string' ? value : JSON.stringify(value ?? {})).toWellFormed()

/** As vendors count that tell what was read from and written to the cache apart from the rest of the input. */
export const usageBesideCache = (
  { input, output }: { readonly input: number; readonly output: number },
  cache: { readonly read: number | null | undefined; readonly written: number | null | undefined },
): Usage => {
  const cachedTokens = cache.read ?? 0
  return {
    inputTokens: input + cachedTokens + (cache.written ?? 0),
    outputTokens: output,
    cachedTokens,
    estimated: false,
  }
}

/** What a call used, where nobody counted. */
export const estimatedUsage = (
  request: ModelRequest,
  text: string,
  toolCalls: readonly ToolCall[],
): Usage => ({
  inputTokens: estimateRequest(request.messages, request.tools),
  outputTokens: estimateTokens(text) + (toolCalls.length > 0 ? estimateTokens(JSON.stringify(toolCalls)) : 0),
  cachedTokens: 0,
  estimated: true,
})
