// The bundles as Lambda runs them: one process an invocation, keys from Secrets Manager, runs started in Step Functions.
import { spawn } from 'node:child_process'
import { chmodSync, chownSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Metafile } from 'esbuild'
import { bundleLambda, initialInputs } from '../../scripts/bundle.ts'
import type { ForgeRunState, ForgeStepResult } from '../../statemachine/contract.ts'
import { imageVariables, lambdaUser } from '../support/lambda-image.ts'
import { startCollector } from '../support/otlp-collector.ts'
import { runBin } from '../support/program.ts'
import { ROOT } from '../support/server.ts'
import { gatewayEvent } from '../support/system.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const KEY = 'generated-key-of-this-deployment'
const directory = temporaryDirectory()
const bundles = join(directory, 'task')
const mount = join(directory, 'mnt')

const CONVERSE = '/model/us.amazon.nova-lite-v1%3A0/converse'
const INVOKE_SANDBOX = '/2015-03-31/functions/Sandbox/invocations'

/** What AWS was asked: service operation and body. */
const asked: { readonly operation: string; readonly body: Record<string, unknown> }[] = []
/** What the functions wrote to stdout and stderr. */
const logs: string[] = []
let aws: Server
let metafile: Metafile

beforeAll(async () => {
  aws = createServer((request, response) => {
    let text = ''
    request.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
    request.on('end', async () => {
      // Lambda has no target: its operations are paths.
      const operation = String(request.headers['x-amz-target'] ?? request.url)
      const body = JSON.parse(text) as Record<string, unknown>
      asked.push({ operation, body })
      if (operation === INVOKE_SANDBOX) {
        response.end(JSON.stringify(await invoke('sandbox.mjs', body)))
        return
      }
      const answers: Readonly<Record<string, unknown>> = {
        'secretsmanager.GetSecretValue': {
          ARN: body.SecretId,
          Name: 'keys',
          SecretString: JSON.stringify({ NEAM_API_KEY: KEY, NEAM_ADMIN_KEY: '' }),
        },
        'AWSStepFunctions.StartExecution': { executionArn: 'arn:aws:states:x', startDate: 1 },
        [CONVERSE]: {
          output: { message: { role: 'assistant', content: [{ text: 'Filed.' }] } },
          stopReason: 'end_turn',
          usage: { inputTokens: 100, outputTokens: 20, totalTokens: 120 },
        },
      }
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' })
      response.end(JSON.stringify(answers[operation] ?? {}))
    })
  })
  await new Promise<void>((resolve) => aws.listen(0, '127.0.0.1', resolve))
  metafile = await bundleLambda(bundles)
  const compiled = await runBin(
    'neamc',
    ['compile', 'examples/agents.neam', '--output', join(bundles, 'bytecode')],
    {
      cwd: ROOT,
    },
  )
  expect(compiled.code).toBe(0)
  chmodSync(directory, 0o755)
  if (lambdaUser.uid !== undefined) chownSync(directory, lambdaUser.uid, lambdaUser.uid)
}, 60_000)
afterAll(() => {
  aws.close()
})

const CALL = `
  const { handler } = await import(process.argv[1])
  let text = ''
  for await (const chunk of process.stdin) text += chunk
  const context = { awsRequestId: 'lambda', getRemainingTimeInMillis: () => 600_000 }
  const answer = await handler(JSON.parse(text), context)
  process.stdout.write('\\nANSWER ' + JSON.stringify(answer ?? null) + '\\n')
  process.exit(0)`

