import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { ROOT } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

test('the image gets what lies beside the program under the names of its workspaces, and nothing else', () => {
  const directory = temporaryDirectory()
  for (const path of ['work/src', 'work/.git', 'other']) mkdirSync(join(directory, path), { recursive: true })
  for (const path of ['work/plan.txt', 'work/src/a.txt', 'work/.git/config', 'other/b.txt']) {
    writeFileSync(join(directory, path), 'text')
  }
  const forge = (name: string, workspace: string) =>
    `forge agent ${name} { provider: "openai" model: "gpt-4o" verify: v workspace: "${workspace}" }\n`
  writeFileSync(
    join(directory, 'program.neam'),
    `fun v(ctx) { return true; }\n${forge('A', './work')}${forge('B', '.')}${forge('C', '../x')}${forge('D', './none')}`,
  )
  const target = join(directory, 'out')
  execFileSync(
    process.execPath,
    [join(ROOT, 'scripts/bake-workspaces.ts'), join(directory, 'program.neam'), target],
    { stdio: 'pipe' },
  )
  expect(readdirSync(target, { recursive: true }).sort()).toEqual([
    'work',
    'work/plan.txt',
    'work/src',
    'work/src/a.txt',
  ])
})
