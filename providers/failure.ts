import { Fault } from '../agents/ports/fault.ts'

/** An attempt at a model call that did not succeed. */
export interface Failure {
  readonly fault: Fault
  /** Whether the same call may succeed if it is made again. */
  readonly again: boolean
}

/** Statuses after which the vendor asks to try again. 529 is "overloaded" where it is used. */
const PASSING = new Set([408, 409, 429, 500, 502, 503, 504, 529])

/** Vendors' machine-readable codes are short words; anything else might be prose with somebody's data in it. */
const codeWord = (code: unknown): string =>
  typeof code === 'string' && /^[a-z][a-z0-9_.-]{0,63}$/i.test(code) ? ` (${code})` : ''

/** How vendors word that a prompt does not fit, where they give no code for it: Anthropic, Gemini, servers like OpenAI's, Bedrock. */
const TOO_LONG =
  /(?:prompt|input) is too long|input token(?: count|s) .*exceed|maximum context length|exceeds? the .*context/i

/** An HTTP answer that is no success. Neither its body nor the key goes into the fault. */
export function httpFailure(
  provider: string,
  answer: {
    readonly status: number
    readonly headers: Headers | undefined
    readonly code: unknown
    /** The vendor's prose. */
    readonly message: string
  },
  now: number,
): Failure {
  const { status, headers, code, message } = answer
  const retryAfterMs = retryAfter(headers, now) ?? undefined
  const waiting = retryAfterMs === undefined ? {} : { retryAfterMs }
  const problem = `status ${status}${codeWord(code)}`
  if (status === 401 || status === 403)
    return { fault: new Fault('provider_auth', { provider }), again: false }
  if (status === 400 && (code === 'context_length_exceeded' || TOO_LONG.test(message)))
    return { fault: new Fault('prompt_too_long', { provider, problem }), again: false }
  if (code === 'insufficient_quota')
    return { fault: new Fault('provider_refused', { provider, problem, status }), again: false }
  if (status === 429) return { fault: new Fault('provider_rate_limited', { provider }, waiting), again: true }
  if (PASSING.has(status))
    return { fault: new Fault('provider_unavailable', { provider, problem }, waiting), again: true }
  return { fault: new Fault('provider_refused', { provider, problem, status }), again: false }
}

/** Why a call of a vendor's package failed. OpenAI names the cause `code`, Anthropic `type`. */
export function sdkFailure(provider: string, error: unknown, now: number): Failure {
  if (typeof error !== 'object' || error === null) return connectionFailure(provider, error)
  if ('status' in error && typeof error.status === 'number') {
    const headers = 'headers' in error && error.headers instanceof Headers ? error.headers : undefined
    const code = 'code' in error ? error.code : 'type' in error ? error.type : null
    const message = error instanceof Error ? error.message : ''
    return httpFailure(provider, { status: error.status, headers, code, message }, now)
  }
  return error instanceof SyntaxError ? unreadable(provider) : connectionFailure(provider, error)
}

/** More than any answer of a model has, vectors of many texts included. */
export const MAX_ANSWER_BYTES = 32 * 1024 * 1024

/** The vendor went on beyond `MAX_ANSWER_BYTES`. */
export class AnswerTooLong extends Error {}

/** No answer at all, or one that cannot be read. */
function connectionFailure(provider: string, error: unknown): Failure {
  if (causes(error).some((each) => each instanceof AnswerTooLong)) {
    const problem = `an answer of more than ${MAX_ANSWER_BYTES} bytes`
    return { fault: new Fault('provider_unavailable', { provider, problem }), again: false }
  }
  return { fault: new Fault('provider_unavailable', { provider, problem: networkCode(error) }), again: true }
}

export const unreadable = (provider: string): Failure => ({
  fault: new Fault('provider_unavailable', { provider, problem: 'unreadable answer' }),
  again: true,
})

/** `ECONNREFUSED` and its like, wherever in the chain of causes it stands. */
function networkCode(error: unknown): string {
  for (const each of causes(error)) {
    if ('code' in each && typeof each.code === 'string' && /^[A-Z][A-Z0-9_]+$/.test(each.code))
      return each.code
  }
  return 'connection failed'
}

/** An error and what caused it. */
function causes(error: unknown): readonly object[] {
  const found: object[] = []
  for (let each = error; typeof each === 'object' && each !== null && found.length < 8; ) {
    found.push(each)
    each = 'cause' in each ? each.cause : null
  }
  return found
}

/** Milliseconds that the vendor asks to wait: `retry-after-ms`, seconds, or a date; null when it does not say. */
function retryAfter(headers: Headers | undefined, now: number): number | null {
  const exact = amountOf(headers?.get('retry-after-ms'))
  if (exact !== null) return exact
  const value = headers?.get('retry-after')
  const seconds = amountOf(value)
  if (seconds !== null) return seconds * 1000
  const date = Date.parse(value ?? '')
  return Number.isNaN(date) ? null : Math.max(0, date - now)
}

/** Digits, with a fraction perhaps: `Infinity` and nothing at all are no numbers of a header. */
const amountOf = (text: string | null | undefined): number | null =>
  text && /^\s*\d{1,15}(?:\.\d+)?\s*$/.test(text) ? Number(text) : null
