import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from '@jest/globals'
import { Fault } from '../../agents/ports/fault.ts'
import { unfinishedRuns } from '../../runtime/unfinished-runs.ts'
import { calls, ScriptedModel, says } from '../support/scripted-model.ts'
import { moduleOf, type TestApi, testApi } from '../support/system.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const PROGRAM = `
channel web { type: "http" }
skill refund {
  description: "Refunds an order"
  params: { order: string }
  sensitive: true
  impl(order) { return f"refunded {order}"; }
}
skill write_file {
  description: "Writes a file"
  params: { path: string, content: string }
  sensitive: true
  impl(path, content) { workspace_write(path, content); return f"wrote {path}"; }
}
forge agent Builder {
  provider: "openai"
  model: "gpt-4o"
  skills: [write_file]
  verify: fn(ctx) {
    if (workspace_read("released.txt") == nil) { return "retry"; }
    return true;
  }
  checkpoint: "none"
  workspace: "project"
  loop: { max_iterations: 1, plan_file: "plan.txt" }
}
claw agent Shop { provider: "openai" model: "gpt-4o" channels: [web] skills: [refund] }
`
const API = { authorization: 'Bearer api-key-of-the-tests' }
const ADMIN = { authorization: 'Bearer admin-key-of-the-tests' }

let api: TestApi
let directory: string

const boot = (): Promise<TestApi> =>
  testApi({
    module: moduleOf(PROGRAM),
    directory,
    environment: {
      NEAM_API_KEY: 'api-key-of-the-tests',
      NEAM_ADMIN_KEY: 'admin-key-of-the-tests',
      NEAM_AUDIT_SINK: 'file',
      NEAM_AUDIT_LOG: join(directory, 'audit.jsonl'),
    },
  })

beforeEach(async () => {
  directory = temporaryDirectory()
  api = await boot()
})

const ask = (message: string, key = 'alice') =>
  api.call('POST', `/api/v1/claw/Shop/sessions/${key}/message`, { body: { message }, headers: API })
const decide = (body: unknown, headers: Readonly<Record<string, string>> = ADMIN) =>
  api.call('POST', '/api/v1/confirm', { body, headers })
const pending = () => api.call('GET', '/api/v1/admin/confirmations', { headers: ADMIN })

describe('POST message to an agent with a sensitive skill', () => {
  test('answers 202 with what is to be decided, and lists it for admins', async () => {
    const { status, body } = await ask('Please refund order ORD-17')
    expect(status).toBe(202)
    expect(body).toEqual({
      status: 'pending_confirmation',
      trace_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      agent: 'Shop',
      tool: 'refund',
      args: { order: 'ORD-17' },
      reason: 'the sensitive skill refund requires approval',
      expires_at: expect.stringMatching(/Z$/),
      session_key: 'alice',
      turn_id: expect.any(String),
    })
    const { status: _, ...shown } = body
    const list = await pending()
    expect(list.status).toBe(200)
    expect(list.body.pending).toEqual([
      { ...shown, requested_at: expect.stringMatching(/Z$/), timeout_seconds: expect.any(Number) },
    ])
    const { timeout_seconds: seconds } = list.body.pending[0]
    expect(seconds > 0 && seconds <= 300).toBe(true)
  })

  test('approved, the tool runs and the answer comes with the decision', async () => {
    const { body } = await ask('Please refund order ORD-17')
    expect(await decide({ trace_id: body.trace_id, action: 'approve' })).toMatchObject({
      status: 200,
      body: {
        status: 'approved',
        trace_id: body.trace_id,
        agent: 'Shop',
        tool: 'refund',
        turn: {
          status: 'completed',
          agent: 'Shop',
          session_key: 'alice',
          turn_id: body.turn_id,
          response: expect.stringContaining('refunded ORD-17'),
        },
      },
    })
    expect((await pending()).body).toEqual({ pending: [] })
  })

  test('approved, a turn that takes longer than the request may goes on in the background', async () => {
    const { world } = api.system
    const { clock } = world
    let passed = 0
    const model = new ScriptedModel().answer(
      calls(['refund', { order: 'ORD-17' }]),
      () => {
        passed = 25_000 // of the 29 s that Lambda gives
        return new Fault('provider_timeout', { provider: 'openai' })
      },
      says('Refunded at last.'),
    )
    Object.assign(world, { clock: { now: () => clock.now() + passed }, models: model })
    const { body } = await ask('refund')
    const statusUrl = `/api/v1/claw/Shop/sessions/alice/turns/${body.turn_id}`
    expect((await api.call('GET', statusUrl, { headers: API })).body).toMatchObject({
      status: 'pending_confirmation',
      trace_id: body.trace_id,
    })
    expect(await decide({ trace_id: body.trace_id, action: 'approve' })).toMatchObject({
      status: 200,
      body: { status: 'approved', turn: { status: 'running', status_url: statusUrl } },
    })
    await api.system.turns.idle()
    expect((await api.call('GET', statusUrl, { headers: API })).body).toMatchObject({
      status: 'completed',
      response: 'Refunded at last.',
    })
  })

  test('denied, the tool does not run', async () => {
    const { body } = await ask('Please refund order ORD-17')
    const answer = await decide({ trace_id: body.trace_id, action: 'deny' })
    expect(answer).toMatchObject({ status: 200, body: { status: 'denied', turn: { status: 'completed' } } })
    expect(answer.body.turn.response).not.toContain('refunded')
  })

  test('a server that starts anew knows what its predecessor asked', async () => {
    const { body } = await ask('Please refund order ORD-17')
    api = await boot()
    expect((await pending()).body.pending).toHaveLength(1)
    expect((await decide({ trace_id: body.trace_id, action: 'approve' })).status).toBe(200)
  })

  test('the audit log says who decided what, and holds no arguments', async () => {
    const { body } = await ask('Please refund order ORD-17')
    await decide({ trace_id: body.trace_id, action: 'approve' })
    const log = readFileSync(join(directory, 'audit.jsonl'), 'utf8')
    const records = log
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(records.filter(({ event }) => event.startsWith('confirm.'))).toMatchObject([
      { event: 'confirm.request', agent: 'Shop', tool: 'refund', session_key: 'alice' },
      { event: 'confirm.result', detail: 'approve', metadata: { by: expect.stringMatching(/^key \w{12}$/) } },
    ])
    expect(log).not.toContain('ORD-17')
  })
})

describe('POST /api/v1/confirm', () => {
  test.each([
    ['no trace id', { action: 'approve' }, "Missing 'trace_id' field"],
    ['no action', { trace_id: 'x' }, "Missing 'action' field"],
    [
      'another action',
      { trace_id: 'x', action: 'perhaps' },
      `action: must be "approve" or "deny", got "perhaps"`,
    ],
  ])('with %s is refused', async (_name, body, message) => {
    expect(await decide(body)).toMatchObject({ status: 400, body: { message } })
  })

  test.each(['never-given', '../../sys', '0'.repeat(32)])(
    'with the trace id %s finds nothing',
    async (id) => {
      expect(await decide({ trace_id: id, action: 'approve' })).toMatchObject({
        status: 404,
        body: { code: 'confirmation_not_found', message: `no confirmation has the trace id "${id}"` },
      })
    },
  )

  test('twice is a conflict that names the first decision', async () => {
    const { body } = await ask('Please refund order ORD-17')
    await decide({ trace_id: body.trace_id, action: 'deny' })
    expect(await decide({ trace_id: body.trace_id, action: 'approve' })).toMatchObject({
      status: 409,
      body: {
        code: 'confirmation_decided',
        action: 'deny',
        by: expect.stringMatching(/^key /),
        trace_id: body.trace_id,
        turn: { status: 'completed', response: expect.any(String) },
      },
    })
  })

  test.each([
    ['the API key', API, 403],
    ['no key', {}, 401],
  ])('is closed to %s', async (_name, headers, status) => {
    const { body } = await ask('Please refund order ORD-17')
    expect((await decide({ trace_id: body.trace_id, action: 'approve' }, headers)).status).toBe(status)
    expect((await api.call('GET', '/api/v1/admin/confirmations', { headers })).status).toBe(status)
    expect((await pending()).body.pending).toHaveLength(1)
  })
})

describe('a forge run with a sensitive skill', () => {
  const status = (query = '') => api.call('GET', `/api/v1/forge/Builder/status${query}`, { headers: API })
  /** The status of the run once it waits. */
  const waiting = async () => {
    let answer = await status()
    while (answer.body.running && answer.body.pending_confirmation === null) answer = await status('?wait=5')
    return answer
  }

  beforeEach(async () => {
    const body = { plan: 'Write released.txt\n' }
    expect((await api.call('POST', '/api/v1/forge/Builder/start', { body, headers: API })).status).toBe(200)
  })

  test.each([
    ['approve', 'approved', 'completed', true],
    ['deny', 'denied', 'iteration_limit', false],
  ])('waits in its state machine; %s goes on with it', async (action, decided, outcome, released) => {
    const { body } = await waiting()
    expect(body).toMatchObject({ running: true, iteration: 1, last_outcome: 'running' })
    const list = (await pending()).body.pending
    expect(list).toMatchObject([
      {
        trace_id: body.pending_confirmation,
        agent: 'Builder',
        tool: 'write_file',
        args: { path: 'released.txt', content: expect.any(String) },
        run: body.run,
        iteration: 1,
      },
    ])
    expect(await decide({ trace_id: body.pending_confirmation, action })).toEqual({
      status: 200,
      headers: expect.anything(),
      body: {
        status: decided,
        trace_id: body.pending_confirmation,
        agent: 'Builder',
        tool: 'write_file',
        run: { run: body.run, status: 'running' },
      },
    })
    await api.driver.idle()
    expect((await status()).body).toMatchObject({ running: false, iteration: 1, last_outcome: outcome })
    expect(existsSync(join(directory, 'project/released.txt'))).toBe(released)
  })

  test('stops while it waits', async () => {
    await waiting()
    await api.call('POST', '/api/v1/forge/Builder/stop', { headers: API })
    await api.driver.idle()
    expect((await status()).body).toMatchObject({ last_outcome: 'aborted', message: 'stopped on request' })
  })

  test('waits on after the server was stopped and started', async () => {
    const { body } = await waiting()
    await api.driver.close()
    api = await boot()
    await api.driver.resume(await unfinishedRuns(api.system.world))
    expect((await waiting()).body).toMatchObject({ pending_confirmation: body.pending_confirmation })
    await decide({ trace_id: body.pending_confirmation, action: 'approve' })
    await api.driver.idle()
    expect((await status()).body).toMatchObject({ last_outcome: 'completed' })
  })
})
