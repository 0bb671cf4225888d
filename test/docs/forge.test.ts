import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { commands, curl, page, withoutNpx } from '../support/docs.ts'
import { ROOT, type Server, startServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const PRINTED = commands(page('docs/forge.md'))
const sandbox = temporaryDirectory()
let server: Server
beforeAll(async () => {
  server = await startServer('bin/neam-api.js', ['--program', 'examples/agents.neam', '--offline'], {
    NEAM_SESSIONS_DIR: join(sandbox, 'sessions'),
    NEAM_WORKSPACE_DIR: join(sandbox, 'workspace'),
  })
})
afterAll(async () => {
  await server.stop()
})

/** Runs a printed command with its places replaced by temporary ones. */
const shell = (command: string): string =>
  execFileSync('sh', ['-c', withoutNpx(command).replaceAll('/tmp/', `${sandbox}/`)], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { PATH: process.env.PATH ?? '', NEAM_URL: server.url },
  })

test('every command of docs/forge.md does what the page says, in its order', async () => {
  const [start, status, runs, list, pull, push, bundle, dryRun, ...others] = PRINTED
  expect(others).toEqual([])
  expect(await curl(server.url, start!)).toMatchObject({
    status: 200,
    answer: { status: 'started', max_cost: 2.5 },
  })
  let state: Record<string, unknown> = { running: true }
  while (state.running === true) state = (await curl(server.url, status!)).answer
  expect(state).toMatchObject({ last_outcome: 'completed', tasks_completed: 2, tasks_total: 2 })
  expect((await curl(server.url, runs!)).answer.runs).toEqual([expect.objectContaining({ run: state.run })])
  expect(shell(list!).split('\n')).toEqual(expect.arrayContaining(['docs/', 'plan.md', 'src/']))
  expect(shell(pull!)).toMatch(/^\d+ files written to /)
  expect(readFileSync(join(sandbox, 'code_builder/docs/wish.md'), 'utf8')).toBe('As small as can be.')
  expect(shell(push!)).toMatch(/^1 file of .* sent\n$/)
  shell(bundle!)
  expect(existsSync(join(sandbox, 'code_builder.bundle'))).toBe(true)
  expect(shell(dryRun!)).toContain('tasks       no plan: a single task\n')
  expect(existsSync(join(sandbox, 'words'))).toBe(false)
}, 60_000)
