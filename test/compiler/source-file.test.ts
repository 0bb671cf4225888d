import { describe, expect, test } from '@jest/globals'
import { SourceFile } from '../../compiler/source/source-file.ts'

const at = (text: string, needle: string) => {
  const file = new SourceFile('a.neam', text)
  const { line, column } = file.position(file.text.indexOf(needle))
  return `${line}:${column}`
}

describe('positions', () => {
  test('lines and columns begin at 1', () => {
    expect(at('x', 'x')).toBe('1:1')
    expect(at('a\nb\n  x', 'x')).toBe('3:3')
  })

  test('a tab counts as one column', () => {
    expect(at('\t\tx', 'x')).toBe('1:3')
  })

  test('a column is a code point, not a UTF-16 unit', () => {
    expect(at('🙂é日x', 'x')).toBe('1:4')
  })

  test('CR LF and CR end lines as LF does', () => {
    expect(at('a\r\nb\r\nx', 'x')).toBe('3:1')
    expect(at('a\rb\rx', 'x')).toBe('3:1')
  })

  test('a byte order mark is not part of the text', () => {
    expect(at('\uFEFFx', 'x')).toBe('1:1')
    expect(new SourceFile('a.neam', '\uFEFFx').text).toBe('x')
  })

  test('the end of the text is a place', () => {
    expect(new SourceFile('a.neam', 'ab\n').position(3)).toEqual({ line: 2, column: 1 })
    expect(new SourceFile('a.neam', '').position(0)).toEqual({ line: 1, column: 1 })
  })
})

describe('line ranges', () => {
  test('leave the line break out', () => {
    const file = new SourceFile('a.neam', 'ab\r\ncd\nef')
    const lines = [1, 2, 3].map((line) => {
      const { start, end } = file.lineRange(line)
      return file.text.slice(start, end)
    })
    expect(lines).toEqual(['ab', 'cd', 'ef'])
  })

  test('of a line that does not exist are empty', () => {
    expect(new SourceFile('a.neam', 'ab').lineRange(9)).toEqual({ start: 2, end: 2 })
  })
})
