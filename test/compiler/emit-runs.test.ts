import { describe, expect, test } from '@jest/globals'
import { Program } from '../../vm/program.ts'
import { compileSource } from '../support/compile-source.ts'
import { RecordingHost } from '../support/recording-host.ts'

/** What a program emits. */
async function run(source: string): Promise<string[]> {
  const host = new RecordingHost()
  await Program.link(compileSource(source)).activate(host).runMain()
  return host.lines
}

/** Each program emits these lines. */
const claims = (table: readonly (readonly [claim: string, source: string, lines: readonly string[]])[]) =>
  test.each(table)('%s', async (_claim, source, lines) => {
    expect(await run(source)).toEqual(lines)
  })

describe('leaving a construct from within leaves nothing behind', () => {
  claims([
    [
      'break out of a match inside an argument inside a try inside two loops',
      `fun add(a, b, c) { return a + b + c; }
       for (x in [1, 2]) {
         for (y in [10, 20, 30]) {
           try { emit add(x, y, match y { 20 => { break; }, _ => 0 }); } catch (e) { emit "caught"; }
         }
         emit "next";
       }`,
      ['11', 'next', '12', 'next'],
    ],
    [
      'continue out of a match inside a list literal',
      'for (x in [1, 2, 3]) { emit [x, match x { 2 => continue, _ => x * 10 }]; }',
      ['[1, 10]', '[3, 30]'],
    ],
    [
      'a handler that was left by break, continue or return catches nothing any more',
      `fun left_by_return() { for (x in [1]) { try { return x; } catch (e) { emit "stale"; } } }
       for (x in [1, 2]) { try { if (x == 1) { continue; } break; } catch (e) { emit "stale"; } }
       left_by_return();
       try { throw "own"; } catch (e) { emit e; }`,
      ['own'],
    ],
    [
      'a throw from inside a catch goes to the handler around it',
      `try { try { throw "a"; } catch (e) { throw e + "b"; } } catch (e) { emit e; }`,
      ['ab'],
    ],
    [
      'an error inside an expression finds the stack as it was at the try',
      `fun boom() { throw "x"; }
       fun f() { return 1 + match 1 { _ => { try { boom(); } catch (e) { emit "caught"; } 5 } }; }
       emit f();`,
      ['caught', '6'],
    ],
    [
      'e? returns from the middle of an expression',
      `fun get(ok) { if (ok) { return { "ok": true, "value": 2 }; } return { "ok": false, "error": "no" }; }
       fun f(ok) { return [1, get(ok)?, 3]; }
       emit f(true); emit f(false)["error"];`,
      ['[1, 2, 3]', 'no'],
    ],
    [
      'a return inside try inside a loop of a lambda',
      `let f = fn(xs) { for (x in xs) { try { if (x > 1) { return x; } } catch (e) { } } -1 };
       emit f([1, 2, 3]); emit f([1]);`,
      ['2', '-1'],
    ],
    ['a while loop that is left at once', 'while (true) { break; } emit "after";', ['after']],
  ])
})

describe('match', () => {
  claims([
    ['as a statement that nothing fits does nothing', 'match 3 { 1 => emit "one" } emit "on";', ['on']],
    [
      'as an expression that nothing fits is an error',
      'try { let x = match 3 { 1 => 1 }; } catch (e) { emit e.kind; }',
      ['match'],
    ],
    [
      'at the end of a lambda is its value, nil when nothing fits',
      'let f = fn(x) { match x { 1 => "one" } }; emit f(1); emit f(2);',
      ['one', 'nil'],
    ],
    [
      'a block arm is worth its last expression, a statement arm nil',
      'emit match 1 { 1 => { let a = 2; a * 2 } }; emit match 1 { 1 => { let a = 2; } };',
      ['4', 'nil'],
    ],
    [
      'a guard that says no leaves the subject for the next arm',
      `let r = VerifyResult.Retry("x");
       match r { Retry(f) if f == "y" => emit "guarded", Retry(f) => emit f, _ => emit "rest" }`,
      ['x'],
    ],
    [
      'a pattern with its type fits that type only',
      `sealed A { X(v) } sealed B { X(v, w), Y }
       fun f(v) { return match v { A.X(v) => "a" + v, B.X(v, w) => "b" + w, B.Y => "y", _ => "none" }; }
       emit f(A.X(1)); emit f(B.X(1, 2)); emit f(B.Y); emit f(3);`,
      ['a1', 'b2', 'y', 'none'],
    ],
    [
      'arms behind one that always fits are not reached',
      'match 1 { _ => emit "first", 1 => emit "second" }',
      ['first'],
    ],
    [
      'a binding that a closure captures is one cell for each match',
      `let fs = [];
       for (n in [1, 2]) { match VerifyResult.Done(n) { Done(m) => push(fs, fn() => m) } }
       for (f in fs) { emit f(); }`,
      ['1', '2'],
    ],
    [
      'a match inside the subject and the guard of a match',
      'emit match match 1 { 1 => 2 } { 2 if match 3 { 3 => true } => "deep", _ => "no" };',
      ['deep'],
    ],
  ])
})

