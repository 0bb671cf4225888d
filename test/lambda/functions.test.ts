import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import type { Metafile } from 'esbuild'
import { bundleLambda } from '../../scripts/bundle.ts'
import { runBin } from '../support/program.ts'
import { ROOT } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const KEY = 'key-of-the-function-tests'
const image = temporaryDirectory()
let metafile: Metafile

/** What the image holds: the bundles, and the program as bytecode. */
beforeAll(async () => {
  metafile = await bundleLambda(join(image, 'lambda'))
  await runBin('neamc', ['compile', 'examples/agents.neam', '--output', join(image, 'bytecode')], {
    cwd: ROOT,
  })
}, 60_000)

interface Invocation {
  readonly function: 'api' | 'forge-step' | 'tree-init' | 'turn-worker'
  readonly event?: unknown
  /** Environment variables to set first. */
  readonly env?: Readonly<Record<string, string>>
}

// biome-ignore lint/suspicious/noExplicitAny: a test reads whatever a function answers
type Result = any

/** Plays the runtime: one process, one invocation after the other. */
const RUNTIME = `
  const { readdirSync, readlinkSync, writeFileSync } = await import('node:fs')
  const openFiles = () => readdirSync('/proc/self/fd').flatMap((fd) => {
    try { return [readlinkSync('/proc/self/fd/' + fd)] } catch { return [] }
  })
  const results = []
  const left = []
  for (const { function: name, event, env } of JSON.parse(process.argv[2])) {
    Object.assign(process.env, env)
    const { handler } = await import(process.argv[1] + '/' + name + '.mjs')
    const context = { awsRequestId: 'invocation', getRemainingTimeInMillis: () => 29_000 }
    try {
      results.push((await handler(event ?? {}, context)) ?? null)
    } catch (error) {
      results.push({ threw: error.message })
    }
    left.push({ resources: process.getActiveResourcesInfo(), files: openFiles() })
  }
  writeFileSync(process.argv[3], JSON.stringify({ results, left }))
`

/** What the process held when a function returned: Lambda freezes it there. */
interface Left {
  /** As Node names them: `Timeout`, `FSReqCallback`, `TCPSocketWrap`, ... */
  readonly resources: readonly string[]
  /** Open files. */
  readonly files: readonly string[]
}

/** Answers of functions, called in one process whose file system is `mount`. */
const invoke = (...call: Parameters<typeof run>): Result[] => run(...call).results

function run(
  mount: string,
  invocations: readonly Invocation[],
  env: Readonly<Record<string, string>> = {},
): { readonly results: Result[]; readonly left: readonly Left[] } {
  const answers = join(temporaryDirectory(), 'answers.json')
  execFileSync(
    process.execPath,
    ['--input-type=module', '-e', RUNTIME, '--', join(image, 'lambda'), JSON.stringify(invocations), answers],
    {
      cwd: image,
      env: {
        PATH: process.env.PATH,
        AWS_LAMBDA_FUNCTION_NAME: 'Api',
        NEAM_BYTECODE: join(image, 'bytecode'),
        NEAM_SESSIONS_DIR: join(mount, 'sessions'),
        NEAM_WORKSPACE_DIR: join(mount, 'workspace'),
        NEAM_STATE_DIR: join(mount, 'state'),
        NEAM_TREE: 'require',
        NEAM_OFFLINE: '1',
        NEAM_API_KEY: KEY,
        ...env,
      },
      stdio: 'ignore',
    },
  )
  return JSON.parse(readFileSync(answers, 'utf8'))
}

const mounted = (): string => {
  const mount = temporaryDirectory()
  for (const folder of ['sessions', 'workspace', 'state']) mkdirSync(join(mount, folder))
  return mount
}

const event = (file: string): unknown => {
  const read = JSON.parse(readFileSync(join(ROOT, 'events', file), 'utf8'))
  return { ...read, headers: { ...read.headers, authorization: `Bearer ${KEY}` } }
}

const treeInit: Invocation = { function: 'tree-init', env: { NEAM_TREE: 'create' } }
const message: Invocation = {
  function: 'api',
  event: event('claw-message.json'),
  env: { NEAM_TREE: 'require' },
}

