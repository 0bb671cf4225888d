import { describe, expect, test } from '@jest/globals'
import { bracketed, exprOf } from '../support/brackets.ts'

const meaning = (text: string) => {
  const expr = exprOf(text)
  return expr.kind === 'string' ? expr.value : bracketed(expr)
}

describe('plain strings', () => {
  test('keep their line breaks', () => {
    expect(meaning('"one\n  two"')).toBe('one\n  two')
  })

  test('mean the same with CR LF', () => {
    expect(meaning('"one\r\ntwo"')).toBe('one\ntwo')
  })

  test('know the usual escapes', () => {
    expect(meaning(String.raw`"\n\t\r\"\\\0\'\u{1F642}\u00e9"`)).toBe('\n\t\r"\\\0\'🙂é')
  })

  test('keep the backslash of an escape that they do not know', () => {
    expect(meaning(String.raw`"\d+\.\u{FFFFFFF}"`)).toBe('\\d+\\.\\u{FFFFFFF}')
  })

  test('may be written with single quotes', () => {
    expect(meaning(`'say "hi"'`)).toBe('say "hi"')
  })
})

describe('triple-quoted strings', () => {
  test('lose the first line break, the last line of blanks and the common indentation', () => {
    expect(meaning('"""\n    one\n      two\n\n    three\n  """')).toBe('one\n  two\n\nthree')
  })

  test('without indentation lose nothing but the breaks at their ends', () => {
    expect(meaning('"""\nYou are\nan engineer.\n"""')).toBe('You are\nan engineer.')
  })

  test('hold quotes and apostrophes', () => {
    expect(meaning('"""say "hi", it\'s me"""')).toBe('say "hi", it\'s me')
  })

  test('do not count an escaped newline as a line', () => {
    expect(meaning('"""\n    a\\n b\n    c\n"""')).toBe('a\n b\nc')
  })

  test('keep a first line that is not blank, and all indentation with it', () => {
    expect(meaning('"""a\n  b"""')).toBe('a\n  b')
  })
})

describe('f-strings', () => {
  test.each([
    [`f"Order {id}: {o['status']}"`, `(f "Order " id ": " (at o "status"))`],
    ['f"{a}/{b}"', '(f a "/" b)'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Neam's dollar sign before a hole
    ['f"Cost: ${c.total} (50%)"', '(f "Cost: $" (. c total) " (50%)")'],
    [`f"it's [{x}] | {y}"`, '(f "it\'s [" x "] | " y)'],
    ['f"{{literal}} \\{too\\}"', '(f "{literal} {too}")'],
    ['f"line\\n{x}\\n"', '(f "line\\n" x "\\n")'],
    ['f"{ {a: 1}["a"] }"', '(f (at {"a":1} "a"))'],
    ['f"{f"{x}"}"', '(f (f x))'],
    ['f"{m["}"]}"', '(f (at m "}"))'],
    [`f'{x}'`, '(f x)'],
    ['f""', '(f )'],
    ['f"a } b"', '(f "a } b")'],
  ])('%s is %s', (text, expected) => {
    expect(bracketed(exprOf(text))).toBe(expected)
  })

  test('with three quotes lose their indentation around the holes', () => {
    expect(bracketed(exprOf('f"""\n    Dear {name},\n    {text}\n      bye\n  """'))).toBe(
      '(f "Dear " name ",\\n" text "\\n  bye")',
    )
  })

  test('need the f to stand next to the quote', () => {
    expect(() => exprOf('f "x"')).toThrow('expected `;`')
  })
})
