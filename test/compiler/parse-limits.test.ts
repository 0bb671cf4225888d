import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { SourceFile } from '../../compiler/source/source-file.ts'
import { MAX_SOURCE, parse } from '../../compiler/syntax/parse.ts'

const codes = (text: string) =>
  parse(new SourceFile('program.neam', text), 0).diagnostics.map((diagnostic) => diagnostic.code)

/** Constructs that nest: what opens and what closes one level. */
const NESTING: readonly (readonly [string, string])[] = [
  ['(', ')'],
  ['[', ']'],
  ['{a: ', '}'],
  ['f(', ')'],
  ['x[', ']'],
  ['x[1:', ']'],
  ['P(a: ', ')'],
  ['f"{', '}"'],
  ['fn(x) { ', '}'],
  ['fn() => (', ')'],
  ['match x { A => ', '}'],
  ['match x { A => { match x { B => ', '} } }'],
  ['spawn a(', ')'],
]

describe('nesting', () => {
  test.each(NESTING)('60 levels of %s %s are read', (open, close) => {
    expect(codes(`emit ${open.repeat(60)}1${close.repeat(60)};`)).toEqual([])
  })

  // An alternative that was tried twice a level would take 2^60 steps here.
  test.each(NESTING)('an error inside 60 levels of %s %s is found at once', (open, close) => {
    expect(codes(`emit ${open.repeat(60)} @ ${close.repeat(60)};`)).toEqual(['E0001'])
  })

  test('an error inside nested blocks and fields is found at once', () => {
    expect(codes(`${'fun f() { '.repeat(60)}@`)).toEqual(['E0001'])
    expect(codes(`${'if (x) { '.repeat(60)}@`)).toEqual(['E0001'])
    expect(codes(`agent A { a: ${'{ a: '.repeat(60)}@`)).toEqual(['E0001'])
    expect(codes(`${'skill s { impl() { '.repeat(60)}@`)).toEqual(['E0001'])
  })

  test('256 brackets are accepted, 257 are not', () => {
    expect(codes(`emit ${'('.repeat(256)}1${')'.repeat(256)};`)).toEqual([])
    expect(codes(`emit ${'('.repeat(257)}1${')'.repeat(257)};`)).toEqual(['E0003'])
  })

  test.each([
    ['not ', 'true'],
    ['- ', 'x'],
    ['a = ', '1'],
    ['1 + ', '1'],
    ['if (x) emit 1; else ', 'emit 2'],
    ['if (x) ', 'emit 2'],
  ])('a chain of 20000 %j is refused, not overflowed', (link, end) => {
    const statement = link.startsWith('if') ? '' : 'y = '
    expect(codes(`${statement}${link.repeat(20_000)}${end};`)).toEqual(['E0003'])
  })
})

test('a file may be full of the shortest statements, or one long text', () => {
  expect(codes('a;\n'.repeat(300_000))).toEqual([])
  expect(codes(`let s = """\n${'  x\n'.repeat(200_000)}""";`)).toEqual([])
})

test('an error in a file that is full of comments is found at once', () => {
  const start = performance.now()
  expect(codes(`a b\n${'a;//\n'.repeat(190_000)}`)).toEqual(['E0001'])
  expect(codes(`a\n${'//\n'.repeat(330_000)}b;`)).toEqual(['E0001'])
  // It was minutes when each line looked at each comment.
  expect(performance.now() - start).toBeLessThan(20_000)
})

test('a file above the limit is refused unread', () => {
  expect(codes(`//${' '.repeat(MAX_SOURCE - 2)}`)).toEqual([])
  expect(codes(`//${' '.repeat(MAX_SOURCE - 1)}`)).toEqual(['E0004'])
})

describe('whatever the text', () => {
  const folder = new URL('../chapters/programs/', import.meta.url)
  const programs = readdirSync(folder)
    .filter((file) => file.endsWith('.neam'))
    .map((file) => readFileSync(new URL(file, folder), 'utf8'))

  test('parse answers with items or errors that lie in it, and never throws', () => {
    const mutilated = fc
      .tuple(fc.constantFrom(...programs), fc.nat(), fc.nat({ max: 40 }), fc.string({ maxLength: 8 }))
      .map(([text, at, length, put]) => {
        const start = at % (text.length + 1)
        return text.slice(0, start) + put + text.slice(start + length)
      })
    fc.assert(
      fc.property(fc.oneof(mutilated, fc.string(), fc.string({ unit: 'binary' })), (text) => {
        const file = new SourceFile('program.neam', text)
        const { program, diagnostics } = parse(file, 0)
        expect(diagnostics.length > 0 || program.items.length >= 0).toBe(true)
        for (const { span, message } of diagnostics) {
          expect(span.start).toBeGreaterThanOrEqual(0)
          expect(span.end).toBeLessThanOrEqual(Math.max(file.text.length + 1, 1))
          expect(message).not.toBe('')
        }
      }),
      { numRuns: 300 },
    )
  })
})
