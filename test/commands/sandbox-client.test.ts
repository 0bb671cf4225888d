// The client against a server that speaks Lambda's Invoke; it never meets a real function here (sandbox.test.ts does).
import { mkdirSync, readdirSync, statSync, symlinkSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { createSandboxClient, type SandboxAnswer } from '../../commands/sandbox-client.ts'
import { systemCommands } from '../../runtime/commands.ts'
import type { Environment } from '../../runtime/environment.ts'
import { readSettings } from '../../runtime/settings.ts'
import { awsService, type ServiceAnswer } from '../stores/aws/service.ts'
import { realTimers } from '../support/real-timers.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const never = new AbortController().signal
const done: SandboxAnswer = {
  exit_code: 3,
  stdout: 'out\n',
  stderr: 'err\n',
  timed_out: false,
  changed: ['.'],
}

async function clientOf(answer: () => ServiceAnswer | Promise<ServiceAnswer>, answerMarginMs = 20_000) {
  const workspaceDir = temporaryDirectory()
  const cwd = join(workspaceDir, 'builder')
  mkdirSync(cwd)
  const { requests, connections, client } = await awsService(answer)
  const pauses: number[] = []
  const timers = { ...realTimers, sleep: async (ms: number) => void pauses.push(ms) }
  const options = { functionName: 'Sandbox', workspaceDir, timers, answerMarginMs, ...client }
  const commands = createSandboxClient(options)
  return {
    pauses,
    requests,
    connections,
    workspaceDir,
    cwd,
    commands,
    run: (options: { cwd?: string; signal?: AbortSignal; timeoutMs?: number } = {}) =>
      commands.run('make test', { cwd, timeoutMs: 5000, signal: never, ...options }),
  }
}

describe('the sandbox client', () => {
  test('invokes the function with the workspace below the root, and answers its result', async () => {
    const { run, requests, cwd } = await clientOf(() => ({ body: done }))
    expect(await run()).toEqual({ exitCode: 3, stdout: 'out\n', stderr: 'err\n', timedOut: false })
    expect(requests).toEqual([
      {
        operation: 'POST /2015-03-31/functions/Sandbox/invocations',
        body: { workspace: 'builder', command: 'make test', timeout_ms: 5000, barriers: ['.'] },
      },
    ])
    expect(readdirSync(cwd)).toEqual([])
  })

  test('opens a connection for each command: one kept over a pause of Lambda may be dead, and nothing is sent twice', async () => {
    const { run, connections } = await clientOf(() => ({ body: done }))
    await run()
    await run()
    expect(connections()).toBe(2)
  })

  test('the root itself is a workspace too', async () => {
    const { run, requests, workspaceDir } = await clientOf(() => ({ body: done }))
    await run({ cwd: workspaceDir })
    expect(requests[0]!.body.workspace).toBe('.')
  })

  test('names the folders that changed lately, outer ones first', async () => {
    const { run, requests, cwd } = await clientOf(() => ({ body: done }))
    for (const folder of ['old/new', 'src/deep', 'node_modules/x', '.neam/y'])
      mkdirSync(join(cwd, folder), { recursive: true })
    const longAgo = new Date(Date.now() - 3_600_000)
    utimesSync(join(cwd, 'old'), longAgo, longAgo)
    await run()
    const barriers = requests[0]!.body.barriers as readonly string[]
    expect(barriers.toSorted()).toEqual(['.', 'old/new', 'src', 'src/deep'])
    expect(barriers.indexOf('src')).toBeLessThan(barriers.indexOf('src/deep'))
  })

  test('folders that a hostile answer names get no file outside of the workspace', async () => {
    const outside = temporaryDirectory()
    const changed = ['..', '/', outside, 'link', 'gone', 'a\0b']
    const { run, cwd } = await clientOf(() => ({ body: { ...done, changed } }))
    symlinkSync(outside, join(cwd, 'link'))
    const longAgo = new Date(Date.now() - 3_600_000)
    utimesSync(outside, longAgo, longAgo)
    expect(await run()).toMatchObject({ exitCode: 3 })
    expect(statSync(outside).mtimeMs).toBe(longAgo.getTime())
  })

  test('refuses a folder outside of the root before it invokes', async () => {
    const { run, requests, workspaceDir } = await clientOf(() => ({ body: done }))
    const sibling = `${workspaceDir}-sibling`
    for (const cwd of ['/tmp', sibling, join(workspaceDir, '..')]) {
      await expect(run({ cwd })).rejects.toMatchObject({ code: 'path_refused', data: { path: cwd } })
    }
    expect(requests).toEqual([])
  })

  const failed = (errorType: string, errorMessage: string): ServiceAnswer => ({
    body: { errorType, errorMessage },
    headers: { 'x-amz-function-error': 'Unhandled' },
  })
  const refused = (type: string, status: number): ServiceAnswer => ({
    status,
    body: { __type: type, Message: 'arn:aws:lambda:eu-central-1:123456789012:function:Sandbox' },
  })

  test.each([
    [
      'a process that ended',
      failed('Runtime.ExitError', 'RequestId: 1 Error: signal: killed'),
      'Runtime.ExitError',
    ],
    ['a workspace that the handler refuses', failed('Fault', 'path_refused'), 'path_refused'],
    ['an event that the handler refuses', failed('Refusal', "Missing 'command' field"), "Missing 'command'"],
    ['a failure without words', { ...failed('', ''), body: null }, 'it failed'],
    ['an answer of another shape', { body: { ...done, exit_code: 'zero' } }, 'cannot be read'],
    ['hostile folders', { body: { ...done, changed: [7] } }, 'cannot be read'],
    ['a missing permission', refused('AccessDeniedException', 403), 'AccessDeniedException'],
    ['a service that fails', refused('ServiceException', 500), 'ServiceException'],
  ])('%s is service_unavailable, without ids, after one try', async (_, answer, problem) => {
    const { run, requests } = await clientOf(() => answer)
    await expect(run()).rejects.toMatchObject({
      code: 'service_unavailable',
      data: { service: 'the sandbox of commands', problem: expect.stringContaining(problem) },
    })
    expect(requests).toHaveLength(1)
  })

  test('a call that Lambda throttled is made again, with the time that is left to the command', async () => {
    const answers = [refused('TooManyRequestsException', 429), refused('TooManyRequestsException', 429)]
    const { run, requests, pauses } = await clientOf(() => answers.shift() ?? { body: done })
    expect(await run({ timeoutMs: 10_000 })).toMatchObject({ exitCode: 3 })
    expect(pauses).toEqual([1000, 2000])
    expect(requests.map(({ body }) => body.timeout_ms)).toEqual([10_000, 9000, 7000])
  })

  test.each([
    ['its time is over', 2500, [1000], 2],
    ['it was made five times', 60_000, [1000, 2000, 4000, 8000], 5],
  ])(
    'one that goes on being throttled is service_unavailable when %s',
    async (_, timeoutMs, waited, tries) => {
      const { run, requests, pauses } = await clientOf(() => refused('TooManyRequestsException', 429))
      await expect(run({ timeoutMs })).rejects.toMatchObject({
        code: 'service_unavailable',
        data: { problem: 'TooManyRequestsException' },
      })
      expect([pauses, requests.length]).toEqual([waited, tries])
    },
  )

  test('an answer that does not come within the command time and the margin is given up', async () => {
    const { run, requests } = await clientOf(() => new Promise<ServiceAnswer>(() => {}), 50)
    await expect(run({ timeoutMs: 50 })).rejects.toMatchObject({
      code: 'service_unavailable',
      data: { problem: 'TimeoutError' },
    })
    expect(requests).toHaveLength(1)
  })

  test('an abort ends the waiting with its reason, and an aborted call is never made', async () => {
    const stop = new AbortController()
    const { run, requests } = await clientOf(() => {
      stop.abort(new Error('stopped by hand'))
      return new Promise<ServiceAnswer>(() => {})
    })
    await expect(run({ signal: stop.signal })).rejects.toThrow('stopped by hand')
    await expect(run({ signal: stop.signal })).rejects.toThrow('stopped by hand')
    expect(requests).toHaveLength(1)
  })
})

describe('commands on Lambda', () => {
  const onLambda = (environment: Environment) => {
    const all = { AWS_LAMBDA_FUNCTION_NAME: 'Step', PATH: process.env.PATH, ...environment }
    return systemCommands(readSettings(all, '/'), all, realTimers)
  }
  const options = { cwd: '/tmp', timeoutMs: 1000, signal: never }

  test('are refused without a sandbox: they could read the keys of the function', async () => {
    for (const environment of [
      {},
      { NEAM_WORKSPACE_DIR: '/mnt/neam/workspace' },
      { NEAM_SANDBOX_FUNCTION: 'Sandbox' },
    ]) {
      await expect(onLambda(environment).run('true', options)).rejects.toMatchObject({
        code: 'commands_unavailable',
      })
    }
  })

  test('go to the sandbox, which knows workspaces only', async () => {
    const commands = onLambda({
      NEAM_SANDBOX_FUNCTION: 'Sandbox',
      NEAM_WORKSPACE_DIR: '/mnt/neam/workspace',
    })
    await expect(commands.run('true', options)).rejects.toMatchObject({ code: 'path_refused' })
  })
})
