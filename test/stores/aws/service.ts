import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll } from '@jest/globals'

/** A request as a service sees it; `operation` is the JSON protocol's target, or method and path. */
export interface ServiceRequest {
  readonly operation: string
  readonly body: Readonly<Record<string, unknown>>
}

export interface ServiceAnswer {
  readonly status?: number
  readonly body: unknown
  /** More headers. */
  readonly headers?: Readonly<Record<string, string>>
}

const servers: Server[] = []

/** A loopback server that speaks an AWS service's JSON wire format: `answer` decides, all requests are kept. */
export async function awsService(
  answer: (request: ServiceRequest) => ServiceAnswer | Promise<ServiceAnswer>,
) {
  const requests: ServiceRequest[] = []
  const server = createServer(async (incoming, outgoing) => {
    const request = await read(incoming)
    requests.push(request)
    const { status = 200, body, headers } = await answer(request)
    const type = (body as { readonly __type?: string } | null)?.__type
    outgoing.writeHead(status, {
      'content-type': 'application/x-amz-json-1.0',
      'x-amzn-requestid': 'request-1',
      ...(type ? { 'x-amzn-errortype': type } : {}),
      ...headers,
    })
    outgoing.end(JSON.stringify(body))
  })
  let connections = 0
  server.on('connection', () => {
    connections += 1
  })
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    requests,
    /** How many clients have opened so far. */
    connections: () => connections,
    client: {
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      region: 'eu-central-1',
      credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
    },
  }
}

async function read(incoming: IncomingMessage): Promise<ServiceRequest> {
  let text = ''
  for await (const chunk of incoming) text += chunk
  const target = incoming.headers['x-amz-target']
  return {
    operation: typeof target === 'string' ? target.split('.').at(-1)! : `${incoming.method} ${incoming.url}`,
    body: text === '' ? {} : JSON.parse(text),
  }
}

afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
})