describe('closures', () => {
  claims([
    [
      'functions of a block call each other whatever their order',
      `{
         fun even(n) { if (n == 0) { return true; } return odd(n - 1); }
         fun odd(n) { if (n == 0) { return false; } return even(n - 1); }
         emit even(10);
       }`,
      ['true'],
    ],
    [
      'a function of a block is callable before it stands there',
      '{ emit twice(4); fun twice(n) { return n * 2; } }',
      ['8'],
    ],
    [
      'a function of a block may be called before what it captures is declared',
      '{ emit get(); let x = 3; fun get() { return x; } emit get(); x = 4; emit get(); }',
      ['nil', '3', '4'],
    ],
    [
      'a function of a block does not see what is declared below it',
      'let x = "global"; { fun get() { return x; } let x = "local"; emit get(); }',
      ['global'],
    ],
    [
      'functions of a block in a loop capture fresh variables each time',
      `let gets = [];
       for (i in [1, 2]) { let own = i * 10; fun get() { return own; } push(gets, get); own = own + 1; }
       for (get in gets) { emit get(); }`,
      ['11', '21'],
    ],
    [
      'a lambda in a block may call itself by the name it is given',
      '{ let fact = fn(n) { if (n < 2) { return 1; } n * fact(n - 1) }; emit fact(5); }',
      ['120'],
    ],
    [
      'key and value of a loop are captured fresh',
      `let fs = [];
       for ((k, v) in { a: 1, b: 2 }) { push(fs, fn() { v = v + 1; k + v }); }
       emit fs[0](); emit fs[0](); emit fs[1]();`,
      ['a2', 'a3', 'b3'],
    ],
    [
      'a while loop makes a fresh variable for each pass',
      `let fs = []; let i = 0;
       while (i < 3) { let own = i; push(fs, fn() => own); i = i + 1; }
       for (f in fs) { emit f(); }`,
      ['0', '1', '2'],
    ],
    [
      'a name declared twice in a block is one variable, as at the top level',
      '{ let x = 1; let f = fn() => x; let x = 2; emit f(); }',
      ['2'],
    ],
    [
      'a caught error can be captured',
      'let f = nil; try { throw "e"; } catch (err) { f = fn() => err; } emit f();',
      ['e'],
    ],
    [
      'a captured parameter is shared by all that capture it',
      `fun counter(n) { return [fn() { n = n + 1; n }, fn() => n]; }
       let [up, get] = counter(5);
       up(); up();
       emit get();`,
      ['7'],
    ],
    [
      'destructured names can be captured',
      '{ let [a, ...rest] = [1, 2, 3]; let { k } = { "k": 9 }; let f = fn() => [a, rest, k]; emit f(); }',
      ['[1, [2, 3], 9]'],
    ],
    [
      'an inner block shadows, and ends',
      '{ let x = 1; { let x = x + 1; let f = fn() => x; emit f(); } emit x; }',
      ['2', '1'],
    ],
  ])
})

