import { describe, expect, test } from '@jest/globals'
import { analyseText, places } from '../support/analyse.ts'

const codes = (text: string) => places(analyseText(text)).map((place) => place.split(' ')[0])

describe('these names are known', () => {
  test.each([
    ['a global that is declared later', 'fun f() { return later; } let later = 1;'],
    ['a function that is declared later', 'emit f(); fun f() { return 1; }'],
    ['a function that is declared later in the same block', '{ emit f(); fun f() { return 1; } }'],
    [
      'functions of a block that call each other',
      '{ fun a(n) { return b(n); } fun b(n) { return a(n); } a(1); }',
    ],
    ['what a block captures', '{ let a = 1; { emit a; } let f = fn() => a; f(); }'],
    ['the variables of a loop', 'for ((k, v) in {}) { emit k + v; }'],
    [
      'the parts of a list, a tuple and a map',
      'let [a, ...b] = [1]; let (c, d) = (1, 2); let {e} = {}; emit [a, b, c, d, e];',
    ],
    [
      'the names of a pattern, in guard and body',
      'match VerifyResult.Done("x") { Done(m) if m != nil => m, _ => nil }',
    ],
    ['the error of a catch', 'try { throw 1; } catch (e) { emit e; }'],
    ['self and parameters of a method', 'struct P { x } impl P { fn add(self, n) { return self.x + n; } }'],
    ['the parameters of an impl and of a handler', 'guard g { on_input(text) { return text; } }'],
    [
      'skills, agents and types',
      'agent A { provider: "openai" model: "m" } emit [A, VerifyResult, read_file];',
    ],
    [
      'built-in functions, and variables that hide them',
      'let str = "x"; emit str; fun f(input) { return len(input); } f("");',
    ],
    ['a lambda that calls itself by its global name', 'let f = fn(n) { f(n) };'],
    ['a name that is declared again', 'let r = 1; let r = r + 1; { let r = r; emit r; }'],
    ['VM types in patterns', 'match Some(1) { Some(x) => x, None => 0 }'],
  ])('%s', (_claim, text) => {
    expect(places(analyseText(text))).toEqual([])
  })
})

describe('these are not', () => {
  test.each([
    ['a name of a block, after it', '{ let a = 1; } emit a;'],
    ['a name of a block, before it', '{ emit a; let a = 1; }'],
    ['the variable of a loop, after it', 'for (i in [1]) {} emit i;'],
    ['the names of a pattern in another arm', 'match nil { Done(m) => m, _ => m }'],
    ['a parameter of another function', 'fun f(x) {} emit x;'],
    ['the error of a catch in its try', 'try { emit e; } catch (e) {}'],
    ['self in a function', 'fun f() { return self; }'],
    ['an assigned name that nothing declares', 'total = 1;'],
    ['a name in the hole of an f-string', 'emit f"{who}";'],
    [
      'a name in an inline verify function',
      'forge agent F { provider: "openai" model: "m" verify: fn(ctx) => x }',
    ],
  ])('%s', (_claim, text) => {
    expect(codes(text)).toEqual(['E5010'])
  })
})

test('warnings do not keep the next phase from running', () => {
  expect(codes('agent A { provider: "mine" model: "m" }\nemit nothing;')).toEqual(['W4103', 'E5010'])
})

test('errors of one phase keep the next from running', () => {
  expect(codes('agent A { provider: "openai" }\nemit nothing; break;')).toEqual(['E4012'])
  expect(codes('emit nothing; break;')).toEqual(['E5010'])
  expect(codes('break;')).toEqual(['E6003'])
})

test('a mistyped skill in a policy is an error, a pattern is not', () => {
  expect(codes('policy p { deny: [exec_comand, "workspace_*"] }')).toEqual(['E5001'])
})
