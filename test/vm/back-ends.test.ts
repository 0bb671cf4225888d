import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Module } from '../../bytecode/module.ts'
import { type Limits, Program, ProgramError } from '../../vm/program.ts'
import { assemble } from '../support/assemble.ts'
import { compileSource } from '../support/compile-source.ts'
import { randomProgram } from '../support/random-program.ts'
import { RecordingHost } from '../support/recording-host.ts'

interface Observed {
  readonly lines: readonly string[]
  readonly calls: readonly string[]
  readonly error: unknown
}

/** All that one run shows to the outside. */
async function observe(program: Program, limits: Partial<Limits>, later: boolean): Promise<Observed> {
  const host = new RecordingHost()
  host.later = later
  let error: unknown = null
  try {
    await program.activate(host, limits).runMain()
  } catch (caught) {
    if (!(caught instanceof ProgramError)) throw caught
    error = { kind: caught.kind, message: caught.message, trace: caught.trace }
  }
  return { lines: host.lines, calls: host.calls, error }
}

/** Never, at once, and in the middle of things. */
const TRANSLATED_AFTER = [0, 2, 7]

/** Everything a program shows is the same however much of it runs as JavaScript. */
async function sameOnBoth(module: Module, limits: Partial<Limits>): Promise<void> {
  const interpreted = Program.link(module, Number.POSITIVE_INFINITY)
  for (const later of [false, true]) {
    const expected = await observe(interpreted, limits, later)
    for (const hotAfter of TRANSLATED_AFTER) {
      expect(await observe(Program.link(module, hotAfter), limits, later)).toEqual(expected)
    }
  }
}

const PROGRAMS: readonly (readonly [claim: string, source: string])[] = [
  [
    'on calls of a skill whose result is text of strangers, of which the host hears each time',
    `skill page { description: "Reads" params: { n: int } untrusted: true impl(n) { return n * 2; } }
     fun f(n) { let sum = 0; for (x in range(n)) { sum = sum + page(x); } return sum; }
     { emit f(9); emit [1, 2].map(page); }`,
  ],
  [
    'on a loop that is taken over inside a TRY, which leaves no handler behind',
    `fun f() { let i = 0; try { while (i < 9) { i = i + 1; } } catch (e) { emit "never"; } return i; }
     fun g() { throw "from g"; }
     { emit f(); g(); }`,
  ],
  [
    'on an error in a loop that is taken over inside two TRYs',
    `fun f(n) {
       let seen = [];
       try { for (x in range(n)) { try { push(seen, 10 / (4 - x)); } catch (e) { push(seen, e.line); throw "again"; } } }
       catch (e) { push(seen, e); }
       return seen;
     }
     { emit f(9); }`,
  ],
  [
    'on nested loops that are taken over in the middle',
    `fun f() {
       let sum = 0;
       for (a in range(4)) {
         for (b in [1, 2, 3]) {
           let c = 0;
           while (c < 5) { c = c + 1; if (c == 4) { continue; } if (a * b > 5) { break; } sum = sum + a * b * c; }
         }
         for (k, v in {"p": 1, "q": 2}) { sum = sum + v; }
       }
       return sum;
     }
     { emit f(); }`,
  ],
  [
    'on recursion to the limit of depth, and on what can be done after it',
    `fun down(n) { return n + down(n + 1); }
     fun ok(n) { if (n < 1) { return 0; } return 1 + ok(n - 1); }
     { try { down(0); } catch (e) { emit e; emit e.line; } emit ok(40); }`,
  ],
  [
    'on callbacks of natives that wait, throw and go too deep',
    `agent Helper { provider: "openai" model: "gpt-4o" }
     fun deep(n) { return [n].map(fn(x) => deep(x + 1)); }
     {
       emit [3, 1, 2].map(fn(x) => Helper.ask(str(x)));
       emit [3, 1, 2].sort_by(fn(a, b) { if (a == 2) { Helper.ask("2"); } return a - b; });
       try { [1].map(fn(x) { throw x; }); } catch (e) { emit e; }
       try { deep(0); } catch (e) { emit e; }
     }`,
  ],
  [
    'on closures over loop variables and parameters',
    `fun make(n) { let all = []; for (i in range(n)) { let j = i; push(all, fn() { j = j + n; return [i, j]; }); } return all; }
     { for (f in make(3)) { f(); emit f(); } }`,
  ],
]

describe('the interpreter and JavaScript agree', () => {
  test.each(PROGRAMS)('%s', async (_claim, source) => {
    await sameOnBoth(compileSource(source), { maxDepth: 60 })
  })

  test('on code that no compiler of ours makes', async () => {
    const main = (text: string) => assemble(`fun main locals=1\n ${text}`)
    // a value below a TRY; a slot that changes between its reading and its use
    await sameOnBoth(
      main(`CONST "kept"\n SET_LOCAL 0\n GET_LOCAL 0\n TRY caught\n CONST 1\n THROW
        caught:\n FORMAT 2\n EMIT\n NIL\n RETURN`),
      {},
    )
    await sameOnBoth(
      main('CONST "old"\n SET_LOCAL 0\n GET_LOCAL 0\n CONST "new"\n SET_LOCAL 0\n EMIT\n NIL\n RETURN'),
      {},
    )
  })

  test('on programs that compute for long and pause', async () => {
    const source = `
      fun fib(n) { if (n < 2) { return n; } return fib(n - 1) + fib(n - 2); }
      { let sum = 0; for (i in range(900)) { let j = 0; while (j < 100) { j = j + 1; sum = sum + j; } } emit sum; emit fib(18); }`
    const slow = async (hotAfter: number) => {
      const host = new RecordingHost()
      host.later = true
      let pauses = 0
      // every look at the clock finds that a turn is over
      host.now = () => (host.time += 100)
      host.sleep = async () => {
        pauses += 1
      }
      await Program.link(compileSource(source), hotAfter).activate(host).runMain()
      return { lines: host.lines, paused: pauses > 5 }
    }
    for (const hotAfter of [Number.POSITIVE_INFINITY, ...TRANSLATED_AFTER]) {
      expect(await slow(hotAfter)).toEqual({ lines: ['4545000', '2584'], paused: true })
    }
  })

  test('on random programs, with their errors, traces, limits and waits', async () => {
    const limits = fc.record({
      fuel: fc.constantFrom(300, 3000, 20_000),
      maxDepth: fc.constantFrom(3, 10, 60),
      maxItems: fc.constantFrom(6, 5000),
      maxTextLength: fc.constantFrom(40, 5000),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(10_000), { minLength: 40, maxLength: 300 }),
        limits,
        async (choices, some) => {
          await sameOnBoth(compileSource(randomProgram(choices)), some)
        },
      ),
      { numRuns: Number(process.env.NEAM_FUZZ_RUNS ?? 400), seed: Number(process.env.NEAM_FUZZ_SEED ?? 11) },
    )
  })
})
