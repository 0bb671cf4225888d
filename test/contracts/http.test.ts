/** The same requests to the local server and, as API Gateway passes them, to the Lambda function: equal answers. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { beforeAll, describe, expect, test } from '@jest/globals'
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import { unpackTar } from 'modern-tar'
import { TAR_TYPE } from '../../lambda/forge/workspace.ts'
import { ROUTES, routeKey } from '../../lambda/routes.ts'
import { awsService } from '../stores/aws/service.ts'
import { checkAnswer, type RawAnswer } from '../support/check-answer.ts'
import { lambdaImage } from '../support/lambda-image.ts'
import { runBin } from '../support/program.ts'
import { type Server, startServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { FACTS, HTTP_CASES, type HttpCase, type Key, TOO_LARGE } from './http-cases.ts'

const PROGRAM = `
channel web { type: "http" path: "/v1/chat" cors: true }
skill refund {
  description: "Refunds an order"
  params: { order: string }
  sensitive: true
  impl(order) { return f"Order {order}: refunded"; }
}
agent Helper { provider: "openai" model: "gpt-4o" system: "You help." }
claw agent Shop { provider: "openai" model: "gpt-4o" skills: [refund] channels: [web] }
forge agent Builder {
  provider: "openai"
  model: "gpt-4o"
  verify: fn(ctx) { return "retry"; }
  checkpoint: "none"
  workspace: "project"
  loop: { max_iterations: 2 }
}
`
const API_KEY = 'api-key-of-the-contract'
const ADMIN_KEY = 'admin-key-of-the-contract'
const CREDENTIALS: Readonly<Record<Key, string | null>> = {
  none: null,
  api: `Bearer ${API_KEY}`,
  admin: `Bearer ${ADMIN_KEY}`,
  wrong: 'Bearer no-key-of-the-contract',
}

/** What API Gateway passes on for a request (payload format 2.0, as AWS documents it). */
const eventOf = (name: string): APIGatewayProxyEventV2 =>
  JSON.parse(readFileSync(new URL(`http-events/${name}.json`, import.meta.url), 'utf8'))

const foldersBelow = (tree: string) => ({
  NEAM_SESSIONS_DIR: join(tree, 'sessions'),
  NEAM_WORKSPACE_DIR: join(tree, 'workspace'),
  NEAM_STATE_DIR: join(tree, 'state'),
})

/** The same request behind a stage with a name, from a sender that keeps names of headers as they were written. */
function stagedEventOf(event: APIGatewayProxyEventV2): APIGatewayProxyEventV2 {
  const { rawPath, requestContext, headers } = event
  const path = `/prod${rawPath}`
  return {
    ...event,
    rawPath: path,
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.replace(/\b\w/g, (a) => a.toUpperCase()), value]),
    ),
    requestContext: { ...requestContext, stage: 'prod', http: { ...requestContext.http, path } },
  }
}

/** A tree in which a run has ended and something is remembered, three times over. */
async function preparedTrees(program: string) {
  const tree = temporaryDirectory()
  for (const folder of ['sessions', 'workspace', 'state']) mkdirSync(join(tree, folder))
  await runBin('neam-forge', ['--agent', program, '--offline'], {
    cwd: temporaryDirectory(),
    env: foldersBelow(tree),
  })
  const remembered = join(tree, 'sessions/Shop/alice/memory')
  mkdirSync(remembered, { recursive: true })
  writeFileSync(join(remembered, 'session.v1.jsonl'), FACTS)
  const others = [temporaryDirectory(), temporaryDirectory()] as const
  for (const other of others) cpSync(tree, other, { recursive: true })
  return [tree, ...others] as const
}

/** Sends a request byte for byte as the case says. */
function send(server: Server, { method, path, headers = [], key = 'api', body }: HttpCase) {
  const { hostname, port } = new URL(server.url)
  const credential = CREDENTIALS[key]
  const sent = [
    ['host', `${hostname}:${port}`],
    ...(credential === null ? [] : [['authorization', credential]]),
    ...headers,
    ['content-length', String(body === undefined ? 0 : Buffer.byteLength(body))],
  ]
  return new Promise<RawAnswer>((resolve, reject) => {
    const request = httpRequest(
      { hostname, port, method, path, headers: sent.flat(), agent: false },
      async (response) => {
        const chunks: Buffer[] = []
        for await (const chunk of response) chunks.push(chunk)
        resolve({
          status: response.statusCode!,
          headers: response.headers,
          body: Buffer.concat(chunks),
        })
      },
    )
    request.on('error', reject)
    request.end(body)
  })
}

const received = (answer: APIGatewayProxyStructuredResultV2): RawAnswer => ({
  status: answer.statusCode!,
  headers: answer.headers ?? {},
  body: Buffer.from(answer.body ?? '', answer.isBase64Encoded ? 'base64' : 'utf8'),
})

/** Headers of the connection, which API Gateway sets itself. */
const OF_THE_CONNECTION = new Set(['connection', 'content-length', 'date', 'keep-alive'])

