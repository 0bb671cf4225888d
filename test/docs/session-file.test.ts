import { expect, test } from '@jest/globals'
import { commands, page } from '../support/docs.ts'
import { runBin } from '../support/program.ts'
import { ROOT } from '../support/server.ts'
import { testApi } from '../support/system.ts'
import { temporaryDirectory } from '../support/temporary.ts'

test('the commands of docs/session-file.md look through a tree and find it sound', async () => {
  const { system } = await testApi({ directory: temporaryDirectory() })
  const { sessionsDir, stateDir } = system.settings
  const printed = commands(page('docs/session-file.md')).filter((line) => line.startsWith('npx neam-cli '))
  const outputs: string[] = []
  for (const line of printed) {
    const [, bin, ...args] = line.split(' ')
    const run = await runBin(bin!, args, {
      cwd: ROOT,
      env: { NEAM_SESSIONS_DIR: sessionsDir, NEAM_STATE_DIR: stateDir },
    })
    expect(run).toMatchObject({ code: 0, stderr: '' })
    outputs.push(run.stdout)
  }
  expect(outputs).toEqual([
    'No sessions yet.\n',
    'Nothing to repair.\n',
    `The tree at ${sessionsDir} is sound.\n`,
  ])
}, 30_000)