/** One cold invocation of a function of the stack, with the environment that the stack gives it. */
function invoke(
  file: string,
  event: unknown,
  environment: Readonly<Record<string, string>> = {},
): Promise<unknown> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', CALL, join(bundles, file)], {
    cwd: directory,
    ...lambdaUser,
    env: {
      ...imageVariables(bundles),
      PATH: process.env.PATH ?? '',
      AWS_LAMBDA_FUNCTION_NAME: 'Api',
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_ENDPOINT_URL: `http://127.0.0.1:${(aws.address() as AddressInfo).port}`,
      NEAM_SESSIONS_DIR: join(mount, 'sessions'),
      NEAM_MEMORY_DIR: join(directory, 'memory'),
      NEAM_WORKSPACE_DIR: join(mount, 'workspace'),
      NEAM_STATE_DIR: join(mount, 'state'),
      NEAM_TREE: 'require',
      NEAM_ENV: 'production',
      NEAM_OFFLINE: '1',
      NEAM_SECRET_ARN: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:service',
      NEAM_STATE_MACHINE_ARN: 'arn:aws:states:eu-central-1:123456789012:stateMachine:forge',
      ...environment,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  child.stdin.end(JSON.stringify(event))
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  return new Promise((resolve, reject) => {
    child.on('close', () => {
      // The audit has a last word when the process ends.
      const [written = '', answer, ended = ''] = stdout.split(/\nANSWER (.*)\n/)
      logs.push(written, ended, stderr)
      if (answer === undefined) reject(new Error(stdout + stderr))
      else resolve(JSON.parse(answer))
    })
  })
}

async function call(
  method: string,
  path: string,
  options: {
    key?: string
    body?: unknown
    headers?: Readonly<Record<string, string>>
    environment?: Readonly<Record<string, string>>
  } = {},
) {
  const headers: Record<string, string> = {
    ...options.headers,
    ...(options.key === undefined ? {} : { authorization: `Bearer ${options.key}` }),
  }
  const event = gatewayEvent(method, path, { headers, body: options.body })
  const answer = (await invoke('api.mjs', event, options.environment)) as {
    statusCode: number
    body: string
  }
  return { status: answer.statusCode, body: JSON.parse(answer.body) as Record<string, unknown> }
}

test('a missing mount is a missing mount: alive, not ready, nothing is made', async () => {
  expect((await call('GET', '/health')).status).toBe(200)
  const ready = await call('GET', '/ready')
  expect([ready.status, JSON.stringify(ready.body)]).toEqual([
    503,
    expect.stringContaining('is the file system mounted?'),
  ])
})

test('the deploy-time function makes the tree; then keys of Secrets Manager open the API', async () => {
  expect(await invoke('tree-init.mjs', {}, { NEAM_TREE: 'create' })).toEqual({ tree: 'ready' })
  expect((await call('GET', '/api/v1/claw')).status).toBe(401)
  expect((await call('GET', '/api/v1/claw', { key: 'wrong' })).status).toBe(401)
  expect((await call('GET', '/api/v1/claw', { key: KEY })).body).toMatchObject({
    claw_agents: [{ name: 'support_bot', session_count: 0 }],
  })
})

test('sessions survive from one process to the next', async () => {
  const path = '/api/v1/claw/support_bot/sessions/user_42/message'
  await call('POST', path, { key: KEY, body: { message: 'Where is ORD-12345?' } })
  const second = await call('POST', path, { key: KEY, body: { message: 'What did I ask?' } })
  expect(second.body.response).toContain('ORD-12345')
})

test('what was said before a reset is recalled by a later process, from an index on its local disk', async () => {
  const session = '/api/v1/claw/support_bot/sessions/user_43'
  const say = (message: string) =>
    call('POST', `${session}/message`, {
      key: KEY,
      body: { message },
    })
  await say('My parrot is called Rico.')
  await call('POST', `${session}/reset`, { key: KEY })
  expect((await say('How is my parrot called?')).body.response).toContain('user: My parrot')
  expect(readdirSync(join(directory, 'memory'))).toContainEqual(
    expect.stringMatching(/^[0-9a-f]{64}\.sqlite$/),
  )
})

