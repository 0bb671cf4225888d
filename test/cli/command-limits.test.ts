import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { runBin } from '../support/program.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const BUILDER = `
fun check(ctx) {
  let made = exec("head -c 3000000 /dev/zero > big");
  if (made.exit_code == 0) { return true; }
  emit made.stderr;
  return false;
}
forge agent Builder { provider: "openai" model: "gpt-4o" verify: check workspace: "work" checkpoint: "none" }`

async function forge(env: Readonly<Record<string, string>>) {
  const cwd = temporaryDirectory()
  writeFileSync(join(cwd, 'builder.neam'), BUILDER)
  const args = ['--agent', 'builder.neam', '--workspace', 'work', '--offline', '--max-iterations', '1']
  return await runBin('neam-forge', args, { cwd, env })
}

test('a command that neam-forge runs is held to its limits, and verify is told which it came to', async () => {
  const { stderr, code } = await forge({ NEAM_COMMAND_FILE_SIZE: '2' })
  expect(code).toBe(1)
  expect(stderr).toContain('[a file of a command may have 2 MiB]')
})

test('without a setting the same command does its work', async () => {
  expect((await forge({})).code).toBe(0)
})

test('a limit that is none is told at the start, with its name', async () => {
  const { stderr, code } = await forge({ NEAM_COMMAND_MEMORY: 'lots' })
  expect(code).not.toBe(0)
  expect(stderr).toContain('NEAM_COMMAND_MEMORY must be a whole number from 1 to 999999, got "lots"')
})
