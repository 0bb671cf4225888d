import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { startForge } from '../../agents/forge/start.ts'
import { type Answer, type TestApi, testApi } from '../support/system.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const AGENT = '/api/v1/forge/code_builder'

/** Follows a run by long polls until it has ended. */
async function followed(api: TestApi): Promise<Answer['body'][]> {
  const seen: Answer['body'][] = []
  do seen.push((await api.call('GET', `${AGENT}/status?wait=20`)).body)
  while (seen.at(-1).running)
  return seen
}

const iteration = {
  attempt: 1,
  task: '',
  cost: 0,
  tokens: expect.any(Number),
  started_at: expect.stringMatching(/Z$/),
  finished_at: expect.stringMatching(/Z$/),
  duration_ms: expect.any(Number),
  checkpoint: null,
}

describe('the runs of a forge agent', () => {
  let api: TestApi
  let run: string
  beforeAll(async () => {
    api = await testApi()
    run = (await api.call('POST', `${AGENT}/start`, { body: { max_iterations: 5, max_cost: 2.5 } })).body.run
    await followed(api)
    await api.driver.idle()
  })

  test('are listed newest first, with how each ended', async () => {
    const newest = (await api.call('POST', `${AGENT}/start`)).body.run
    await followed(api)
    await api.driver.idle()
    const { status, body } = await api.call('GET', `${AGENT}/runs`)
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        agent: 'code_builder',
        runs: [
          expect.objectContaining({ run: newest, running: false, last_outcome: 'completed' }),
          {
            run,
            running: false,
            iteration: 2,
            total_cost: 0,
            total_tokens: expect.any(Number),
            last_outcome: 'completed',
            tasks_completed: 1,
            tasks_total: 1,
            started_at: expect.stringMatching(/Z$/),
            finished_at: expect.stringMatching(/Z$/),
            message: 'All tasks verified',
          },
        ],
      },
    })
    const first = (await api.call('GET', `${AGENT}/runs?limit=1`)).body.runs
    expect(first.map((one: { run: string }) => one.run)).toEqual([newest])
  })

  test('tell of each iteration what it did, cost and left behind', async () => {
    const { status, body } = await api.call('GET', `${AGENT}/runs/${run}`)
    expect({ status, body }).toEqual({
      status: 200,
      body: expect.objectContaining({
        agent: 'code_builder',
        run,
        running: false,
        last_outcome: 'completed',
        driver: 'asl',
        max_iterations: 5,
        max_cost: 2.5,
        max_tokens: 500_000,
        workspace: expect.stringMatching(/^\//),
        next: null,
        iterations: [
          { ...iteration, iteration: 1, verdict: { kind: 'retry', feedback: expect.any(String) } },
          {
            ...iteration,
            iteration: 2,
            verdict: { kind: 'done', message: 'Verified' },
            checkpoint: expect.stringMatching(/^[0-9a-f]{40}$/),
          },
        ],
      }),
    })
    const tokens = body.iterations.map((one: { tokens: number }) => one.tokens)
    expect(tokens[0] + tokens[1]).toBe(body.total_tokens)
  })

  test.each([
    ['limit=1', [1], 2],
    ['from=2&limit=1', [2], null],
    ['from=3', [], null],
  ])('are paged: ?%s', async (query, iterations, next) => {
    const { body } = await api.call('GET', `${AGENT}/runs/${run}?${query}`)
    expect([body.iterations.map((one: { iteration: number }) => one.iteration), body.next]).toEqual([
      iterations,
      next,
    ])
  })

  test.each([
    ['runs?limit=0', 'limit', 'limit is 0; it must be a whole number from 1 to 100'],
    ['runs?limit=ten', 'limit', 'limit: must be a whole number, 0 or more'],
    ['runs/R?limit=201', 'limit', 'limit is 201; it must be a whole number from 1 to 200'],
    ['runs/R?from=0', 'from', 'from is 0; it must be a whole number from 1 to 1000000'],
    ['runs?newest=1', 'newest', 'unknown field "newest"'],
    ['status?wait=-1', 'wait', 'wait: must be a whole number, 0 or more'],
  ])('refuse %s', async (query, field, message) => {
    const { status, body } = await api.call('GET', `${AGENT}/${query}`)
    expect([status, body.field, body.message]).toEqual([400, field, message])
  })

  test.each([
    ['/api/v1/forge/nobody/runs', 'agent_not_found'],
    ['/api/v1/forge/nobody/runs/R', 'agent_not_found'],
    [`${AGENT}/runs/unknown`, 'run_not_found'],
    [`${AGENT}/runs/..%2F..`, 'run_not_found'],
  ])('%s is a 404', async (path, code) => {
    const { status, body } = await api.call('GET', path)
    expect([status, body.code]).toEqual([404, code])
  })
})

describe('waiting for the status', () => {
  test('answers each time the run gets on, and at once when none is live', async () => {
    const api = await testApi()
    expect((await api.call('GET', `${AGENT}/status?wait=20`)).body.last_outcome).toBe('not_started')
    await api.call('POST', `${AGENT}/start`)
    const seen = await followed(api)
    expect(seen.at(-1)).toMatchObject({ running: false, last_outcome: 'completed', iteration: 2 })
    await api.driver.idle()
  })

  test('ends when the process shuts down', async () => {
    const shutdown = new AbortController()
    const api = await testApi({ edge: { shutdown: shutdown.signal } })
    // Accepted, and never driven: nothing else would end the wait before its time.
    await startForge(api.system.world, { agent: 'code_builder', driver: 'asl' })
    shutdown.abort()
    expect((await api.call('GET', `${AGENT}/status?wait=20`)).body).toMatchObject({ running: true })
  })
})

describe('a start that brings its files', () => {
  test('has them in the workspace, text and bytes', async () => {
    const directory = temporaryDirectory()
    const api = await testApi({ directory })
    const files = { 'notes/a.md': 'é\n', 'logo.bin': { base64: 'AP8K' } }
    expect((await api.call('POST', `${AGENT}/start`, { body: { files } })).status).toBe(200)
    await api.driver.idle()
    const workspace = join(directory, 'generated_code')
    expect(readFileSync(join(workspace, 'notes/a.md'), 'utf8')).toBe('é\n')
    expect([...readFileSync(join(workspace, 'logo.bin'))]).toEqual([0, 255, 10])
  })

  test.each([
    [{ plan: 1 }, 400, 'plan: Invalid type: Expected string but received 1'],
    [{ plan: '# x' }, 422, 'plan plan.md cannot be used: it has no tasks'],
    [{ files: { '../x': '' } }, 400, 'path "../x" is refused: it leads out of the workspace (..)'],
    [{ files: { x: { base64: '%' } } }, 400, 'files.x.base64: Invalid Base64: Received "%"'],
    ['{"files":{"constructor":""}}', 400, 'files: constructor cannot be sent as the name of a file'],
  ])('%j is refused', async (body, status, message) => {
    const api = await testApi()
    const answer = await api.call('POST', `${AGENT}/start`, { body })
    expect([answer.status, answer.body.message]).toEqual([status, message])
  })
})
