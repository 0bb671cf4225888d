// The handler of the sandbox function with real commands, and the client through it.
import { execFileSync } from 'node:child_process'
import { chownSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { MAX_OUTPUT_BYTES } from '../../commands/output.ts'
import { createSandboxClient } from '../../commands/sandbox-client.ts'
import { createSandbox } from '../../runtime/sandbox.ts'
import { awsService } from '../stores/aws/service.ts'
import { realTimers } from '../support/real-timers.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { vanished } from './processes.ts'

const root = temporaryDirectory()
const workspace = join(root, 'builder')
mkdirSync(workspace)

const CANARY = `canary-${process.pid}-key`
const SECRETS = ['OPENAI_API_KEY', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'NEAM_SECRET_ARN']
for (const name of SECRETS) process.env[name] = CANARY
process.env.NEAM_WORKSPACE_DIR = root
const { handler } = await import('../../lambda/sandbox.ts')

const event = (command: string, more: object = {}) => ({
  workspace: 'builder',
  command,
  timeout_ms: 20_000,
  barriers: ['.'],
  ...more,
})
const call = (request: unknown, remainingMs = 600_000) =>
  handler(request, { getRemainingTimeInMillis: () => remainingMs })

const asRoot = process.getuid?.() === 0 ? test : test.skip

describe('the sandbox function', () => {
  test('runs a command in the workspace and answers its streams, its code and what changed', async () => {
    mkdirSync(join(workspace, 'src'))
    const answer = await call(event('pwd; echo oops >&2; echo made > src/out.txt; exit 3'))
    expect(answer).toEqual({
      exit_code: 3,
      stdout: `${workspace}\n`,
      stderr: 'oops\n',
      timed_out: false,
      changed: ['.', 'src'],
    })
    expect(readFileSync(join(workspace, 'src/out.txt'), 'utf8')).toBe('made\n')
    expect(readdirSync(workspace)).toEqual(['src'])
  })

  asRoot(
    'git works in a repository that another user owns, as all files behind an access point do',
    async () => {
      const repository = join(workspace, 'repository')
      execFileSync('git', ['init', '--quiet', repository])
      for (const path of [repository, join(repository, '.git')]) chownSync(path, 51_234, 51_234)
      const command = 'git -C repository rev-parse --is-inside-work-tree'
      expect(await call(event(command))).toMatchObject({ exit_code: 0, stdout: 'true\n' })
      rmSync(repository, { recursive: true })
    },
  )

  test('a hunt through the environment and the home folder finds no canary', async () => {
    const { stdout, exit_code } = await call(
      event('env; set; echo HOME=$HOME; cat ~/.aws/* ~/.ssh/* 2>/dev/null; true'),
    )
    expect(exit_code).toBe(0)
    expect(stdout).toContain(`HOME=${workspace}`)
    expect(stdout).not.toContain(CANARY)
    for (const name of SECRETS) expect(stdout).not.toContain(name)
  })

  test('a gigantic output is capped in both streams, below what an answer may hold', async () => {
    const flood = 'head -c 30000000 /dev/zero | tr "\\0" x'
    const answer = await call(event(`${flood}; ${flood} >&2`))
    for (const stream of [answer.stdout, answer.stderr]) {
      expect(stream.length).toBeLessThan(MAX_OUTPUT_BYTES + 100)
      expect(stream).toContain('bytes left out')
    }
    expect(JSON.stringify(answer).length).toBeLessThan(6 * 1024 * 1024)
  })

  test('a command that takes too long is ended with its grandchildren', async () => {
    const mark = `6${process.pid}1`
    const answer = await call(
      event(`(trap '' TERM; sleep ${mark}) & setsid sleep ${mark} & wait`, { timeout_ms: 300 }),
    )
    expect(answer).toMatchObject({ exit_code: 124, timed_out: true })
    expect(await vanished(`sleep ${mark}`)).toBe(true)
  })

  test('a command ends before its function does, whatever time it asked for', async () => {
    const answer = await call(event('sleep 60', { timeout_ms: 600_000 }), 10_300)
    expect(answer).toMatchObject({ exit_code: 124, timed_out: true })
    expect(answer.stderr).toContain('timed out after 300 ms')
  })

  test.each(['..', '../other', 'a/../..', '/etc', '/', 'builder/.neam', '.git', 'a\0b', 'a\\b', '~'])(
    'the workspace %j is refused',
    async (path) => {
      await expect(call(event('true', { workspace: path }))).rejects.toMatchObject({ name: 'path_refused' })
    },
  )

  test('a symbolic link is no workspace', async () => {
    symlinkSync('/', join(root, 'link'))
    for (const path of ['link', 'link/etc']) {
      await expect(call(event('true', { workspace: path }))).rejects.toMatchObject({ name: 'path_refused' })
    }
  })

  test('a workspace that is missing is 127 with the reason', async () => {
    expect(await call(event('true', { workspace: 'missing' }))).toMatchObject({
      exit_code: 127,
      stderr: expect.stringContaining('cannot start in'),
      changed: [],
    })
  })

  test.each([
    ['nothing', null, 'body'],
    ['no command', { workspace: 'builder', timeout_ms: 1, barriers: [] }, 'command'],
    ['no time', event('true', { timeout_ms: 0 }), 'timeout_ms'],
    ['barriers that are no texts', event('true', { barriers: [1] }), 'barriers'],
    ['a field of another version', event('true', { root: '/' }), 'root'],
  ])('an event with %s is refused', async (_, request, field) => {
    await expect(call(request)).rejects.toMatchObject({
      code: 'bad_request',
      details: { field: expect.stringContaining(field) },
    })
  })

  test('without a workspace root it does not start', () => {
    expect(() => createSandbox({})).toThrow('NEAM_WORKSPACE_DIR is not set')
  })
})

test('a command goes from the client through Invoke to the handler and back', async () => {
  // The step sees the workspaces elsewhere than the sandbox does; here both are one folder.
  const { client } = await awsService(async ({ body }) => ({ body: await call(body) }))
  const commands = createSandboxClient({
    functionName: 'Sandbox',
    workspaceDir: root,
    timers: realTimers,
    ...client,
  })
  writeFileSync(join(workspace, 'in.txt'), 'hello')
  const result = await commands.run('cat in.txt; exit 7', {
    cwd: workspace,
    timeoutMs: 5000,
    signal: new AbortController().signal,
  })
  expect(result).toEqual({ exitCode: 7, stdout: 'hello', stderr: '', timedOut: false })
})

test('in the sandbox function the kernel lets a command have half of the processes that Lambda allows', async () => {
  const limit = async (more: object) => {
    const sandbox = createSandbox({ PATH: process.env.PATH, NEAM_WORKSPACE_DIR: root, ...more })
    const request = { workspace: 'builder', command: 'bash -c "ulimit -u"', timeout_ms: 20_000, barriers: [] }
    return Number((await sandbox({ request, remainingMs: 600_000 })).stdout)
  }
  const onLambda = { AWS_LAMBDA_FUNCTION_NAME: 'Sandbox' }
  expect(await limit(onLambda)).toBe(512)
  expect(await limit({ ...onLambda, NEAM_COMMAND_PROCESSES: '100' })).toBe(100)
})
