import { expect, test } from '@jest/globals'
import { choices } from '../../bytecode/choices.ts'

test.each([
  [[], ''],
  [['a'], '"a"'],
  [['a', 'b'], '"a" or "b"'],
  [['a', 'b"', 'c'], '"a", "b\\"" or "c"'],
])('the choices %j read %s', (accepted, text) => {
  expect(choices(accepted)).toBe(text)
})
