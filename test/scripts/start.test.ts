import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { afterAll, expect, test } from '@jest/globals'
import { ROOT } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

// The `:` keeps the shell from becoming Node itself: as npm's shell, it stays in between.
const shell = spawn('sh', ['-c', '"$0" scripts/start.ts --port 0; :', process.execPath], {
  cwd: ROOT,
  env: { PATH: process.env.PATH ?? '', NEAM_SESSIONS_DIR: temporaryDirectory() },
  stdio: ['ignore', 'ignore', 'pipe'],
  detached: true,
})

afterAll(() => {
  try {
    process.kill(-shell.pid!, 'SIGKILL')
  } catch {
    // Nothing of the group is left, as it should be.
  }
})

test('the server ends with the shell between npm and it, which passes no signal on', async () => {
  const lines: string[] = []
  for await (const line of createInterface({ input: shell.stderr })) {
    lines.push(line)
    // Reading goes on until the server, the last one that holds the pipe, is gone.
    if (line.includes('/health')) shell.kill('SIGTERM')
  }
  expect(lines.at(-1)).toBe('neam-api: SIGTERM, finishing 0 requests (at most 10 s)')
})
