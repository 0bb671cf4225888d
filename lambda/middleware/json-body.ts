import { badRequest, Refusal } from '../refusal.ts'
import type { Middleware } from './middleware.ts'
import { repeatedField } from './repeated-field.ts'

/** Bytes of a request body. */
export const MAX_BODY_BYTES = 1024 * 1024
/** Nesting of objects and lists; deeper input could overflow whoever walks it. */
export const MAX_BODY_DEPTH = 64

const bodyTooLarge = (): Refusal =>
  new Refusal(413, 'body_too_large', `the body is larger than ${MAX_BODY_BYTES} bytes`)

/** What forms are sent as. Some clients say so of JSON, too (curl): of what is none, it tells why. */
const FORM = /^(multipart\/form-data|application\/x-www-form-urlencoded)/i

/** The body, a JSON object, in `context.body`; an empty one and `null` count as none. */
export function jsonBody(): Middleware {
  return {
    before: ({ event, context }) => {
      if (event.body === undefined) return
      refusePacked(event.headers?.['content-encoding'])
      const bytes = Buffer.from(event.body, event.isBase64Encoded ? 'base64' : 'utf8')
      if (bytes.length > MAX_BODY_BYTES) throw bodyTooLarge()
      const text = decode(bytes).trim()
      const value = text === '' ? null : parse(text, event.headers?.['content-type'])
      if (typeof value !== 'object' || Array.isArray(value)) {
        throw badRequest(
          `the body must be a JSON object, got ${Array.isArray(value) ? 'a list' : `a ${typeof value}`}`,
        )
      }
      context.body = value ?? undefined
    },
  }
}

/** @throws Refusal 415: what is packed could be of any size when it is unpacked. */
function refusePacked(coding = ''): void {
  if (/^\s*(identity)?\s*$/i.test(coding)) return
  throw new Refusal(
    415,
    'encoding_not_supported',
    `the body is packed (Content-Encoding: ${coding.trim()}); send it as it is`,
    { headers: { 'accept-encoding': 'identity' } },
  )
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw badRequest('the body is not UTF-8 text')
  }
}

function parse(text: string, type: string | undefined): unknown {
  if (depth(text) > MAX_BODY_DEPTH) throw badRequest(`the body is nested deeper than ${MAX_BODY_DEPTH}`)
  const value = parsed(text, type)
  const twice = repeatedField(text)
  if (twice !== null) {
    throw badRequest(`the field ${JSON.stringify(twice)} stands twice in the body: send it once`, twice)
  }
  return value
}

function parsed(text: string, type: string | undefined): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const sent = FORM.exec(type ?? '')?.[0]
    throw badRequest(
      sent === undefined
        ? `the body is not valid JSON: ${(error as SyntaxError).message}`
        : `the body is not valid JSON; it was sent as ${sent}, and a JSON object is wanted`,
    )
  }
}

/** Deepest nesting of brackets outside strings. */
function depth(text: string): number {
  let now = 0
  let deepest = 0
  let inString = false
  for (let at = 0; at < text.length; at++) {
    const char = text[at]
    if (inString) {
      if (char === '\\') at++
      else if (char === '"') inString = false
    } else if (char === '"') inString = true
    else if (char === '{' || char === '[') deepest = Math.max(deepest, ++now)
    else if (char === '}' || char === ']') now--
  }
  return deepest
}
