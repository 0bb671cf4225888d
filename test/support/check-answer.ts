import * as v from 'valibot'
import { matchRoute } from '../../cli/api-event.ts'
import { answerShape, FAILED, JSON_TYPE } from '../../lambda/answers.ts'
import { SECURITY_HEADERS } from '../../lambda/middleware/security-headers.ts'
import { type Route, routeKey } from '../../lambda/routes.ts'

/** An answer of the API, as it came. */
export interface RawAnswer {
  readonly status: number
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, unknown>>
  /** Empty = none. */
  readonly body: Uint8Array
}

/**
 * Throws unless /openapi.json says that the route gives this answer: its status, media type and body, with no field more.
 * Every answer carries the security headers, the id of its request and its place in the trace.
 */
export function checkAnswer(method: string, path: string, { status, headers, body }: RawAnswer): void {
  const route = routeOf(method, path.split('?')[0]!)
  const answer = `${method} ${path} (${route === null ? 'no route' : routeKey(route)}) answered ${status}`
  const shape = route === null ? FAILED : answerShape(route.handler, status)
  if (shape === null) throw new Error(`${answer}, which is no status of the route`)
  for (const name of [...Object.keys(SECURITY_HEADERS), 'x-request-id', 'traceparent']) {
    if (headers[name] === undefined) throw new Error(`${answer} without the header ${name}`)
  }
  if (method === 'HEAD' || Object.keys(shape.content).length === 0) {
    if (body.length > 0) throw new Error(`${answer} with a body: ${Buffer.from(body)}`)
    return
  }
  const type = String(headers['content-type'])
  const schema = shape.content[type]
  if (schema === undefined) throw new Error(`${answer} as ${type}; described: ${Object.keys(shape.content)}`)
  const value = decoded(type, body)
  const { issues } = v.safeParse(schema, value)
  if (issues) {
    throw new Error(`${answer} with a body that is not as described:
${issues.map(told).join('\n')}
${JSON.stringify(value, null, 2)}`)
  }
}

function decoded(type: string, body: Uint8Array): unknown {
  if (type === JSON_TYPE) return JSON.parse(Buffer.from(body).toString())
  return type.startsWith('text/') ? Buffer.from(body).toString() : body
}

/** Null: the path is no well-formed one, and so it is refused before any route. */
function routeOf(method: string, path: string): Route | null {
  try {
    return matchRoute(method, path).route
  } catch {
    return null
  }
}

/** One problem; of a union, those of the branch that fits best. */
function told(issue: v.BaseIssue<unknown>): string {
  const nearest = issue.issues?.at(0)
  return `${v.getDotPath(issue) ?? 'body'}: ${issue.message}${nearest ? ` (${told(nearest)})` : ''}`
}