/** What differs between any two servers: ids, times, what is measured. */
const DIFFERENT: readonly (readonly [RegExp, string])[] = [
  [/\b00-[0-9a-f]{32}-[0-9a-f]{16}-00\b/g, 'TRACE'],
  [/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME'],
  [/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'ID'],
  [/JKJaXmPLvHcESHA\d+=/g, 'ID'],
  [/(?<![0-9A-Za-z])01[0-9A-HJKMNP-TV-Z]{24}(?![0-9A-Za-z])/g, 'ID'],
  [/"((?:\w+_)?ms|uptime_seconds|\w+_bytes)":[\d.]+/g, '"$1":0'],
  [/[\d.]+ [KMGT]iB free/g, 'FREE'],
  [/^(neam_\w+_ms\{.*\}) [\d.]+$/gm, '$1 0'],
  // How often and for how long each waited for its disk, and where most, if anywhere.
  [/"storage":\{[^{}]*(?:\{[^{}]*\})?[^{}]*\}/g, '"storage":{}'],
  [/^neam_storage_\w+ [\d.]+$/gm, 'neam_storage 0'],
  [/^(?:# \w+ )?neam_storage_slowest_ms\b.*\n/gm, ''],
  // API Gateway has the connections of callers to Lambda.
  [/,"connections":\{"size":\d+,"in_use":\d+,"waiting":\d+\}/g, ''],
  [/^neam_pool_\w+\{pool="connections"\} \d+\n/gm, ''],
]

const shown = (text: string): string =>
  DIFFERENT.reduce((shorter, [found, name]) => shorter.replaceAll(found, name), text)

/** The files of an archive; when they were written is no matter. */
async function filesOf(archive: Uint8Array): Promise<string> {
  const entries = await unpackTar(gunzipSync(archive))
  return JSON.stringify(entries.map(({ header, data }) => [header.name, Buffer.from(data ?? []).toString()]))
}

const comparable = async ({ status, headers, body }: RawAnswer) => ({
  status,
  headers: Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => !OF_THE_CONNECTION.has(name))
      .map(([name, value]) => [name, shown(String(value))]),
  ),
  body: headers['content-type'] === TAR_TYPE ? await filesOf(body) : shown(Buffer.from(body).toString()),
})

const local = new Map<string, RawAnswer>()
const lambda = new Map<string, RawAnswer>()
const staged = new Map<string, RawAnswer>()

beforeAll(async () => {
  const program = join(temporaryDirectory(), 'contract.neam')
  writeFileSync(program, PROGRAM)
  const [here, there, behindStage] = await preparedTrees(program)

  const server = await startServer('bin/neam-api.js', ['--program', program, '--offline'], {
    ...foldersBelow(here),
    NEAM_API_KEY: API_KEY,
    NEAM_ADMIN_KEY: ADMIN_KEY,
  })
  let run = ''
  for (const one of HTTP_CASES) {
    const answer = await send(server, { ...one, path: one.path.replace('{run}', run) })
    local.set(one.name, answer)
    if (one.name === 'forge-runs') run = JSON.parse(Buffer.from(answer.body).toString()).runs[0].run
  }
  await server.stop()

  const machine = await awsService(() => ({ body: { executionArn: 'arn', startDate: 0 } }))
  const image = await lambdaImage(program, API_KEY)
  const events = HTTP_CASES.map(({ name, body }): APIGatewayProxyEventV2 => {
    const event = JSON.parse(JSON.stringify(eventOf(name)).replaceAll('{run}', run))
    // Too large for a file of its own.
    return body === TOO_LARGE ? { ...event, body } : event
  })
  const environment = {
    NEAM_ADMIN_KEY: ADMIN_KEY,
    NEAM_STATE_MACHINE_ARN: 'arn:aws:states:eu-central-1:123456789012:stateMachine:forge',
    AWS_ENDPOINT_URL_SFN: machine.client.endpoint,
    AWS_REGION: machine.client.region,
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'secret',
  }
  for (const [answers, tree, sent] of [
    [lambda, there, events],
    [staged, behindStage, events.map(stagedEventOf)],
  ] as const) {
    const { results } = await image.run(
      tree,
      sent.map((event) => ({ function: 'api', event })),
      environment,
    )
    for (const [at, { name }] of HTTP_CASES.entries()) answers.set(name, received(results[at]))
  }
}, 120_000)

describe.each([
  ['the local server', local],
  ['the Lambda function', lambda],
  ['the Lambda function behind a stage with a name', staged],
])('%s', (_name, answers) => {
  test.each(HTTP_CASES)('answers $name with $status, as it is described', (one) => {
    const answer = answers.get(one.name)!
    expect(answer.status).toBe(one.status)
    if (one.code !== undefined) {
      expect(JSON.parse(Buffer.from(answer.body).toString())).toMatchObject({ code: one.code })
    }
    checkAnswer(one.method, one.path, answer)
  })
})

test.each(HTTP_CASES)('all give the same answer to $name', async ({ name }) => {
  const expected = await comparable(local.get(name)!)
  expect(await comparable(lambda.get(name)!)).toEqual(expected)
  expect(await comparable(staged.get(name)!)).toEqual(expected)
})

test('every route is asked for and answered with success', () => {
  const answered = HTTP_CASES.filter(({ status }) => status < 300).map(({ name }) => eventOf(name).routeKey)
  const rows = ROUTES.filter(({ method }) => method !== 'HEAD').map(routeKey)
  expect(rows.filter((row) => !answered.includes(row))).toEqual([])
})
