import { describe, expect, test } from '@jest/globals'
import { analyseText, places } from '../support/analyse.ts'

const codes = (text: string) => places(analyseText(text)).map((place) => place.split(' ')[0])

describe('assignment', () => {
  test('to a const is refused, to a variable that hides it is not', () => {
    expect(codes('const N = 1; fun f() { N = 2; }')).toEqual(['E6001'])
    expect(codes('const N = 1; fun f() { let N = 2; N = 3; return N; }')).toEqual([])
    expect(codes('{ const n = 1; n = 2; }')).toEqual(['E6001'])
  })

  test('to an element or property of anything is left to run time', () => {
    expect(codes('const m = {}; m.a = 1; m["b"] = 2;')).toEqual([])
  })
})

describe('arity', () => {
  test('is not checked where a variable hides the function', () => {
    expect(codes('fun f(a) {} { let f = fn() => 1; f(); }')).toEqual([])
  })

  test('allows for defaults', () => {
    expect(codes('fun f(a, b = 1) {} f(1); f(1, 2);')).toEqual([])
    expect(codes('fun f(a, b = 1) {} f(); f(1, 2, 3);')).toEqual(['E6004', 'E6004'])
  })

  test('counts what a pipe passes', () => {
    expect(codes('fun f(a, b) {} 1 |> f(2); 1 |> f;')).toEqual(['E6004'])
  })

  test('holds for skills, variants and spawn', () => {
    expect(codes('skill s { description: "d" params: { a: int } impl(a) {} } s();')).toEqual(['E6004'])
    expect(codes('VerifyResult.Done("x"); VerifyResult.Done();')).toEqual(['E6004'])
    expect(codes('agent A { provider: "openai" model: "m" } spawn A("x"); spawn A("x", "y");')).toEqual([
      'E6004',
    ])
    expect(codes('LoopOutcome.MaxIterations; LoopOutcome.MaxIterations();')).toEqual([])
  })
})

describe('variants', () => {
  test('of a sealed type may be methods of its impl', () => {
    expect(codes('sealed S { A } impl S { fn make() { return S.A; } } S.make();')).toEqual([])
    expect(codes('sealed S { A } S.make();')).toEqual(['E6005'])
  })

  test('that need a payload may not stand alone', () => {
    expect(codes('let f = VerifyResult.Done;')).toEqual(['E6004'])
  })
})

describe('match', () => {
  const shapes = 'sealed Shape { Circle(r), Dot } let s = Shape.Dot;'

  test('is complete with all variants or a wildcard, arms with a condition not counted', () => {
    expect(codes(`${shapes} match s { Circle(r) => r, Dot => 0 }`)).toEqual([])
    expect(codes(`${shapes} match s { Circle(r) => r, _ => 0 }`)).toEqual([])
    expect(codes(`${shapes} match s { Circle(r) if r > 1 => r, Dot => 0 }`)).toEqual(['W6101'])
  })

  test('may name a variant without its fields', () => {
    expect(codes(`${shapes} match s { Circle => 1, Dot => 0 }`)).toEqual([])
    expect(codes(`${shapes} match s { Circle() => 1, Dot => 0 }`)).toEqual(['E6006'])
  })

  test('with variants of different types is not called incomplete', () => {
    expect(codes(`${shapes} match s { Circle(r) => r, Done(m) => m }`)).toEqual([])
  })

  test('warns of arms that are never reached', () => {
    expect(codes(`${shapes} match s { _ => 1, Dot => 0 }`)).toEqual(['W6102'])
    expect(codes(`${shapes} match s { Circle(r) => r, Circle(q) => q, Dot => 0 }`)).toEqual(['W6102'])
    expect(codes(`${shapes} match s { Circle(r) if r > 1 => r, Circle(q) => q, Dot => 0 }`)).toEqual([])
  })

  test('an arm takes the variants of the type that it names, and those of all types where it names none', () => {
    const two = 'sealed A { X, Y } sealed B { X, Z } let v = A.Y;'
    expect(codes(`${two} match v { A.X => 1, B.X => 2, A.Y => 3, B.Z => 4 }`)).toEqual([])
    expect(codes(`${two} match v { A.X => 1, X => 2, _ => 3 }`)).toEqual([])
    expect(codes(`${two} match v { A.X => 1, B.X => 2, X => 3, _ => 4 }`)).toEqual(['W6102'])
    expect(codes(`${two} match v { X => 1, B.X => 2, _ => 3 }`)).toEqual(['W6102'])
    expect(codes('match Some(1) { Some(a) => a, Some(b) => b, _ => 0 }')).toEqual(['W6102'])
  })
})

test('a verify function takes the context, whatever has a default', () => {
  const verified = (parameters: string) =>
    codes(
      `fun check(${parameters}) { return true; } forge agent F { provider: "openai" model: "m" verify: check }`,
    )
  expect(verified('ctx, strict = true')).toEqual([])
  expect(verified('ctx = nil')).toEqual([])
  // A default before a parameter without one is void.
  expect(verified('strict = true, ctx')).toEqual(['E6009'])
})

test('break and continue know the loop of their own function only', () => {
  expect(codes('while (true) { if (true) break; match 1 { 1 => break, _ => continue } }')).toEqual([])
  expect(codes('while (true) { let f = fn() { continue; }; f(); break; }')).toEqual(['E6003'])
  expect(codes('for (x in []) { fun f() { while (x) { break; } } f(); }')).toEqual([])
})
