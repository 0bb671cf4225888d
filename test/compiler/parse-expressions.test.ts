import { describe, expect, test } from '@jest/globals'
import { bracketed, exprOf, itemsOf } from '../support/brackets.ts'

const cases = (table: Readonly<Record<string, string>>) => {
  test.each(Object.entries(table))('%s is %s', (text, expected) => {
    expect(bracketed(exprOf(text))).toBe(expected)
  })
}

describe('precedence', () => {
  cases({
    '1 + 2 * 3': '(+ 1 (* 2 3))',
    '1 - 2 - 3': '(- (- 1 2) 3)',
    '(1 + 2) * 3': '(* (+ 1 2) 3)',
    '8 / 4 % 3': '(% (/ 8 4) 3)',
    '1 < 2 == 3 >= 4': '(== (< 1 2) (>= 3 4))',
    'a or b and c == d': '(or a (and b (== c d)))',
    'a || b && c': '(or a (and b c))',
    'not a == b and c': '(and (not (== a b)) c)',
    'not a in b': '(not (in a b))',
    'a not in b == c': '(== (not in a b) c)',
    'a == not b': '(== a (not b))',
    '!a == b': '(== (not a) b)',
    '-a.b(1) * 2': '(* (- (call (. a b) 1)) 2)',
    '- 5': '-5',
    '1 - -2': '(- 1 -2)',
    '!!a': '(not (not a))',
    'a = b = 1 + 2': '(= a (= b (+ 1 2)))',
    'a != nil and len(a) > 0': '(and (!= a nil) (> (call len a) 0))',
  })
})

describe('postfix', () => {
  cases({
    'd["a"]["b"].c': '(. (at (at d "a") "b") c)',
    'a.match("x").in': '(. (call (. a match) "x") in)',
    't.0.1': '(at (at t 0) 1)',
    'a[1:]': '(slice a 1 _ _)',
    'a[:2]': '(slice a _ 2 _)',
    'a[::2]': '(slice a _ _ 2)',
    'a[-3:-1:1]': '(slice a -3 -1 1)',
    'a[:]': '(slice a _ _ _)',
    'f(1, 2,)': '(call f 1 2)',
    'P(x: 1, y: 2)': '(new P x:1 y:2)',
    'T.V(x: 1)': '(new (. T V) x:1)',
    'p with (x: 9)': '(with p x:9)',
    'load()?.name': '(. (? (call load)) name)',
    with: 'with',
  })
})

describe('pipes', () => {
  cases({
    'x |> f': '(call f x)',
    'x |> f(a)': '(call f x a)',
    'x |> .m(a)': '(call (. x m) a)',
    'x |> .m': '(call (. x m))',
    'x + 1 |> f |> g(2)': '(call g (call f (+ x 1)) 2)',
  })
})

describe('collections', () => {
  cases({
    '[]': '[]',
    '[1, ...xs, 2,]': '[1 ...xs 2]',
    '{}': '{}',
    '{ "a": 1, b: 2, in: 3, [k]: 4, ...m }': '{"a":1 "b":2 "in":3 k:4 ...m}',
    '()': '(tuple )',
    '(1,)': '(tuple 1)',
    '(1, 2)': '(tuple 1 2)',
    '(1)': '1',
  })
})

describe('comprehensions', () => {
  cases({
    '[x * 2 for x in xs]': '(list (* x 2) for x xs)',
    '[x for x in xs if x in ys and a]': '(list x for x xs if (and (in x ys) a))',
    '[v for (k, v) in m]': '(list v for k,v m)',
    '[...x for i, x in xs]': '(list ...x for i,x xs)',
    '{ k: v for k, v in m if v }': '(map "k":v for k,v m if v)',
    '{ [k]: [y for y in v] for (k, v) in m }': '(map k:(list y for y v) for k,v m)',
    '{ ...m for m in ms }': '(map ...m for m ms)',
  })
})

describe('functions, spawn and match as values', () => {
  cases({
    'fn(x) { x * 2 }': '(fn (x) {1})',
    'fn(x) { let y = x; y }': '(fn (x) {2})',
    'fun(x: int, y = 2) -> int { return x; }': '(fn (x y) {1})',
    'fn(x) => x * 2': '(fn (x) (* x 2))',
    'fn() => { a: 1 }': '(fn () {"a":1})',
    'fn() => {}': '(fn () {})',
    'fn() => { return 1; }': '(fn () {1})',
    'spawn researcher("x")': '(spawn researcher "x")',
    'spawn(name, "x")': '(call spawn name "x")',
    'match x { A => 1, B(y) => y }': '(match x 2)',
  })

  test('a lambda in a lambda needs no semicolons', () => {
    expect(bracketed(exprOf('fn(x) { fn(y) { fn(z) { x + y + z } } }'))).toBe('(fn (x) {1})')
  })
})

describe('words that are reserved elsewhere are names', () => {
  test.each(['agent', 'skill', 'test', 'command', 'default', 'with', 'self', 'type', 'spawn', 'f', 'p'])(
    '%s',
    (word) => {
      expect(bracketed(exprOf(word))).toBe(word)
      expect(itemsOf(`let ${word} = 1; ${word} = ${word} + 1;`)).toHaveLength(2)
    },
  )
})

test('newlines mean nothing to an expression', () => {
  expect(bracketed(exprOf('a\n  .b(\n  "x" +\n  "y"\n)\n'))).toBe('(call (. a b) (+ "x" "y"))')
})

test('spans end with the last token', () => {
  expect(exprOf('a + f(1) ').span).toEqual({ file: 0, start: 5, end: 13 })
  expect(exprOf('  [1]  [0]').span).toEqual({ file: 0, start: 7, end: 15 })
})
