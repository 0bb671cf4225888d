import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { OP, OPCODES } from '../../bytecode/opcode.ts'

const source = (file: string): string =>
  readFileSync(new URL(`../../vm/machine/${file}`, import.meta.url), 'utf8')

const cases = ['run-loop.ts', 'data-instructions.ts'].flatMap((file) =>
  Array.from(source(file).matchAll(/case (\d+):(?:\s*\{)?\s*\/\/ (\w+)\n/g), ([, code, name]) => ({
    code: Number(code),
    name: name!,
  })),
)

test('every number in the run loop is the opcode that its comment names', () => {
  expect(cases.filter(({ code, name }) => OP[name as keyof typeof OP] !== code)).toEqual([])
})

test('every opcode has one case', () => {
  expect(cases.map(({ name }) => name).sort()).toEqual(OPCODES.map(({ name }) => name).sort())
})
