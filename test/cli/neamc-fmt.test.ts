import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { runBin } from '../support/program.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const cwd = temporaryDirectory()
const file = (name: string, text: string): string => {
  writeFileSync(join(cwd, name), text)
  return name
}
const text = (name: string): string => readFileSync(join(cwd, name), 'utf8')

test('fmt lays files out, says which, and has nothing to do the second time', async () => {
  const [ugly, fine] = [file('ugly.neam', 'emit   1+2 ;  // three'), file('fine.neam', 'emit 1;\n')]
  expect(await runBin('neamc', ['fmt', ugly, fine], { cwd })).toEqual({
    code: 0,
    stdout: 'ugly.neam: formatted\n',
    stderr: '',
  })
  expect(text(ugly)).toBe('emit 1 + 2; // three\n')
  expect((await runBin('neamc', ['fmt', ugly, fine], { cwd })).stdout).toBe('')
})

test('fmt --check writes nothing and fails where something would change', async () => {
  const ugly = file('check.neam', 'emit   1;')
  const { code, stdout } = await runBin('neamc', ['fmt', '--check', ugly], { cwd })
  expect({ code, stdout, text: text(ugly) }).toEqual({
    code: 1,
    stdout: 'check.neam: would change\n',
    text: 'emit   1;',
  })
})

test('a file with syntax errors is left as it is', async () => {
  const broken = file('broken.neam', 'emit   1 +;')
  const { code, stderr } = await runBin('neamc', ['fmt', broken], { cwd })
  expect(code).toBe(1)
  expect(stderr).toContain('error[E0001]')
  expect(stderr).toContain('broken.neam has syntax errors: it is left as it is')
  expect(text(broken)).toBe('emit   1 +;')
})