describe('the functions of the image', () => {
  test('answer the ready events: a message through the skill, the list, the probes', () => {
    const list: Invocation = { function: 'api', event: event('claw-list.json') }
    const health: Invocation = { function: 'api', event: event('health.json') }
    const [made, answered, listed, alive] = invoke(mounted(), [treeInit, message, list, health])
    expect(made).toEqual({ tree: 'ready' })
    expect([answered.statusCode, JSON.parse(answered.body).response]).toEqual([
      200,
      expect.stringContaining('Order ORD-12345: Shipped, arriving Tuesday'),
    ])
    expect(JSON.parse(listed.body).claw_agents).toMatchObject([{ name: 'support_bot', session_count: 1 }])
    expect(JSON.parse(alive.body)).toMatchObject({ status: 'ok' })
  })

  test('leave nothing under way when they return: no timer, no call, no open file of the tree', () => {
    const mount = mounted()
    const reset = JSON.stringify(message.event).replaceAll('/message', '/reset')
    const invocations = [treeInit, message, { function: 'api', event: JSON.parse(reset) } as const, message]
    const { results, left } = run(mount, invocations)
    expect(results.slice(1).map(({ statusCode }) => statusCode)).toEqual([200, 200, 200])
    for (const { resources, files } of left) {
      expect(resources).toEqual([])
      expect(files.filter((path) => path.startsWith(mount))).toEqual([])
    }
  })

  test('the worker answers a turn that the API has accepted; a turn that is not there is only logged', () => {
    const mount = mounted()
    const later = {
      ...(event('claw-message.json') as object),
      headers: { authorization: `Bearer ${KEY}`, prefer: 'respond-async' },
    }
    // no worker function is named here, and the process of the API ends with its answer
    const [, accepted] = invoke(mount, [
      treeInit,
      { function: 'api', event: later, env: { NEAM_TREE: 'require' } },
    ])
    const { agent, session_key: key, turn_id: turn, status_url } = JSON.parse(accepted.body)
    expect(accepted.statusCode).toBe(202)
    const status = {
      ...(event('claw-list.json') as object),
      routeKey: 'GET /api/v1/claw/{agent}/sessions/{key}/turns/{id}',
      rawPath: status_url,
      pathParameters: { agent, key, id: turn },
    }
    const [worked, unknown, told] = invoke(mount, [
      { function: 'turn-worker', event: { agent, key, turn } },
      { function: 'turn-worker', event: { agent, key, turn: 'unknown' } },
      { function: 'api', event: status },
    ])
    expect([worked, unknown]).toEqual([null, null])
    expect(JSON.parse(told.body)).toMatchObject({
      status: 'completed',
      response: expect.stringContaining('Order ORD-12345: Shipped'),
    })
  })

  test('never make a tree where the mount is missing, and recover when it is there', () => {
    const mount = mounted()
    const [before, , after] = invoke(mount, [message, treeInit, message])
    expect([before.statusCode, JSON.parse(before.body).code]).toEqual([503, 'tree_missing'])
    expect(after.statusCode).toBe(200)
    const untouched = mounted()
    invoke(untouched, [message])
    expect(existsSync(join(untouched, 'sessions/support_bot'))).toBe(false)
  })

  test('refuse to serve without a key', () => {
    const [, answered] = invoke(mounted(), [treeInit, message], { NEAM_API_KEY: '' })
    expect([answered.statusCode, JSON.parse(answered.body).code]).toEqual([503, 'not_configured'])
  })

  test('say what is missing when a run cannot be started', () => {
    const start = {
      ...(event('forge-status.json') as object),
      routeKey: 'POST /api/v1/forge/{agent}/start',
    }
    const [, answered] = invoke(mounted(), [
      treeInit,
      { function: 'api', event: start, env: { NEAM_TREE: 'require' } },
    ])
    expect([answered.statusCode, JSON.parse(answered.body).message]).toEqual([
      503,
      expect.stringContaining('NEAM_STATE_MACHINE_ARN is not set'),
    ])
  })

  test('a step of a run that is not there fails, and the machine sees why', () => {
    const step = JSON.parse(readFileSync(join(ROOT, 'events/forge-step.json'), 'utf8'))
    const [, failed] = invoke(mounted(), [treeInit, { function: 'forge-step', event: step }])
    expect(failed.threw).toContain('run not found: sam-local-run')
  })
})

const LAZY = /node_modules\/(openai|@aws-sdk|@smithy|aws-local-stepfunctions)|^compiler\//

test('no function loads a vendor, an AWS client, the interpreter or the parser before it needs one', () => {
  for (const name of ['api', 'forge-step', 'tree-init', 'turn-worker']) {
    const loaded = initialInputs(`${name}.mjs`)
    expect(loaded.length).toBeGreaterThan(50)
    expect(loaded.filter((file) => LAZY.test(file))).toEqual([])
  }
})

/** Source files that an entry point loads with itself. */
function initialInputs(entry: string): readonly string[] {
  const seen = new Set<string>()
  const visit = (path: string): readonly string[] => {
    const output = metafile.outputs[path]
    if (!output || seen.has(path)) return []
    seen.add(path)
    const imported = output.imports.filter(({ kind }) => kind === 'import-statement')
    return [...Object.keys(output.inputs), ...imported.flatMap((one) => visit(one.path))]
  }
  const path = Object.keys(metafile.outputs).find((output) => output.endsWith(`/${entry}`))
  return path === undefined ? [] : visit(path)
}
