// Keys as files (NEAM_SECRETS_DIR), as Docker and Kubernetes mount them, with the real programs.
import { spawnSync } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { detectIsolation } from '../../commands/isolation.ts'
import { fetch } from '../support/fetch.ts'
import { runBin } from '../support/program.ts'
import { ROOT, startServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const KEY = 'a-key-that-lies-in-a-file-0001'
const PROGRAM = join(ROOT, 'examples/agents.neam')

function secretsWith(files: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const directory = temporaryDirectory()
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text)
  return { NEAM_SECRETS_DIR: directory }
}

test('neam-api opens to the key of a file, in production too, and neam-cli sends it', async () => {
  const env = secretsWith({ NEAM_API_KEY: `${KEY}\n` })
  const cwd = temporaryDirectory()
  const args = ['--program', PROGRAM, '--offline']
  const server = await startServer('bin/neam-api.js', args, { ...env, NEAM_ENV: 'production' }, cwd)
  const ask = async (key: string) => {
    const { status } = await fetch(`${server.url}/api/v1/claw`, {
      headers: { authorization: `Bearer ${key}` },
    })
    return status
  }
  expect([await ask(KEY), await ask('a-key-that-lies-nowhere')]).toEqual([200, 401])
  const list = ['workspace', 'list', 'code_builder', '--url', server.url]
  expect(await runBin('neam-cli', list, { cwd, env })).toMatchObject({ code: 0 })
  expect(await runBin('neam-cli', list, { cwd })).toMatchObject({ code: 1 })
})

test('neam-api does not start without the key of a file that has another name', async () => {
  const cwd = temporaryDirectory()
  const start = (env: Readonly<Record<string, string>>) =>
    runBin('neam-api', ['--program', PROGRAM, '--offline', '--port', '0'], { cwd, env })
  const named = await start(secretsWith({ 'api-key': KEY }))
  expect(named).toMatchObject({ code: 1, stderr: expect.stringContaining('it has api-key') })
})

test('nor without the key of a file that it may not read', () => {
  const env = secretsWith({ NEAM_API_KEY: KEY })
  const path = join(env.NEAM_SECRETS_DIR!, 'NEAM_API_KEY')
  chmodSync(path, 0)
  chmodSync(env.NEAM_SECRETS_DIR!, 0o755)
  const args = [join(ROOT, 'bin/neam-api.js'), '--program', PROGRAM, '--offline', '--port', '0']
  // root may read everything
  const user = process.getuid?.() === 0 ? { uid: 54_321 } : {}
  const cwd = temporaryDirectory()
  chmodSync(cwd, 0o777)
  const { status, stderr } = spawnSync(process.execPath, args, { cwd, env, encoding: 'utf8', ...user })
  expect([status, stderr]).toEqual([
    1,
    expect.stringMatching(`cannot read ${path}: EACCES, running as uid \\d+`),
  ])
})

const best = await detectIsolation({ path: process.env.PATH ?? '', network: false, hidden: [] })
const whereFoldersAreHidden = best.name === 'bwrap' || best.name === 'unshare-mount' ? test : test.skip

whereFoldersAreHidden('commands of programs do not see the files', async () => {
  const cwd = temporaryDirectory()
  const env = secretsWith({ NEAM_API_KEY: KEY })
  const command = `cat ${env.NEAM_SECRETS_DIR}/* || echo nothing`
  writeFileSync(
    join(cwd, 'spy.neam'),
    `fun check(ctx) { emit exec("${command}").stdout; return true; }
forge agent Spy { provider: "openai" model: "gpt-4o" verify: check workspace: "work" checkpoint: "none" }`,
  )
  const args = ['--agent', 'spy.neam', '--workspace', 'work', '--offline', '--max-iterations', '1']
  const { stdout, stderr } = await runBin('neam-forge', args, { cwd, env })
  expect(stdout + stderr).toContain('nothing')
  expect(stdout + stderr).not.toContain(KEY)
})
