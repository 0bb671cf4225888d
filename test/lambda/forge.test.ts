import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { appendFileSync, existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
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
    ['runs?limit=0', 'limit', 'limit must be a whole number from 1 to 100, got 0'],
    ['runs?limit=ten', 'limit', 'limit: must be a whole number of at most 9 digits, got "ten"'],
    ['runs/R?limit=201', 'limit', 'limit must be a whole number from 1 to 200, got 201'],
    ['runs/R?from=0', 'from', 'from must be a whole number from 1 to 1000000, got 0'],
    ['runs?limit=1%2C2', 'limit', 'limit: must be a whole number of at most 9 digits, got "1,2"'],
    ['runs?limit=9999999999', 'limit', 'limit: must be a whole number of at most 9 digits, got "9999999999"'],
    ['runs?newest=1', 'newest', 'unknown field "newest"; accepted: limit'],
    ['status?wait=-1', 'wait', 'wait: must be a whole number of at most 9 digits, got "-1"'],
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
    [{ max_iterations: 0 }, 400, 'max_iterations: must be at least 1, got 0'],
    [{ max_iterations: 1.5 }, 400, 'max_iterations: must be a whole number, got 1.5'],
    [{ max_cost: 0 }, 400, 'max_cost: must be above 0, got 0'],
    [
      { max_iteration: 3 },
      400,
      'unknown field "max_iteration"; accepted: max_iterations, max_cost, plan, prompt, files',
    ],
    [{ plan: 1 }, 400, 'plan: must be a string, got 1'],
    [{ plan: '# x' }, 422, 'plan plan.md cannot be used: it has no tasks'],
    [{ files: ['a'] }, 400, 'files: must be an object, got Array'],
    [{ files: { '../x': '' } }, 400, 'path "../x" is refused: it leads out of the workspace (..)'],
    [{ files: { x: { base64: '%' } } }, 400, 'files.x.base64: must be base64, got "%"'],
    ['{"files":{"constructor":""}}', 400, 'files: constructor cannot be sent as the name of a file'],
  ])('%j is refused', async (body, status, message) => {
    const api = await testApi()
    const answer = await api.call('POST', `${AGENT}/start`, { body })
    expect([answer.status, answer.body.message]).toEqual([status, message])
  })
})

describe('a start with an Idempotency-Key', () => {
  const headers = { 'idempotency-key': 'deploy-42' }
  const body = { max_iterations: 5, files: { 'wish.md': 'small' } }

  test('is one run, however often it is delivered: at once, and when the run has ended', async () => {
    const api = await testApi()
    const start = async () => await api.call('POST', `${AGENT}/start`, { body, headers })
    const answers = await Promise.all([start(), start(), start()])
    await api.driver.idle()
    const { iterations } = (await api.call('GET', `${AGENT}/runs/${answers[0]!.body.run}`)).body
    answers.push(await start())
    await api.driver.idle()
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect(new Set(answers.map(({ body: { run } }) => run)).size).toBe(1)
    expect((await api.call('GET', `${AGENT}/runs`)).body.runs).toHaveLength(1)
    expect((await api.call('GET', `${AGENT}/runs/${answers[0]!.body.run}`)).body.iterations).toEqual(
      iterations,
    )
  })

  test('is another run under another key, and refused with another body', async () => {
    const api = await testApi()
    const first = await api.call('POST', `${AGENT}/start`, { body, headers })
    await api.driver.idle()
    const other = await api.call('POST', `${AGENT}/start`, { body: { ...body, max_iterations: 6 }, headers })
    expect([other.status, other.body.code]).toEqual([422, 'idempotency_conflict'])
    const second = await api.call('POST', `${AGENT}/start`, {
      body,
      headers: { 'idempotency-key': 'deploy-43' },
    })
    await api.driver.idle()
    expect(second.body.run).not.toBe(first.body.run)
    expect((await api.call('GET', `${AGENT}/runs`)).body.runs).toHaveLength(2)
  })

  test('whose key is not visible ASCII is refused', async () => {
    const api = await testApi()
    const answer = await api.call('POST', `${AGENT}/start`, { body, headers: { 'idempotency-key': 'a b' } })
    expect([answer.status, answer.body.code]).toEqual([400, 'bad_request'])
  })
})

