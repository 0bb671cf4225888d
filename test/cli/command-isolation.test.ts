import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { runBin } from '../support/program.ts'
import { startServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

/** A path on which there is git, and neither bwrap nor unshare. */
const withoutTools = { PATH: '/nonexistent' }

const builder = (verify: string) => `
fun check(ctx) { ${verify} }
forge agent Builder { provider: "openai" model: "gpt-4o" verify: check workspace: "work" checkpoint: "none" }`

async function forge(verify: string, env: Readonly<Record<string, string>>) {
  const cwd = temporaryDirectory()
  writeFileSync(join(cwd, 'builder.neam'), builder(verify))
  const args = ['--agent', 'builder.neam', '--workspace', 'work', '--offline', '--max-iterations', '1']
  return await runBin('neam-forge', args, { cwd, env })
}

const RUNS = 'return exec("true").exit_code == 0;'
const WARNING =
  /^warning: commands of this program run without isolation, because neither bwrap nor unshare works here/m

test('neam-forge warns where commands could read its keys', async () => {
  const { stderr } = await forge(RUNS, withoutTools)
  expect(stderr).toMatch(WARNING)
})

test('neam-api does so in its banner', async () => {
  const cwd = temporaryDirectory()
  writeFileSync(join(cwd, 'builder.neam'), builder(RUNS))
  const args = ['--program', join(cwd, 'builder.neam'), '--offline']
  const server = await startServer('bin/neam-api.js', args, withoutTools, cwd)
  await server.stop()
  expect(server.log()).toContain('  WARNING       commands of this program run without isolation')
})

test('neam-forge does not where the program runs none', async () => {
  const { stderr, code } = await forge('return true;', withoutTools)
  expect([stderr, code]).toEqual([expect.not.stringMatching(WARNING), 0])
})

test('NEAM_COMMAND_ISOLATION=require refuses them instead, and the message says what to install', async () => {
  const { stderr, stdout, code } = await forge(RUNS, { ...withoutTools, NEAM_COMMAND_ISOLATION: 'require' })
  expect(code).toBe(1)
  expect(stderr).not.toMatch(WARNING)
  expect(stderr + stdout).toContain(
    'NEAM_COMMAND_ISOLATION is "require", and neither bwrap nor unshare works; install bubblewrap',
  )
})
