// Exercises 28.2, 28.3 and 28.7: the shell scripts under examples/api, run against a started server with the real curl.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { ROOT, type Server, startServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const KEYS = {
  NEAM_API_KEY: 'the-key-of-the-script-tests',
  NEAM_ADMIN_KEY: 'the-admin-key-of-the-script-tests',
}
const PROGRAM = `
channel web { type: "http" }
skill status {
  description: "Status of an order"
  params: { order: string }
  impl(order) { return f"Order {order}: shipped"; }
}
claw agent support_bot { provider: "openai" model: "gpt-4o-mini" channels: [web] skills: [status] }
fun passes(ctx) { return true; }
fun fails(ctx) { return VerifyResult.Abort("it cannot be done"); }
forge agent code_builder { provider: "openai" model: "gpt-4o" verify: passes checkpoint: "none" workspace: "./good" }
forge agent hopeless { provider: "openai" model: "gpt-4o" verify: fails checkpoint: "none" workspace: "./bad" }
`

const hasCurl = spawnSync('curl', ['--version']).status === 0

/** Runs a script of examples/api. */
async function script(server: Server, name: string, args: readonly string[] = [], env = {}) {
  const child = spawn('sh', [join(ROOT, 'examples/api', name), ...args], {
    env: { PATH: process.env.PATH, NEAM_URL: server.url, NEAM_POLL_SECONDS: '0.05', ...KEYS, ...env },
  })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk
  })
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk
  })
  const [code] = await once(child, 'close')
  return { code, out, err }
}

;(hasCurl ? describe : describe.skip)('examples/api', () => {
  let server: Server
  beforeAll(async () => {
    const directory = temporaryDirectory()
    writeFileSync(join(directory, 'program.neam'), PROGRAM)
    server = await startServer(
      'bin/neam-api.js',
      ['--program', 'program.neam', '--offline', '--host', '127.0.0.1'],
      { ...KEYS, NEAM_WORKSPACE_DIR: directory },
      directory,
    )
  })

  test('explore.sh shows the lists, a conversation, its reset and a forge loop to its end', async () => {
    const { code, out, err } = await script(server, 'explore.sh')
    expect([code, err]).toEqual([0, ''])
    expect(out).toContain('"name":"support_bot"')
    expect(out).toContain('"name":"code_builder"')
    expect(out).toMatch(
      /"total":6,"from":0,"messages":\[\{"role":"user","content":"What is the status of order ORD-1\?"/,
    )
    expect(out).toMatch(/# After a reset it has no memory of them[\s\S]*"total":2,/)
    expect(out).toContain('"status":"started","agent":"code_builder","max_iterations":3,"max_cost":1')
    expect(out.trimEnd().split('\n').at(-1)).toContain('"last_outcome":"completed"')
  }, 30_000)

  test('keys.sh finds every credential where it belongs', async () => {
    expect(await script(server, 'keys.sh')).toEqual({
      code: 0,
      err: '',
      out: [
        'ok      401  no key',
        'ok      200  the API key',
        'ok      403  an admin route with the API key',
        'ok      200  an admin route with the admin key',
        'ok      200  health without a key',
        '',
      ].join('\n'),
    })
  }, 30_000)

  test('keys.sh fails when one does not', async () => {
    const { code, out } = await script(server, 'keys.sh', [], { NEAM_ADMIN_KEY: KEYS.NEAM_API_KEY })
    expect([code, out]).toEqual([1, expect.stringContaining('FAILED  403 instead of 200')])
  }, 30_000)

  test('watch-forge.sh prints a line for each poll and the outcome, and exits 0 when the loop completed', async () => {
    const { code, out } = await script(server, 'watch-forge.sh', ['code_builder', '{"max_iterations": 2}'])
    expect(code).toBe(0)
    expect(out).toMatch(/^run \w+ of code_builder\n(iteration \d+, \$0\n)+completed: All tasks verified\n$/)
  }, 30_000)

  test('watch-forge.sh exits 1 when it did not, and when the run cannot be started', async () => {
    const hopeless = await script(server, 'watch-forge.sh', ['hopeless'])
    expect([hopeless.code, hopeless.out]).toEqual([1, expect.stringContaining('aborted: ')])
    const nobody = await script(server, 'watch-forge.sh', ['nobody'])
    expect([nobody.code, nobody.err]).toEqual([1, expect.stringContaining('Forge agent not found: nobody')])
  }, 30_000)
})