test('start calls StartExecution with ids only; each step is one invocation; status tells the end', async () => {
  const started = await call('POST', '/api/v1/forge/code_builder/start', { key: KEY })
  expect(started).toMatchObject({ status: 200, body: { status: 'started', agent: 'code_builder' } })
  const { body } = asked.find(({ operation }) => operation === 'AWSStepFunctions.StartExecution')!
  expect(body).toMatchObject({
    stateMachineArn: 'arn:aws:states:eu-central-1:123456789012:stateMachine:forge',
    name: started.body.run,
  })
  let { state } = JSON.parse(String(body.input)) as { state: ForgeRunState }
  expect(state).toEqual({
    agent: 'code_builder',
    run: started.body.run,
    epoch: 1,
    iteration: 1,
    traceparent: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/),
  })

  let result: ForgeStepResult
  do {
    result = (await invoke('forge-step.mjs', { step: 'iterate', state })) as ForgeStepResult
    expect(JSON.stringify(result).length).toBeLessThan(2048)
    state = result.state
  } while (result.next === 'iterate')
  expect(result.report.outcome).toBe('completed')
  expect((await call('GET', '/api/v1/forge/code_builder/status', { key: KEY })).body).toMatchObject({
    running: false,
    last_outcome: 'completed',
  })
})

test('commands of a step run in the sandbox function; without one they are refused', async () => {
  const source = join(directory, 'shell.neam')
  writeFileSync(
    source,
    `fun build(ctx) {
  let result = exec("echo built > out.txt; exit 3");
  return f"exit {result.exit_code}, {workspace_read("out.txt")}";
}
forge agent shell_builder {
  provider: "openai" model: "gpt-4o" system: "Build." verify: build workspace: "./shell" checkpoint: "none"
  loop: { max_iterations: 2 }
}`,
  )
  const bytecode = join(directory, 'shell.neamb')
  const compiled = await runBin('neamc', ['compile', source, '--output', bytecode], { cwd: ROOT })
  expect(compiled).toMatchObject({ code: 0, stderr: '' })
  const place = { NEAM_BYTECODE: bytecode }
  const started = await call('POST', '/api/v1/forge/shell_builder/start', { key: KEY, environment: place })
  const state: ForgeRunState = {
    agent: 'shell_builder',
    run: String(started.body.run),
    epoch: 1,
    iteration: 1,
  }
  const sandboxed = { ...place, NEAM_SANDBOX_FUNCTION: 'Sandbox' }
  const first = (await invoke('forge-step.mjs', { step: 'iterate', state }, sandboxed)) as ForgeStepResult
  expect(first.report.verdict).toBe('retry: exit 3, built')
  expect(asked.at(-1)).toEqual({
    operation: INVOKE_SANDBOX,
    body: {
      workspace: 'shell',
      command: 'echo built > out.txt; exit 3',
      timeout_ms: 120_000,
      barriers: ['.'],
    },
  })
  const second = (await invoke(
    'forge-step.mjs',
    { step: 'iterate', state: first.state },
    place,
  )) as ForgeStepResult
  expect(second.report.verdict).toContain('this function has no sandbox for them')
})

test('a model of Bedrock is asked as the function, without a key', async () => {
  const source = join(directory, 'filer.neam')
  writeFileSync(
    source,
    `claw agent clerk {
  provider: "bedrock" model: "us.amazon.nova-lite-v1:0" system: "You file letters." channels: [desk]
}
channel desk { type: "http" }`,
  )
  const bytecode = join(directory, 'filer.neamb')
  const compiled = await runBin('neamc', ['compile', source, '--output', bytecode], { cwd: ROOT })
  expect(compiled).toMatchObject({ code: 0, stderr: '' })
  const answer = await call('POST', '/api/v1/claw/clerk/sessions/user_46/message', {
    key: KEY,
    body: { message: 'File this.' },
    environment: { NEAM_BYTECODE: bytecode, NEAM_OFFLINE: '0' },
  })
  expect(answer).toMatchObject({ status: 200, body: { response: 'Filed.' } })
  expect(asked.at(-1)).toMatchObject({
    operation: CONVERSE,
    body: { messages: [{ role: 'user', content: [{ text: 'File this.' }] }] },
  })
})

