import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { fetch } from '../support/fetch.ts'
import { runBin } from '../support/program.ts'
import { ROOT, type Server, startServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const KEY = 'a-key-of-sufficient-length-0001'
const cwd = temporaryDirectory()
let server: Server
beforeAll(async () => {
  server = await startServer(
    'bin/neam-api.js',
    ['--program', join(ROOT, 'examples/agents.neam'), '--offline'],
    { NEAM_API_KEY: KEY },
    temporaryDirectory(),
  )
})
afterAll(async () => {
  await server.stop()
})

const workspace = (args: readonly string[], env: Readonly<Record<string, string>> = { NEAM_API_KEY: KEY }) =>
  runBin('neam-cli', ['workspace', ...args], { cwd, env: { NEAM_URL: server.url, ...env } })

describe('neam-cli workspace', () => {
  test('pushes a folder, lists it and pulls it back, text and bytes, in as many requests as it takes', async () => {
    mkdirSync(join(cwd, 'project/src'), { recursive: true })
    mkdirSync(join(cwd, 'project/.git'))
    writeFileSync(join(cwd, 'project/src/main.py'), 'print("é")\n')
    writeFileSync(join(cwd, 'project/logo.bin'), Buffer.from([0, 255, 10]))
    writeFileSync(join(cwd, 'project/.git/config'), 'not sent')
    for (const name of ['one.txt', 'two.txt', 'three.txt']) {
      writeFileSync(join(cwd, 'project', name), name.repeat(60_000))
    }
    expect(await workspace(['push', 'code_builder', 'project'])).toEqual({
      code: 0,
      stdout: '5 files of project sent\n',
      stderr: '',
    })
    expect((await workspace(['list', 'code_builder'])).stdout).toBe(
      'logo.bin\none.txt\nsrc/\nthree.txt\ntwo.txt\n',
    )
    expect((await workspace(['list', 'code_builder', 'src/main.py'])).stdout).toBe('print("é")\n')
    expect(await workspace(['pull', 'code_builder'])).toEqual({
      code: 0,
      stdout: '5 files written to code_builder\n',
      stderr: '',
    })
    for (const name of ['src/main.py', 'logo.bin', 'one.txt', 'two.txt', 'three.txt']) {
      const [sent, pulled] = ['project', 'code_builder'].map((at) => readFileSync(join(cwd, at, name)))
      expect({ name, same: sent!.equals(pulled!) }).toEqual({ name, same: true })
    }
  })

  test('files may be there before the first run of an agent that commits what it verified', async () => {
    const start = await fetch(`${server.url}/api/v1/forge/code_builder/start`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}` },
      body: '{"max_iterations": 1}',
    })
    expect(await start.json()).toMatchObject({ status: 'started' })
    const status = async () => {
      const url = `${server.url}/api/v1/forge/code_builder/status?wait=20`
      return await (await fetch(url, { headers: { authorization: `Bearer ${KEY}` } })).json()
    }
    let last = (await status()) as { readonly running: boolean }
    while (last.running) last = (await status()) as { readonly running: boolean }
    expect(last).toMatchObject({ last_outcome: expect.not.stringMatching('error') })
    expect((await workspace(['list', 'code_builder'])).stdout).toContain('one.txt\n')
    expect((await workspace(['list', 'code_builder'])).stdout).not.toContain('.git')
  })

  test('pulls into a folder that is not empty only by force', async () => {
    mkdirSync(join(cwd, 'mine'))
    writeFileSync(join(cwd, 'mine/logo.bin'), 'mine')
    expect(await workspace(['pull', 'code_builder', 'mine'])).toMatchObject({
      code: 1,
      stderr: 'neam-cli: mine is not empty; --force writes into it, over files of the same names\n',
    })
    expect(readdirSync(join(cwd, 'mine'))).toEqual(['logo.bin'])
    expect((await workspace(['pull', 'code_builder', 'mine', '--force'])).code).toBe(0)
    expect(readFileSync(join(cwd, 'mine/logo.bin')).length).toBe(3)
  })

  test('pulls the git history of a run', async () => {
    const serverCwd = temporaryDirectory()
    const other = await startServer(
      'bin/neam-api.js',
      ['--program', join(ROOT, 'examples/agents.neam'), '--offline'],
      {},
      serverCwd,
    )
    const at = `${other.url}/api/v1/forge/code_builder`
    // Files that somebody put there past the server: design 3.8 makes no repository around them.
    mkdirSync(join(serverCwd, 'generated_code'), { recursive: true })
    writeFileSync(join(serverCwd, 'generated_code', 'mine.txt'), 'x')
    expect((await fetch(`${at}/start`, { method: 'POST' })).status).toBe(422)
    expect(
      await workspace(['pull', 'code_builder', '--bundle', 'h.bundle', '--url', other.url]),
    ).toMatchObject({
      code: 1,
      stderr:
        'neam-cli: the workspace of code_builder has no git history: its first commit comes with the first iteration that is kept\n',
    })
    rmSync(join(serverCwd, 'generated_code', 'mine.txt'))
    await fetch(`${at}/start`, { method: 'POST' })
    let running = true
    while (running) {
      ;({ running } = (await (await fetch(`${at}/status?wait=20`)).json()) as { running: boolean })
    }
    const pulled = await workspace(['pull', 'code_builder', '--bundle', 'h.bundle', '--url', other.url])
    expect(pulled).toEqual({
      code: 0,
      stdout: 'h.bundle holds the git history: git clone h.bundle\n',
      stderr: '',
    })
    execFileSync('git', ['clone', '-q', 'h.bundle', 'cloned'], { cwd, stdio: 'pipe' })
    expect(readdirSync(join(cwd, 'cloned'))).toContain('src')
    await other.stop()
  })

  test.each<[string, readonly string[], number, RegExp]>([
    [
      'an unknown agent',
      ['list', 'nobody'],
      1,
      /^neam-cli: Forge agent not found: nobody\. Available: code_builder\n$/,
    ],
    ['no such folder', ['push', 'code_builder', 'nowhere'], 1, /^neam-cli: nowhere is not a folder\n$/],
    [
      'no folder at all',
      ['push', 'code_builder'],
      2,
      /^neam-cli: neam-cli workspace push needs the folder to send\n$/,
    ],
    ['no agent', ['pull'], 2, /needs the name of an agent\n$/],
    [
      'another word',
      ['fetch', 'code_builder'],
      2,
      /: unknown action fetch; neam-cli workspace list\|pull\|push\n$/,
    ],
    [
      'nobody there',
      ['list', 'code_builder', '--url', 'http://127.0.0.1:1'],
      1,
      /^neam-cli: cannot reach http:\/\/127\.0\.0\.1:1: .*; is --url right\?\n$/,
    ],
  ])('says so for %s', async (_what, args, code, message) => {
    const run = await workspace(args)
    expect([run.code, run.stderr]).toEqual([code, expect.stringMatching(message)])
  })

  test('says which key is missing', async () => {
    const { code, stderr } = await workspace(['list', 'code_builder'], {})
    expect([code, stderr]).toEqual([1, expect.stringMatching(/; set NEAM_API_KEY\n$/)])
  })

  test('is in the help', async () => {
    expect((await runBin('neam-cli', ['--help'], { cwd })).stdout).toContain('workspace list|pull|push AGENT')
    expect((await runBin('neam-cli', ['workspace', '--help'], { cwd })).stdout).toMatch(
      /^Usage: neam-cli workspace/,
    )
  })
})
