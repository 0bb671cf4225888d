// A file system that hangs: a FIFO in the place of a file of the tree. Its reader waits for a writer that never comes, in a
// call of the operating system that nothing in the process can end, as on a network mount whose server is gone.
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { fetch } from '../support/fetch.ts'
import { logged, logLines } from '../support/logged.ts'
import { ROOT, type Server, startServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { until } from '../support/until.ts'

interface Hanging {
  readonly server: Server
  /** Reads of the kill switch, which every turn makes, hang from now on. */
  hang(): void
  /** The file system is back; what hangs already goes on hanging. */
  mend(): void
}

async function serve(args: readonly string[] = []): Promise<Hanging> {
  const directory = temporaryDirectory()
  copyFileSync(join(ROOT, 'examples/agents.neam'), join(directory, 'agents.neam'))
  const state = join(directory, 'state')
  mkdirSync(state)
  const all = ['--program', 'agents.neam', '--offline', '--audit-sink', 'none', '--timeout', '4000', ...args]
  const server = await startServer('bin/neam-api.js', all, { NEAM_STATE_DIR: state }, directory)
  const file = join(state, 'sys/kill.json')
  return {
    server,
    hang() {
      renameSync(file, `${file}.aside`)
      execFileSync('mkfifo', [file])
    },
    mend: () => renameSync(`${file}.aside`, file),
  }
}

const say = (server: Server) =>
  fetch(`${server.url}/api/v1/claw/support_bot/sessions/ann/message`, {
    method: 'POST',
    headers: { connection: 'close', 'x-request-id': 'mine-1' },
    body: '{"message": "hello"}',
  })

test('a request whose file system hangs is answered 503, and the process ends itself', async () => {
  const { server, hang } = await serve()
  expect((await say(server)).status).toBe(200)
  hang()
  const answer = await say(server)
  expect([answer.status, await answer.json()]).toEqual([
    503,
    {
      error: 'Service Unavailable',
      code: 'storage_slow',
      message: expect.stringMatching(
        /^the process stood still for \d+(\.\d+)? seconds in a call on the file system of its tree \(read\)/,
      ),
      request_id: 'mine-1',
    },
  ])
  expect(answer.headers.get('x-request-id')).toBe('mine-1')
  const traceId = answer.headers.get('traceparent')?.slice(3, 35)
  // By a signal, so that it has no code.
  expect(await server.ended).toBe(null)
  expect(logged(server, 'request').filter(({ status }) => status !== 200)).toEqual([
    {
      timestamp: expect.any(String),
      level: 'info',
      message: 'request',
      request_id: 'mine-1',
      trace_id: traceId,
      route: 'POST /api/v1/claw/{agent}/sessions/{key}/message',
      method: 'POST',
      status: 503,
      code: 'storage_slow',
      duration_ms: expect.any(Number),
    },
  ])
  expect(logLines(server).at(-1)).toMatchObject({
    level: 'error',
    message: 'process stalled',
    requests: 1,
    storage_call: 'read',
  })
}, 60_000)

test('one that stands still elsewhere does not blame the file system of its tree', async () => {
  const directory = temporaryDirectory()
  const log = join(directory, 'audit.jsonl')
  const { server } = await serve(['--audit-sink', 'file', '--audit-log', log])
  expect((await say(server)).status).toBe(200)
  renameSync(log, `${log}.aside`)
  execFileSync('mkfifo', [log])
  const answer = await say(server)
  expect([answer.status, await answer.json()]).toMatchObject([
    503,
    {
      code: 'process_stalled',
      message: expect.stringMatching(/seconds in no call on the file system of its tree; it ends itself$/),
    },
  ])
  expect(await server.ended).toBe(null)
  expect(logLines(server).at(-1)).not.toHaveProperty('storage_call')
}, 60_000)

test('of several workers the one that hangs is started again, and serves when the file system is back', async () => {
  const { server, hang, mend } = await serve(['--workers', '2'])
  await until(() => logged(server, 'worker started').length === 2)
  hang()
  expect((await say(server)).status).toBe(503)
  mend()
  await until(() => logged(server, 'worker started').length === 3)
  expect(logged(server, 'worker died')).toMatchObject([{ signal: 'SIGKILL' }])
  for (let n = 0; n < 2; n += 1) expect((await say(server)).status).toBe(200)
  expect(await server.stop()).toBe(0)
}, 60_000)