describe('expressions', () => {
  claims([
    [
      'an assignment is worth what it assigns',
      'let a = 0; let m = {}; emit a = m["k"] = m.p = 3; emit [a, m];',
      ['3', '[3, {p: 3, k: 3}]'],
    ],
    ['spreads among items, in order', 'let a = [2, 3]; emit [1, ...a, 4, ...a];', ['[1, 2, 3, 4, 2, 3]']],
    [
      'spreads among entries: the later wins',
      'let m = { x: 1, y: 1 }; emit { y: 0, ...m, x: 2 };',
      ['{y: 1, x: 2}'],
    ],
    ['a spread never changes what it is taken from', 'let a = [1]; let b = [...a, 2]; emit a;', ['[1]']],
    [
      'named payloads come in the order of the fields, computed as written',
      `sealed Pair { Both(a, b) }
       fun say(x) { emit x; return x; }
       emit Pair.Both(b: say(1), a: say(2));`,
      ['1', '2', 'Pair.Both(a: 2, b: 1)'],
    ],
    [
      'and, or give the deciding operand, and stop there',
      'fun no() { throw "no"; } emit nil or 0; emit 0 and "x"; emit false and no();',
      ['0', 'x', 'false'],
    ],
    ['not in', 'emit 3 not in [1, 2];', ['true']],
    ['an f-string without holes, and an empty one', 'emit f"plain"; emit f"";', ['plain', '']],
    ['a pipe into a call', 'fun add(a, b) { return a + b; } emit 1 |> add(2) |> str;', ['3']],
    ['a unit variant with and without parentheses', 'sealed L { Red } emit L.Red == L.Red();', ['true']],
  ])
})

describe('defaults of parameters', () => {
  claims([
    [
      'stand in for what a call leaves out, and for nothing else',
      'fun f(a, b = 2, c = "x") { return [a, b, c]; } emit f(1); emit f(1, nil); emit f(1, 3, 4);',
      ['[1, 2, "x"]', '[1, nil, "x"]', '[1, 3, 4]'],
    ],
    [
      'work for lambdas, methods and functions of blocks',
      `struct P { x }
       impl P { fn plus(self, n = -1) { return self.x + n; } }
       fun outer() { fun inner(a = 1) { return a; } return inner(); }
       emit fn(x = 5) { x }(); emit P(3).plus(); emit P(3).plus(2); emit outer();`,
      ['5', '2', '5', '1'],
    ],
    [
      'a captured parameter gets its default in its cell',
      'fun f(n = 1) { return fn() { n = n + 1; n }; } let up = f(); up(); emit up();',
      ['3'],
    ],
    [
      'are not for parameters before one that must be given',
      'let f = fn(a = 1, b) { b }; try { f(2); } catch (e) { emit e.message; }',
      ['<lambda> takes 2 arguments, got 1'],
    ],
    [
      'a count that fits no default is an error that names the range',
      'let f = fn(a, b = 1) { b }; try { f(); } catch (e) { emit e.message; } try { f(1, 2, 3); } catch (e) { emit e.message; }',
      ['<lambda> takes 1 to 2 arguments, got 0', '<lambda> takes 1 to 2 arguments, got 3'],
    ],
  ])

  test('a verify function may have more parameters when they have defaults', () => {
    const source =
      'fun check(ctx, strict = true) { return strict; }\nforge agent F { provider: "openai" model: "m" verify: check }'
    expect(() => Program.link(compileSource(source))).not.toThrow()
  })
})

test('lists and maps may be written with more elements than the stack is high', async () => {
  const numbers = Array.from({ length: 70_000 }, (_, i) => i)
  const list = `[${numbers}]`
  const map = `{${numbers.map((i) => `k${i}: ${i}`)}}`
  expect(await run(`let a = ${list}; emit len(a); emit a[999:1003]; emit a[-1];`)).toEqual([
    '70000',
    '[999, 1000, 1001, 1002]',
    '69999',
  ])
  expect(await run(`let m = ${map}; emit len(m); emit m.k999 + m.k1000 + m.k69999;`)).toEqual([
    '70000',
    '71998',
  ])
  const spread = numbers.slice(0, 1500)
  expect(await run(`let a = [${spread}, ...[1, 2], 3]; emit len(a); emit a[-4:];`)).toEqual([
    '1503',
    '[1499, 1, 2, 3]',
  ])
})

describe('loading', () => {
  const load = async (source: string, name: string) => {
    const host = new RecordingHost()
    const activation = Program.link(compileSource(source)).activate(host)
    await activation.load()
    return { value: activation.global(name), lines: host.lines }
  }

  test('runs the initialisers and nothing else', async () => {
    const source = 'const A = 2; fun f(x) { return x * A; } emit "no"; let b = f(21); b = 0;'
    expect(await load(source, 'b')).toEqual({ value: 42, lines: [] })
  })

  test('a destructuring sets all its names', async () => {
    expect(await load('let [a, b] = [1, [2]]; let { c } = { "c": a };', 'c')).toEqual({ value: 1, lines: [] })
  })
})

test('a return at the top level ends the program', async () => {
  expect(await run('emit 1; if (true) { return; } emit 2;')).toEqual(['1'])
})