describe('the workspace of a forge agent', () => {
  const WORKSPACE = `${AGENT}/workspace`
  let api: TestApi
  let directory: string
  beforeAll(async () => {
    directory = temporaryDirectory()
    api = await testApi({ directory })
  })
  const get = (query: string) => api.call('GET', `${WORKSPACE}${query}`)
  const put = (files: object) => api.call('POST', WORKSPACE, { body: { files } })

  test('takes files, and shows what it holds', async () => {
    const sent = await put({ 'src/é.py': 'print(1)\n', 'logo.bin': { base64: 'AP8K' } })
    expect([sent.status, sent.body]).toEqual([200, { agent: 'code_builder', written: 2 }])
    expect((await get('')).body).toEqual({
      agent: 'code_builder',
      path: '',
      entries: ['logo.bin', 'src/'],
      next: null,
    })
    expect((await get('?path=src')).body.entries).toEqual(['é.py'])
    expect((await get('?limit=1')).body).toMatchObject({ entries: ['logo.bin'], next: 'logo.bin' })
    expect((await get('?limit=1&after=logo.bin')).body).toMatchObject({ entries: ['src/'], next: null })
    expect(await get('?limit=10001')).toMatchObject({ status: 400, body: { field: 'limit' } })
    expect((await get('?path=src%2F%C3%A9.py')).body).toEqual({
      agent: 'code_builder',
      path: 'src/é.py',
      size: 9,
      content: 'print(1)\n',
      encoding: 'utf8',
    })
    expect((await get('?path=logo.bin')).body).toMatchObject({ size: 3, content: 'AP8K', encoding: 'base64' })
  })

  test('is exported as a gzipped tar, whole or a folder of it, without links', async () => {
    symlinkSync('/etc/hostname', join(directory, 'generated_code/link'))
    const { headers, body } = await get('?export=tar')
    expect(headers).toMatchObject({
      'content-type': 'application/gzip',
      'content-disposition': 'attachment; filename="code_builder.tar.gz"',
    })
    const into = temporaryDirectory()
    execFileSync('tar', ['-xz', '-C', into], { input: body })
    expect(readdirSync(into, { recursive: true }).sort()).toEqual(['logo.bin', 'src', 'src/é.py'])
    expect([...readFileSync(join(into, 'logo.bin'))]).toEqual([0, 255, 10])
    const part = execFileSync('tar', ['-tz', '--quoting-style=literal'], {
      input: (await get('?export=tar&path=src')).body,
    })
    expect(part.toString()).toBe('src/é.py\n')
  })

  test.each([
    ['?path=nowhere', 404, 'path_not_found', 'there is no "nowhere" in the workspace of code_builder'],
    ['?path=logo.bin/x', 400, 'path_refused', 'path "logo.bin/x" is refused: logo.bin is not a folder'],
    ['?path=..', 400, 'path_refused', 'path ".." is refused: it leads out of the workspace (..)'],
    ['?path=link', 400, 'path_refused', 'path "link" is refused: it is a symbolic link'],
    ['?path=.git', 400, 'path_refused', 'path ".git" is refused: .git is not open to programs'],
    [
      '?export=tar&path=nowhere',
      404,
      'path_not_found',
      'there is no "nowhere" in the workspace of code_builder',
    ],
    [
      '?export=bundle',
      404,
      'path_not_found',
      'the workspace of code_builder has no git history: its first commit comes with the first iteration that is kept',
    ],
    ['?export=zip', 400, 'bad_request', 'export: must be "tar" or "bundle", got "zip"'],
  ])('refuses %s', async (query, status, code, message) => {
    const answer = await get(query)
    expect([answer.status, answer.body.code, answer.body.message]).toEqual([status, code, message])
  })

  test('refuses an export that no answer could hold', async () => {
    const full = await testApi()
    const seeds = Array.from({ length: 6 }, () => randomBytes(740_000).toString('base64'))
    for (const [at, base64] of seeds.entries()) {
      await full.call('POST', WORKSPACE, { body: { files: { [`n${at}`]: { base64 } } } })
    }
    const { status, body } = await full.call('GET', `${WORKSPACE}?export=tar`)
    expect([status, body.code, body.message]).toEqual([
      413,
      'export_too_large',
      'the archive has more than 4194304 bytes, the most that one answer holds; ask for a folder of it with path=',
    ])
  })

  test('writes none of the files when one is refused', async () => {
    const { status, body } = await put({ 'new.txt': '', '../x': '' })
    expect([status, body.code]).toEqual([400, 'path_refused'])
    expect((await get('?path=new.txt')).status).toBe(404)
  })

  test('takes nothing while a run is live', async () => {
    const busy = await testApi()
    await startForge(busy.system.world, { agent: 'code_builder', driver: 'asl' })
    const answer = await busy.call('POST', WORKSPACE, { body: { files: { a: '' } } })
    expect([answer.status, answer.body.code]).toEqual([409, 'already_running'])
  })

  test('gives its git history as a bundle, and runs nothing that its config names', async () => {
    const built = temporaryDirectory()
    const builder = await testApi({ directory: built })
    await builder.call('POST', `${AGENT}/start`)
    await builder.driver.idle()
    const planted = join(built, 'planted')
    const config = join(built, 'generated_code/.git/config')
    appendFileSync(config, `[core]\n\tfsmonitor = touch ${planted}\n[pack]\n\tpackSizeLimit = 1\n`)
    const { headers, body } = await builder.call('GET', `${WORKSPACE}?export=bundle`)
    expect(headers['content-disposition']).toBe('attachment; filename="code_builder.bundle"')
    const clone = join(built, 'clone')
    writeFileSync(join(built, 'history.bundle'), body)
    execFileSync('git', ['clone', '-q', join(built, 'history.bundle'), clone], { stdio: 'pipe' })
    const log = execFileSync('git', ['-C', clone, 'log', '--format=%s'], { encoding: 'utf8' })
    expect(log).toMatch(/^forge: /)
    expect(readdirSync(clone)).toContain('src')
    expect(existsSync(planted)).toBe(false)
    expect(
      readdirSync(join(built, '.neam/state/checkpoints')).filter((name) => name.startsWith('bundle-')),
    ).toEqual([])
  })
})
