import type { APIGatewayProxyEvent, APIGatewayProxyEventV2 } from 'aws-lambda'

/** The event of a REST API (format 1.0) as the HTTP API would send it (format 2.0): handlers know one format. */
export function fromRestEvent(event: APIGatewayProxyEvent): APIGatewayProxyEventV2 {
  const { httpMethod, resource, path, body, isBase64Encoded, requestContext } = event
  const routeKey = `${httpMethod} ${resource}`
  const headers = joined(event.multiValueHeaders)
  const query = joined(event.multiValueQueryStringParameters)
  const { identity, accountId, apiId, domainName = '', requestId, stage, protocol } = requestContext
  return {
    version: '2.0',
    routeKey,
    rawPath: path,
    rawQueryString: new URLSearchParams(query).toString(),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    queryStringParameters: query,
    pathParameters: decoded(event.pathParameters ?? {}),
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
      stage,
      time: requestContext.requestTime ?? '',
      timeEpoch: requestContext.requestTimeEpoch,
    },
    ...(body === null ? {} : { body }),
    isBase64Encoded,
  }
}

const joined = (values: APIGatewayProxyEvent['multiValueHeaders'] | null): Record<string, string> =>
  Object.fromEntries(Object.entries(values ?? {}).map(([name, each]) => [name, (each ?? []).join(',')]))

/** A REST API leaves the parameters of a path as they were sent; what is not well-formed stays so. */
const decoded = (params: NonNullable<APIGatewayProxyEvent['pathParameters']>): Record<string, string> =>
  Object.fromEntries(Object.entries(params).map(([name, value = '']) => [name, decodedText(value)]))

function decodedText(sent: string): string {
  try {
    return decodeURIComponent(sent)
  } catch {
    return sent
  }
}
