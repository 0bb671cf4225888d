import { describe, expect, test } from '@jest/globals'
import { outline, type Range } from '../../compiler/syntax/outline.ts'

const texts = (text: string, ranges: readonly Range[]) =>
  ranges.map(({ start, end }) => text.slice(start, end))

describe('the outline of a text', () => {
  test('tells comments from slashes in strings', () => {
    const text = 'let a = "http://x"; // note\n/* more\n "quoted" */ let b = 1;'
    expect(texts(text, outline(text, 10).comments)).toEqual(['// note', '/* more\n "quoted" */'])
    expect(texts(text, outline(text, 10).strings)).toEqual(['"http://x"'])
  })

  test('takes an f-string with its holes and their strings as one', () => {
    const text = `emit f"{o['k']} {m["}"]} {{ }}" + 'it\\'s' + """a "b" c""";`
    expect(texts(text, outline(text, 10).strings)).toEqual([
      `f"{o['k']} {m["}"]} {{ }}"`,
      `'it\\'s'`,
      '"""a "b" c"""',
    ])
  })

  test('does not take the f of a longer word for a prefix', () => {
    const text = 'if"{"'
    expect(outline(text, 10).unclosed).toBeNull()
    expect(texts(text, outline(text, 10).strings)).toEqual(['"{"'])
  })

  test('finds the bracket that is one too deep, holes of f-strings included', () => {
    expect(outline('((()))', 3).tooDeep).toBeNull()
    expect(outline('((()))', 2).tooDeep).toBe(2)
    expect(outline('f"{f"{1}"}"', 1).tooDeep).toBe(5)
    expect(outline('"((((("', 2).tooDeep).toBeNull()
  })

  test('finds what never ends', () => {
    expect(outline('let a = "x;\n', 10).unterminated).toEqual({ kind: 'string', start: 8 })
    expect(outline('1 /* x', 10).unterminated).toEqual({ kind: 'comment', start: 2 })
    expect(outline('f { (', 10).unclosed).toBe(4)
  })

  test('copes with closing brackets that nothing opened', () => {
    expect(outline(')))}}]] (', 10)).toMatchObject({ tooDeep: null, unclosed: 8, unterminated: null })
  })
})
