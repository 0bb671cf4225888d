import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { commands, page, curl as send } from '../support/docs.ts'
import { ROOT, type Server, startServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

/** What a test cannot run here, and why; every other command of the README is run below. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'npm test': 'this is it',
  'export OPENAI_API_KEY=...': 'test/cli runs neam-api with a key against a loopback model',
  'npx neam-api --program examples/agents.neam': 'test/cli runs neam-api with a key against a loopback model',
}

const README = commands(page('README.md'))
const sandbox = temporaryDirectory()
const data = { NEAM_SESSIONS_DIR: join(sandbox, 'sessions'), NEAM_WORKSPACE_DIR: join(sandbox, 'workspace') }

/** Runs a command of the README in a shell, with its places replaced by temporary ones. */
const shell = (command: string): string =>
  execFileSync(
    'sh',
    ['-c', command.replaceAll('/tmp/', `${sandbox}/`).replaceAll('.neam/workspace', data.NEAM_WORKSPACE_DIR)],
    {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )

/** Sends what a `curl` line of the README sends, which must succeed. */
async function curl(server: Server, command: string): Promise<Record<string, unknown>> {
  const { status, answer } = await send(server.url, command)
  expect({ command, status, answer }).toMatchObject({ status: 200 })
  return answer
}

describe('the README', () => {
  let server: Server
  beforeAll(async () => {
    server = await startServer('scripts/start.ts', [], data)
  })

  afterAll(async () => {
    await server.stop()
  })

  const curls = README.filter((command) => command.startsWith('curl'))

  test('prints the curl lines that the server prints as what to try next', () => {
    const suggested = server.log().replaceAll(server.url, 'http://127.0.0.1:8080')
    for (const command of [curls[0]!, curls[3]!, curls[4]!]) {
      expect(suggested).toContain(/http:\/\/127\.0\.0\.1:8080\S+/.exec(command)![0])
    }
  })

  test('chats with the claw agent: the skill is called, the session survives a restart, reset archives it', async () => {
    const [ask, askAgain, reset] = curls
    expect((await curl(server, ask!)).response).toContain('Order ORD-12345: Shipped, arriving Tuesday')
    expect(await server.stop()).toBe(0)
    server = await startServer('scripts/start.ts', [], data)
    expect((await curl(server, askAgain!)).response).toContain('ORD-12345')
    expect(existsSync(join(data.NEAM_SESSIONS_DIR, 'support_bot/user_42/current.jsonl'))).toBe(true)
    expect(await curl(server, reset!)).toEqual({
      agent: 'support_bot',
      session_key: 'user_42',
      status: 'reset',
      message: 'Session archived and reset',
    })
  })

  test('watches the forge agent build two files and commit once per verified task', async () => {
    const [, , , start, status] = curls
    expect(await curl(server, start!)).toMatchObject({ status: 'started', agent: 'code_builder' })
    let state: Record<string, unknown> = { running: true }
    while (state.running === true) state = await curl(server, `${status!}?wait=1`)
    expect(state).toMatchObject({ last_outcome: 'completed' })
    const log = shell(README.find((command) => command.startsWith('git -C .neam'))!)
    expect(log).toContain('src/main.py')
    expect(log).toContain('tests/test_main.py')
    expect(log.match(/^commit /gm)).toHaveLength(1)
  })

  test('runs the word-count project from the command line: three tasks, three commits', () => {
    const [copy, forge, log] = README.filter((command) => command.includes('/tmp/word-count'))
    shell(copy!)
    expect(shell(forge!)).toMatch(
      /^\{outcome: "completed", iterations: 3, total_cost: 0, message: "All 3 tasks verified successfully\."\}\n$/,
    )
    expect(shell(log!).trim().split('\n')).toHaveLength(3)
  }, 30_000)

  test('runs programs', () => {
    const line = /`(npx neam examples\/hello\.neam)`/.exec(page('README.md'))![1]!
    expect(shell(line)).toBe('Hello, Ada!\nHello, Grace!\n')
  })

  test('has no command that is neither run here nor accounted for', () => {
    const run = (command: string) =>
      /^(curl|git -C|cp -r|npx neam-forge|npm ci && npm start)/.test(command) || command in ELSEWHERE
    expect(README.filter((command) => !run(command))).toEqual([])
  })
})