test('the log and the audit of functions are JSON lines without what was said, and without keys', async () => {
  const before = logs.length
  const said = 'canary-5520'
  const path = '/api/v1/claw/support_bot/sessions/user_45/message'
  const { body } = await call('POST', path, { key: KEY, body: { message: `${said}: where is ORD-12345?` } })
  expect(body.response).toContain(said)
  expect((await call('POST', path, { key: `${said}-key`, body: {} })).status).toBe(401)
  await invoke('turn-worker.mjs', { agent: 'support_bot', key: 'user_45', turn: 'unknown' })
  const written = logs.slice(before).join('')
  const records = written
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line))
  expect(records.map(({ event, message }) => event ?? message)).toEqual(
    expect.arrayContaining(['agent.answer', 'tool.call', 'request', 'turn not answered']),
  )
  expect(written).not.toContain(said)
  expect(written).not.toContain(KEY)
})

describe('a trace', () => {
  const TRACE = '0af7651916cd43dd8448eb211c80319c'
  const traceparent = `00-${TRACE}-b7ad6b7169203331-01`
  const tracing = async () => {
    const collector = await startCollector()
    const names = () =>
      collector.spans().map(({ name, traceId }) => (traceId === TRACE ? name : `${name} elsewhere`))
    return { collector, names }
  }

  test('goes from the request that starts a run through the input of the execution to its iterations', async () => {
    const { collector, names } = await tracing()
    const started = await call('POST', '/api/v1/forge/code_builder/start', {
      key: KEY,
      headers: { traceparent },
      environment: collector.environment,
    })
    expect(started.status).toBe(200)
    const { body } = asked.findLast(({ operation }) => operation === 'AWSStepFunctions.StartExecution')!
    const { state } = JSON.parse(String(body.input)) as { state: ForgeRunState }
    expect(state).toEqual({
      agent: 'code_builder',
      run: started.body.run,
      epoch: expect.any(Number),
      iteration: 1,
      traceparent: expect.stringMatching(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`)),
    })
    expect(names()).toEqual(['POST /api/v1/forge/{agent}/start'])
    const result = (await invoke(
      'forge-step.mjs',
      { step: 'iterate', state },
      collector.environment,
    )) as ForgeStepResult
    expect(result.state.traceparent).toBe(state.traceparent)
    expect(names().slice(0, 3)).toEqual([
      'POST /api/v1/forge/{agent}/start',
      'forge_iteration code_builder',
      'invoke_agent code_builder',
    ])
  })

  test('goes on in the worker that a turn is handed to', async () => {
    const { collector, names } = await tracing()
    const accepted = await call('POST', '/api/v1/claw/support_bot/sessions/user_44/message', {
      key: KEY,
      headers: { traceparent, prefer: 'respond-async' },
      body: { message: 'Hello' },
      environment: { ...collector.environment, NEAM_TURN_WORKER: 'Worker' },
    })
    expect(accepted.status).toBe(202)
    const handed = asked.findLast(({ operation }) => operation.endsWith('/functions/Worker/invocations'))!
    expect(await invoke('turn-worker.mjs', handed.body, collector.environment)).toBeNull()
    expect(collector.tree()).toEqual([
      [
        'POST /api/v1/claw/{agent}/sessions/{key}/message',
        ['invoke_agent support_bot', ['invoke_agent support_bot', ['chat gpt-4o']]],
      ],
    ])
    expect(names().filter((name) => name.endsWith('elsewhere'))).toEqual([])
  })

  test('that nobody collects costs the start of a function nothing', () => {
    for (const entry of ['api.mjs', 'forge-step.mjs', 'turn-worker.mjs', 'tree-init.mjs', 'sandbox.mjs']) {
      const inputs = initialInputs(metafile, `/${entry}`)
      expect(inputs.length).toBeGreaterThan(3)
      expect(inputs.filter((path) => /opentelemetry|open-telemetry/.test(path))).toEqual([])
    }
  })
})
