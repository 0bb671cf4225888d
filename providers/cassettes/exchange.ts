/** One line of a cassette: what an agent asked, and what came of it. */
import * as v from 'valibot'
import { type FaultCode, isFaultCode } from '../../agents/ports/fault.ts'
import type { ModelReply, ModelRequest } from '../../agents/ports/model.ts'

/** A request as it is kept. The output limit is left out: it follows the remainder of a budget. */
export interface KeptRequest extends Omit<ModelRequest, 'maxOutputTokens'> {
  readonly provider: string
}

/** What the vendor answered, or how it failed. */
export type Outcome =
  | { readonly reply: ModelReply }
  | { readonly fault: { readonly code: FaultCode; readonly data: Readonly<Record<string, unknown>> } }

export type Exchange = { readonly request: KeptRequest } & Outcome

const COUNT = v.pipe(v.number(), v.integer(), v.minValue(0))
const TOOL_CALL = v.strictObject({ id: v.string(), name: v.string(), arguments: v.string() })
const MESSAGE = v.variant('role', [
  v.strictObject({ role: v.picklist(['system', 'user']), content: v.string() }),
  v.strictObject({
    role: v.literal('assistant'),
    content: v.string(),
    toolCalls: v.exactOptional(v.array(TOOL_CALL)),
  }),
  v.strictObject({ role: v.literal('tool'), callId: v.string(), name: v.string(), content: v.string() }),
])
const TOOL = v.strictObject({
  name: v.string(),
  description: v.string(),
  parameters: v.strictObject({
    type: v.literal('object'),
    properties: v.record(v.string(), v.record(v.string(), v.unknown())),
    required: v.array(v.string()),
    additionalProperties: v.literal(false),
  }),
})
const REQUEST = v.strictObject({
  provider: v.string(),
  model: v.string(),
  temperature: v.number(),
  messages: v.array(MESSAGE),
  tools: v.array(TOOL),
})
const REPLY = v.strictObject({
  text: v.string(),
  toolCalls: v.array(TOOL_CALL),
  usage: v.strictObject({
    inputTokens: COUNT,
    outputTokens: COUNT,
    cachedTokens: COUNT,
    estimated: v.boolean(),
  }),
  stopReason: v.picklist(['stop', 'tool_calls', 'length', 'content_filter']),
})
const FAULT = v.strictObject({
  code: v.custom<FaultCode>(
    (code) => typeof code === 'string' && isFaultCode(code),
    'is no code of an error',
  ),
  data: v.record(v.string(), v.unknown()),
})
const EXCHANGE: v.GenericSchema<unknown, Exchange> = v.union([
  v.strictObject({ request: REQUEST, reply: REPLY }),
  v.strictObject({ request: REQUEST, fault: FAULT }),
])

/** The exchange of a line, or what is wrong with it. */
export function readExchange(line: string): Exchange | { readonly problem: string } {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return { problem: 'is no JSON' }
  }
  const result = v.safeParse(EXCHANGE, value)
  return result.success ? result.output : { problem: problemOf(value) }
}

/** Of the kind that the line claims to be: a union would only say that none fits. */
function problemOf(value: unknown): string {
  const isFault = typeof value === 'object' && value !== null && 'fault' in value
  const schema = v.strictObject(
    isFault ? { request: REQUEST, fault: FAULT } : { request: REQUEST, reply: REPLY },
  )
  const [issue] = v.safeParse(schema, value).issues ?? []
  return issue === undefined ? 'is no exchange' : `${v.getDotPath(issue) ?? 'the line'}: ${issue.message}`
}
