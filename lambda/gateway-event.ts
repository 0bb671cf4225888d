import type { APIGatewayProxyEvent, APIGatewayProxyEventV2 } from 'aws-lambda'
import { badRequest } from './refusal.ts'

/** What API Gateway sends for a request: in format 2.0 from an HTTP API, in format 1.0 from a REST API. */
export type GatewayEvent = APIGatewayProxyEventV2 | APIGatewayProxyEvent

type Values<T> = Readonly<Record<string, T | undefined>> | null | undefined

/** Of an event that a person or another service made up: what handlers cannot do without. Throws a Refusal that says so. */
export function gatewayEvent(event: unknown): GatewayEvent {
  if (isGatewayEvent(event)) return event
  throw badRequest(
    'the event is no request of API Gateway: it has neither routeKey, rawPath and requestContext.http (format 2.0) nor httpMethod, resource and requestContext.identity (format 1.0); the folder events has examples',
  )
}

function isGatewayEvent(event: unknown): event is GatewayEvent {
  if (!isObject(event) || !isObject(event.requestContext)) return false
  const { http, identity } = event.requestContext
  const isText = (name: string) => typeof event[name] === 'string'
  return (
    (isText('routeKey') && isText('rawPath') && isObject(http)) ||
    (isText('httpMethod') && isText('resource') && isObject(identity))
  )
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

/**
 * A request as handlers know it, whatever sent it: format 2.0, names of headers in lower case, a path that begins behind
 * the stage and behind a custom domain's base path.
 */
export function httpEvent(event: GatewayEvent): APIGatewayProxyEventV2 {
  const { body, ...asked } = 'httpMethod' in event ? fromRestEvent(event) : event
  return {
    ...asked,
    ...(typeof body === 'string' ? { body } : {}),
    headers: lowerCase(asked.headers),
    rawPath: behindStage(asked),
  }
}

function fromRestEvent(event: APIGatewayProxyEvent): APIGatewayProxyEventV2 {
  const { httpMethod, resource, body, isBase64Encoded, requestContext } = event
  const routeKey = `${httpMethod} ${resource}`
  const path = pathOf(event)
  const query = joined(event.multiValueQueryStringParameters, event.queryStringParameters)
  const { identity, accountId, apiId, domainName = '', requestId, protocol } = requestContext
  return {
    version: '2.0',
    routeKey,
    rawPath: path,
    rawQueryString: new URLSearchParams(query).toString(),
    headers: joined(event.multiValueHeaders, event.headers),
    queryStringParameters: query,
    pathParameters: mapped(event.pathParameters, decoded),
    requestContext: {
      accountId,
      apiId,
      domainName,
      domainPrefix: domainName.split('.')[0] ?? '',
      http: {
        method: httpMethod,
        path,
        protocol,
        sourceIp: identity.sourceIp,
        userAgent: identity.userAgent ?? '',
      },
      requestId,
      routeKey,
      // The path is told without it.
      stage: '$default',
      time: requestContext.requestTime ?? '',
      timeEpoch: requestContext.requestTimeEpoch,
    },
    ...(typeof body === 'string' ? { body } : {}),
    isBase64Encoded,
  }
}

/** The path below the API. A custom domain's base path stands before `path`; the parameters are as they were sent. */
const pathOf = ({ resource, pathParameters }: APIGatewayProxyEvent): string =>
  resource.replace(/\{(\w+)\+?\}/g, (_all, name: string) => pathParameters?.[name] ?? '')

/** HTTP APIs put the stage before the path, unless it is `$default`, or a custom domain stands for it. */
function behindStage({ rawPath, pathParameters, requestContext }: APIGatewayProxyEventV2): string {
  const stage = `/${requestContext?.stage ?? '$default'}`
  if (rawPath === stage) return '/'
  // What the last route took in tells where the path begins, when it begins like the stage.
  const isWhole = decoded(rawPath) === `/${pathParameters?.proxy}`
  return rawPath.startsWith(`${stage}/`) && !isWhole ? rawPath.slice(stage.length) : rawPath
}

/** Values of one name stand together, parted by commas, as HTTP APIs send them. */
const joined = (several: Values<string[]>, single: Values<string>): Record<string, string> =>
  several ? mapped(several, (values) => values.join(',')) : mapped(single, (value) => value)

function lowerCase(headers: Values<string>): Record<string, string> {
  const found = new Map<string, string>()
  for (const [name, value] of Object.entries(mapped(headers, (text) => text))) {
    const lower = name.toLowerCase()
    const earlier = found.get(lower)
    found.set(lower, earlier === undefined ? value : `${earlier},${value}`)
  }
  return Object.fromEntries(found)
}

const mapped = <T>(values: Values<T>, as: (value: T) => string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values ?? {}).flatMap(([name, value]) => (value === undefined ? [] : [[name, as(value)]])),
  )

/** REST APIs leave the parameters of a path as they were sent; what is not well-formed stays so. */
function decoded(sent: string): string {
  try {
    return decodeURIComponent(sent)
  } catch {
    return sent
  }
}
