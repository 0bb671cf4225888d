import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { initialBytes, initialInputs, initialOutputs } from '../../scripts/bundle.ts'
import { filesBelow } from '../support/files-below.ts'
import { type Invocation, type LambdaImage, lambdaImage, mounted } from '../support/lambda-image.ts'
import { ROOT } from '../support/server.ts'

const KEY = 'key-of-the-function-tests'
let image: LambdaImage
beforeAll(async () => {
  image = await lambdaImage('examples/agents.neam', KEY)
}, 60_000)

/** Answers of functions, called in one process whose file system is `mount`. */
const invoke = async (...call: Parameters<LambdaImage['run']>) => (await image.run(...call)).results

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
  test('answer the ready events: a message through the skill, the list, the probes', async () => {
    const list: Invocation = { function: 'api', event: event('claw-list.json') }
    const health: Invocation = { function: 'api', event: event('health.json') }
    const [made, answered, listed, alive] = await invoke(mounted(), [treeInit, message, list, health])
    expect(made).toEqual({ tree: 'ready' })
    expect([answered.statusCode, JSON.parse(answered.body).response]).toEqual([
      200,
      expect.stringContaining('Order ORD-12345: Shipped, arriving Tuesday'),
    ])
    expect(JSON.parse(listed.body).claw_agents).toMatchObject([{ name: 'support_bot', session_count: 1 }])
    expect(JSON.parse(alive.body)).toMatchObject({ status: 'ok' })
  })

  test('leave nothing under way when they return: no timer, no call, no open file of the tree', async () => {
    const mount = mounted()
    const reset = JSON.parse(JSON.stringify(message.event).replaceAll('/message', '/reset'))
    const invocations = [
      treeInit,
      message,
      { function: 'api', event: { ...reset, body: undefined } } as const,
      message,
    ]
    const { results, left } = await image.run(mount, invocations)
    expect(results.slice(1).map(({ statusCode }) => statusCode)).toEqual([200, 200, 200])
    for (const { resources, files } of left) {
      expect(resources).toEqual([])
      expect(files.filter((path) => path.startsWith(mount))).toEqual([])
    }
  })

  test('the worker answers a turn that the API has accepted; a turn that is not there is only logged', async () => {
    const mount = mounted()
    const later = {
      ...(event('claw-message.json') as object),
      headers: { authorization: `Bearer ${KEY}`, prefer: 'respond-async' },
    }
    // no worker function is named here, and the process of the API ends with its answer
    const [, accepted] = await invoke(mount, [
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
    const [worked, unknown, told] = await invoke(mount, [
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

  test('never make a tree where the mount is missing, and recover when it is there', async () => {
    const mount = mounted()
    const [before, , after] = await invoke(mount, [message, treeInit, message])
    expect([before.statusCode, JSON.parse(before.body).code]).toEqual([503, 'tree_missing'])
    expect(after.statusCode).toBe(200)
    const untouched = mounted()
    await invoke(untouched, [message])
    expect(existsSync(join(untouched, 'sessions/support_bot'))).toBe(false)
  })

  test('refuse to serve without a key', async () => {
    const [, answered] = await invoke(mounted(), [treeInit, message], { NEAM_API_KEY: '' })
    expect([answered.statusCode, JSON.parse(answered.body).code]).toEqual([503, 'not_configured'])
  })

  test('say what is missing when a run cannot be started', async () => {
    const start = {
      ...(event('forge-status.json') as object),
      routeKey: 'POST /api/v1/forge/{agent}/start',
    }
    const [, answered] = await invoke(mounted(), [
      treeInit,
      { function: 'api', event: start, env: { NEAM_TREE: 'require' } },
    ])
    expect([answered.statusCode, JSON.parse(answered.body).message]).toEqual([
      503,
      expect.stringContaining('NEAM_STATE_MACHINE_ARN is not set'),
    ])
  })

  test('a step of a run that is not there fails, and the machine sees why', async () => {
    const step = JSON.parse(readFileSync(join(ROOT, 'events/forge-step.json'), 'utf8'))
    const [, failed] = await invoke(mounted(), [treeInit, { function: 'forge-step', event: step }])
    expect(failed.threw).toContain('run not found: sam-local-run')
  })

  test('the failure of a run that is not there is not recorded', async () => {
    const { state } = JSON.parse(readFileSync(join(ROOT, 'events/forge-step.json'), 'utf8'))
    const mount = mounted()
    const event = { step: 'fail', state, error: { Error: 'Lambda.Unknown' } }
    const [, failed] = await invoke(mount, [treeInit, { function: 'forge-step', event }])
    expect(failed.threw).toContain('run not found: sam-local-run')
    expect(filesBelow(mount).filter((file) => file.includes('outcome'))).toEqual([])
  })
})

/** What no function loads with itself; nor, of our own code, what a message to a claw agent does not need. */
const LATER =
  /node_modules\/(openai|@aws-sdk|@smithy|aws-local-stepfunctions|gpt-tokenizer|re2js)|^(compiler|commands|providers\/offline)\/|^providers\/((openai|anthropic|bedrock)-|bedrock\.)|^stores\/(tree\/(git|checkpoint)-|memory\/sqlite|aws\/efs)/
const LATER_IN_API = /^agents\/(forge|orchestrate)\/|^lambda\/(admin|agents|channel|confirm|forge)\//
const FUNCTIONS = ['api', 'forge-step', 'tree-init', 'turn-worker', 'streaming']

describe('what loads before the first request', () => {
  test.each(FUNCTIONS)('of %s is no vendor, AWS client, interpreter, parser, git or sandbox', (name) => {
    const loaded = initialInputs(image.metafile, `/${name}.mjs`)
    expect(loaded.length).toBeGreaterThan(50)
    expect(loaded.filter((file) => LATER.test(file))).toEqual([])
  })

  test.each(['api', 'streaming'])('of %s is what a message to a claw agent needs, in few files', (name) => {
    expect(initialInputs(image.metafile, `/${name}.mjs`).filter((file) => LATER_IN_API.test(file))).toEqual(
      [],
    )
    expect(initialOutputs(image.metafile, `/${name}.mjs`).length).toBeLessThanOrEqual(5)
    expect(initialBytes(image.metafile, `/${name}.mjs`)).toBeLessThan(330 * 1024)
  })

  test.each(FUNCTIONS)('of %s imports no built-in by name, which would touch all it has', (name) => {
    const imported = initialOutputs(image.metafile, `/${name}.mjs`)
      .flatMap((path) => image.metafile.outputs[path]!.imports)
      .filter(({ external, kind }) => external && kind === 'import-statement')
    expect(imported.map(({ path }) => path)).toEqual([])
  })

  test('and what loads later takes node:http without undici, which only a model needs', () => {
    const later = Object.values(image.metafile.outputs).flatMap(({ imports }) => imports)
    expect(later.filter(({ external, path }) => external && path === 'node:http')).toEqual([])
  })

  test('holds these packages only', () => {
    const packages = initialInputs(image.metafile, '/api.mjs')
      .map((file) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1])
      .filter((name) => name !== undefined)
    expect([...new Set(packages)].toSorted()).toEqual(['@middy/core', 'valibot'])
  })
})

test('a route whose module cannot be loaded fails alone, and answers when it can be', async () => {
  const { directory, metafile } = image
  const output = Object.keys(metafile.outputs).find((path) => /\/health-\w+\.mjs$/.test(path))!
  const there = join(directory, 'lambda/chunks', basename(output))
  const health: Invocation = { function: 'api', event: event('health.json') }
  const [, failed, answered, healthy] = await invoke(mounted(), [
    treeInit,
    { ...health, rename: [there, `${there}.away`] },
    message,
    { ...health, rename: [`${there}.away`, there] },
  ])
  expect([failed.statusCode, JSON.parse(failed.body)]).toEqual([
    500,
    expect.objectContaining({ code: 'internal', request_id: expect.any(String) }),
  ])
  expect(failed.body).not.toContain('.mjs')
  expect([answered.statusCode, healthy.statusCode]).toEqual([200, 200])
})
