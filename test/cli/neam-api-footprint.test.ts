// What a server leaves on a machine (reliability.md 3.13, invariant 7), however it ends.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { fetch } from '../support/fetch.ts'
import { filesBelow } from '../support/files-below.ts'
import { ROOT, type Server, startServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { until } from '../support/until.ts'

test('no file changes outside of the tree, the workspaces and the memory index, killed or told to stop', async () => {
  const machine = temporaryDirectory()
  const [home, temporary, cwd, data] = ['home', 'tmp', 'cwd', 'data'].map((name) => {
    const directory = join(machine, name)
    mkdirSync(directory)
    return directory
  }) as [string, string, string, string]
  const start = (): Promise<Server> =>
    startServer(
      'bin/neam-api.js',
      ['--program', join(ROOT, 'examples/agents.neam'), '--offline'],
      {
        HOME: home,
        TMPDIR: temporary,
        // Where Node keeps what it compiled; else below TMPDIR.
        NODE_COMPILE_CACHE: join(machine, 'compiled'),
        NEAM_SESSIONS_DIR: join(data, 'sessions'),
        NEAM_STATE_DIR: join(data, 'state'),
        NEAM_WORKSPACE_DIR: join(data, 'workspace'),
        NEAM_MEMORY_DIR: join(data, 'memory'),
      },
      cwd,
    )
  const use = async ({ url }: Server) => {
    const post = async (path: string, body?: object) => {
      const answer = await fetch(`${url}/api/v1/${path}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body ?? {}),
      })
      expect(answer.ok).toBe(true)
    }
    await post('claw/support_bot/sessions/ada/message', { message: 'What is the status of order ORD-12345?' })
    await post('claw/support_bot/sessions/ada/compact')
    await post('claw/support_bot/sessions/ada/reset')
    await post('forge/code_builder/start')
    await until(async () => {
      const status = (await (await fetch(`${url}/api/v1/forge/code_builder/status`)).json()) as {
        readonly last_outcome: string | null
      }
      return status.last_outcome === 'completed'
    })
  }
  const killed = await start()
  await use(killed)
  killed.kill()
  await killed.ended
  const stopped = await start()
  await use(stopped)
  expect(await stopped.stop()).toBe(0)
  expect(filesBelow(data).length).toBeGreaterThan(10)
  expect([home, temporary, cwd].flatMap(filesBelow)).toEqual([])
}, 60_000)
