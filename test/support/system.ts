import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda'
import type { Clock } from '../../agents/ports/time.ts'
import type { Module } from '../../bytecode/module.ts'
import { matchRoute } from '../../cli/api-event.ts'
import { compile } from '../../compiler/compile.ts'
import type { Edge } from '../../lambda/edge.ts'
import { createHandlers } from '../../lambda/handlers.ts'
import { routeKey } from '../../lambda/routes.ts'
import { forgeStep, forgeWaitHere } from '../../lambda/steps/forge-step.ts'
import type { Entrance } from '../../runtime/channel-ports.ts'
import { type AslDriver, createAslDriver } from '../../runtime/local-forge.ts'
import { NATIVE_NAMES } from '../../runtime/natives.ts'
import { readSettings } from '../../runtime/settings.ts'
import { createSystem, type System, type SystemOptions } from '../../runtime/system.ts'
import { systemClock } from '../../runtime/time.ts'
import { checkAnswer } from './check-answer.ts'
import { ROOT } from './server.ts'
import { temporaryDirectory } from './temporary.ts'

/** A module of source text, which must compile. */
export function moduleOf(source: string, name = 'test.neam'): Module {
  const { module, diagnostics } = compile(name, (path) => (path === name ? source : null), {
    natives: new Set(NATIVE_NAMES),
    hash: (text) => createHash('sha256').update(text).digest('hex'),
  })
  if (module === null) throw new Error(JSON.stringify(diagnostics, null, 2))
  return module
}

export const exampleAgents = (): Module =>
  moduleOf(readFileSync(join(ROOT, 'examples/agents.neam'), 'utf8'), 'agents.neam')

export interface TestApi {
  readonly system: System
  readonly driver: AslDriver
  /** Lines that the handlers logged. */
  readonly logged: Readonly<Record<string, unknown>>[]
  /** Calls a route as API Gateway does; the body is JSON unless it is a string. Fails for an answer that is not described. */
  call(method: string, path: string, options?: CallOptions): Promise<Answer>
}

export interface CallOptions {
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly isBase64Encoded?: boolean
  /** Default: an address of somewhere else. */
  readonly sourceIp?: string
  /** Default: one place serves everything. */
  readonly entrance?: Entrance
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the answer holds
  readonly body: any
}

/** Handlers over a real tree in a temporary directory, with the offline model and the interpreted state machine. */
export async function testApi(
  options: {
    readonly module?: Module
    readonly environment?: Readonly<Record<string, string>>
    readonly directory?: string
    readonly clock?: Clock
    /** File system of the tree, and what measures it. */
    readonly storage?: Pick<SystemOptions, 'fs' | 'storageGauge'>
    readonly edge?: Partial<Edge>
  } = {},
): Promise<TestApi> {
  const directory = options.directory ?? temporaryDirectory()
  const environment = {
    PATH: process.env.PATH ?? '',
    NEAM_OFFLINE: '1',
    NEAM_LOG_LEVEL: 'silent',
    NEAM_MEMORY_DIR: join(directory, 'memory'),
    ...options.environment,
  }
  const driver = createAslDriver({
    definition: readFileSync(join(ROOT, 'statemachine/forge-run.asl.json'), 'utf8'),
    step: async (event) => await forgeStep(system.world, event),
    wait: async (event, signal) => await forgeWaitHere(system.world, event, signal),
    onError: (_run, error) => {
      throw error
    },
  })
  const clock = options.clock ?? systemClock
  const system: System = await createSystem({
    module: options.module ?? exampleAgents(),
    environment,
    settings: readSettings(environment, directory),
    forgeDriver: driver,
    output: { emit: () => {}, print: () => {}, warn: () => {} },
    clock,
    ...options.storage,
  })
  const logged: Record<string, unknown>[] = []
  const handlers = createHandlers({
    system: async () => system,
    clock,
    tracing: system.world.tracing,
    storageTime: system.world.storageTime,
    log: (record) => logged.push(record),
    streams: false,
    draining: () => false,
    uptimeSeconds: () => 52,
    shutdown: new AbortController().signal,
    ...options.edge,
  })
  return {
    system,
    driver,
    logged,
    async call(method, path, call = {}) {
      const event = gatewayEvent(method, path, call)
      const answer: APIGatewayProxyStructuredResultV2 = await handlers.get(event.routeKey)!(event, {
        ...CONTEXT,
        ...(call.entrance === undefined ? {} : { entrance: call.entrance }),
      })
      const { statusCode: status = 0, headers = {}, isBase64Encoded = false } = answer
      const body = Buffer.from(answer.body ?? '', isBase64Encoded ? 'base64' : 'utf8')
      checkAnswer(method, path, { status, headers, body })
      return {
        status,
        headers,
        body:
          answer.body === undefined ? undefined : isBase64Encoded ? body : JSON.parse(body.toString('utf8')),
      }
    },
  }
}

export const CONTEXT = {
  awsRequestId: 'lambda-request',
  getRemainingTimeInMillis: () => 29_000,
} as Context

/** An event as API Gateway's HTTP API sends it. */
export function gatewayEvent(method: string, path: string, call: CallOptions = {}): APIGatewayProxyEventV2 {
  const [rawPath = '/', rawQueryString = ''] = path.split('?')
  const { route, params } = matchRoute(method, rawPath, call.entrance)
  const { body } = call
  return {
    version: '2.0',
    routeKey: routeKey(route),
    rawPath,
    rawQueryString,
    ...(rawQueryString === ''
      ? {}
      : { queryStringParameters: Object.fromEntries(new URLSearchParams(rawQueryString)) }),
    headers: { 'content-type': 'application/json', ...call.headers },
    pathParameters: { ...params },
    requestContext: {
      accountId: '123456789012',
      apiId: 'api',
      domainName: 'api.example.com',
      domainPrefix: 'api',
      http: {
        method,
        path: rawPath,
        protocol: 'HTTP/1.1',
        sourceIp: call.sourceIp ?? '192.0.2.1',
        userAgent: 'test',
      },
      requestId: 'gateway-request',
      routeKey: routeKey(route),
      stage: '$default',
      time: '21/Nov/2026:00:00:00 +0000',
      timeEpoch: 0,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    isBase64Encoded: call.isBase64Encoded ?? false,
  }
}
