// The minimum conformance set of the language: 28 items, a test each, written against the public parts only.
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { verdictOf } from '../../agents/forge/verify.ts'
import { runProgram } from '../../agents/run-program.ts'
import { decode, encode } from '../../bytecode/codec.ts'
import { ModuleError } from '../../bytecode/module-error.ts'
import { renderAll } from '../../compiler/diagnostics/render.ts'
import { SourceFile } from '../../compiler/source/source-file.ts'
import type { AgentNode } from '../../compiler/syntax/ast.ts'
import { parse } from '../../compiler/syntax/parse.ts'
import { Program, ProgramError } from '../../vm/program.ts'
import type { Value } from '../../vm/values/value.ts'
import { analyseText, places } from '../support/analyse.ts'
import { compileSource } from '../support/compile-source.ts'
import { RecordingHost } from '../support/recording-host.ts'
import { ScriptedModel, says } from '../support/scripted-model.ts'
import { testWorld } from '../support/world.ts'

const folder = new URL('./programs/', import.meta.url)
const source = (name: string): string => readFileSync(new URL(name, folder), 'utf8')

/** What a program prints, run from its bytes. */
async function prints(text: string): Promise<readonly string[]> {
  const host = new RecordingHost()
  await Program.link(decode(encode(compileSource(text))))
    .activate(host)
    .runMain()
  return host.lines
}

/** What a function of a program answers. */
const call = (text: string, name: string, ...args: Value[]): Value => {
  const activation = Program.link(compileSource(text)).activate(new RecordingHost())
  return activation.call(activation.global(name)!, args) as Value
}

const errors = (text: string): readonly string[] => places(analyseText(text))
const agent = (text: string) => {
  const { program, diagnostics } = analyseText(text)
  expect(diagnostics).toEqual([])
  return program!.agents[0]
}

/** A text with the fields of its agents in the opposite order. */
function fieldsReversed(text: string): string {
  const { items } = parse(new SourceFile('a.neam', text), 0).program
  const agents = items.filter((item): item is AgentNode => item.kind === 'agent')
  return agents.reduceRight((changed, { fields }) => {
    const [first, last] = [fields[0]!.span.start, fields.at(-1)!.span.end]
    const turned = fields.map(({ span }) => text.slice(span.start, span.end)).reverse()
    return changed.slice(0, first) + turned.join('\n  ') + changed.slice(last)
  }, text)
}

const CLAW = 'channel c { type: "cli" }\nclaw agent A { provider: "openai" model: "m" channels: [c]'
const FORGE = 'fun check(ctx) { return true; }\nforge agent B { provider: "openai" model: "m" verify: check'

const held: number[] = []
/** One line of the list. */
function item(number: number, claim: string, run: () => void | Promise<void>): void {
  held.push(number)
  test(`${number} ${claim}`, run)
}

describe('the minimum conformance set', () => {
  item(1, 'all agent blocks of the chapters are read, their fields in any order', () => {
    const programs = readdirSync(folder).filter((name) => name.endsWith('.neam'))
    const withAgents = programs.map(source).filter((text) => /^(?:claw |forge )?agent /m.test(text))
    expect(withAgents.length).toBeGreaterThan(15)
    for (const text of withAgents) {
      const turned = fieldsReversed(text)
      expect(turned).not.toBe(text)
      const [asPrinted, reversed] = [analyseText(text), analyseText(turned)]
      expect(reversed.diagnostics.map(({ code }) => code).sort()).toEqual(
        asPrinted.diagnostics.map(({ code }) => code).sort(),
      )
      expect(reversed.program?.agents).toEqual(asPrinted.program?.agents)
    }
  })

  item(2, 'loop stands with and without a colon, checkpoint in quotes and bare', () => {
    const wanted = { loop: { maxIterations: 7 }, checkpoint: 'git' }
    expect(agent(`${FORGE} loop { max_iterations: 7 } checkpoint: "git" }`)).toMatchObject(wanted)
    expect(agent(`${FORGE} loop: { max_iterations: 7 } checkpoint: git }`)).toMatchObject(wanted)
  })

  item(3, 'lanes hold default and others, with commas or none', () => {
    const lanes = [
      { name: 'default', concurrency: 4, priority: 'normal' },
      { name: 'vip', concurrency: 2, priority: 'high' },
      { name: 'batch', concurrency: 1, priority: 'low' },
    ]
    const printed = `channel cli_ch { type: "cli" }\n${source('ch24-09-lanes.neam')}`
    expect(agent(printed)).toMatchObject({ lanes })
    const between = printed.replace(/"(normal|high)" \}/g, '"$1" },')
    expect(between).not.toBe(printed)
    expect(agent(between)).toMatchObject({ lanes })
    expect(agent(printed.replace(/(\d), priority/g, '$1 priority'))).toMatchObject({ lanes })
  })

  item(4, 'a string over lines keeps its newlines', async () => {
    expect(await prints('emit len("a\nb\n\nc"); emit "x\ny";')).toEqual(['6', 'x\ny'])
  })

  item(5, 'a triple string holds newlines and lone quotes', async () => {
    expect(await prints('emit """\n  one "two"\n    three\n  """;')).toEqual(['one "two"\n  three'])
  })

  item(6, 'an f-string holds members, keys, dollars, apostrophes, \\n and holes side by side', async () => {
    expect(
      await prints(
        `let o = {"k": 1, n: {m: 2}}; let p = 3.5;\nemit f"{o.n.m} {o['k']} \${p} 5% it's\\n{o['k']}{p}{'q'}";`,
      ),
    ).toEqual(["2 1 $3.5 5% it's\n13.5q"])
  })

  item(7, 'an impl may stand before its agent', () => {
    expect(
      agent(`impl Monitorable for A { fn baseline(self) { return {}; } fn on_anomaly(self, e) { return nil; } }
${CLAW} }`),
    ).toMatchObject({ traits: ['Monitorable'] })
  })

  item(8, 'a struct is built by name over several lines and prints as N(a: 1, b: 2)', async () => {
    expect(await prints('struct N { a: int, b: int }\nlet n = N(\n  a: 1,\n  b: 2\n);\nemit n;')).toEqual([
      'N(a: 1, b: 2)',
    ])
  })

  item(9, 'match takes block and emit arms, a trailing comma or none, and no semicolon', async () => {
    const program = (comma: string) => `sealed S { A(x), B }
for (s in [S.A(1), S.B]) {
  match s {
    A(x) => { let y = x + 1; emit y; },
    B => emit "b"${comma}
  }
}
emit "end";`
    expect(await prints(program(','))).toEqual(['2', 'b', 'end'])
    expect(await prints(program(''))).toEqual(['2', 'b', 'end'])
  })

  item(10, 'm[k] != nil is false for a missing key', async () => {
    expect(await prints('let m = {"a": 1}; emit m["b"] != nil; emit m["a"] != nil;')).toEqual([
      'false',
      'true',
    ])
  })

  item(11, 'and stops before its right side', async () => {
    expect(
      await prints(
        'for (x in [nil, "", "a"]) { if (x != nil and len(x) > 0) { emit x; } else { emit "no"; } }',
      ),
    ).toEqual(['no', 'no', 'a'])
  })

  item(12, 'a string joins with anything on either side', async () => {
    expect(
      await prints('let m = {"k": "v"}; emit "a" + m["k"]; emit "n" + 5; emit 5 + "n"; emit "x" + nil;'),
    ).toEqual(['av', 'n5', '5n', 'xnil'])
  })

  item(13, 'maps, lists and what they hold print as the reference says', async () => {
    expect(await prints('emit {k: 1, s: "x"}; emit [1, "a", nil]; emit {l: [{}, [true]]}; emit [];')).toEqual(
      ['{k: 1, s: "x"}', '[1, "a", nil]', '{l: [{}, [true]]}', '[]'],
    )
  })

  item(14, 'let of one name may stand twice at the top level', async () => {
    expect(await prints('let r = 1; emit r; let r = "two"; emit r;')).toEqual(['1', 'two'])
  })

  item(15, 'spawn x("t") and spawn(v, "t") are the same call', async () => {
    const t = testWorld(
      'agent x { provider: "openai" model: "m" }\nlet v = "x"; emit spawn x("t"); emit spawn(v, "t");',
      { model: new ScriptedModel().answer(says('one'), says('two')) },
    )
    await runProgram(t.world, { signal: new AbortController().signal })
    expect(t.emitted).toEqual(['one', 'two'])
    expect(t.model.requests[0]).toEqual(t.model.requests[1])
  })

  item(16, 'a parameter of a skill may be called command', async () => {
    expect(
      await prints(
        'skill sh { description: "d" params: { command: string } impl(command) { return "ran " + command; } }\nemit sh("ls");',
      ),
    ).toEqual(['ran ls'])
  })

  item(17, 'E4001 and E4003 are reported together, each at its word', () => {
    expect(errors(source('ch24-10-bad-bot.neam'))).toEqual(['E4001 6:3', 'E4003 7:3'])
  })

  item(18, 'E0451 refuses a session on a forge agent', () => {
    const { diagnostics, files } = analyseText(source('ch25-08-bad-agent.neam'), {}, 'bad_agent.neam')
    expect(renderAll(diagnostics, files)).toContain(
      "error[E0451]: forge agent cannot use 'session'\n --> bad_agent.neam:6:3\n",
    )
  })

  item(19, 'a function whose body is a comment gives nil', async () => {
    expect(await prints('fun f() {\n  // nothing yet\n}\nemit f();')).toEqual(['nil'])
  })

  item(20, 'the name of a skill that is declared nowhere is an error', () => {
    expect(errors(`${CLAW}\n  skills: [nowhere] }`)).toEqual(['E5001 3:12'])
  })

  item(21, 'arguments may be broken over lines with +', async () => {
    expect(await prints('emit str(\n  f"a {1}" +\n  " b" +\n  " c"\n);')).toEqual(['a 1 b c'])
  })

  item(22, 'verify may answer a variant, true, false, nil or words', () => {
    const verify = (value: string) => verdictOf(call(`fun v(ctx) { return ${value}; }`, 'v', null))
    expect(
      ['VerifyResult.Done("d")', 'VerifyResult.Retry("r")', 'VerifyResult.Abort("a")'].map(verify),
    ).toEqual([
      { kind: 'done', message: 'd' },
      { kind: 'retry', feedback: 'r' },
      { kind: 'abort', reason: 'a' },
    ])
    expect(
      ['true', '"pass"', 'false', 'nil', '"retry"', '"add tests"', '"abort: no"'].map(verify),
    ).toMatchObject([
      { kind: 'done' },
      { kind: 'done' },
      { kind: 'retry' },
      { kind: 'retry' },
      { kind: 'retry', feedback: 'retry' },
      { kind: 'retry', feedback: 'add tests' },
      { kind: 'abort', reason: 'no' },
    ])
  })

  item(23, 'an outcome is matched, read by property and printed', async () => {
    expect(
      await prints(`${FORGE} }
let o = B.run();
match o { Completed(m) => emit m, MaxIterations => emit "max", Aborted(r) => emit r, BudgetExhausted => emit "budget" }
emit o.iterations; emit o.total_cost; emit o.outcome; emit o["message"];
emit o;`),
    ).toEqual([
      'All tasks verified',
      '3',
      '0.0018',
      'completed',
      'All tasks verified',
      '{outcome: "completed", iterations: 3, total_cost: 0.0018, message: "All tasks verified"}',
    ])
  })

  item(24, 'a module survives its bytes; a bad magic and a bad version are refused', () => {
    const module = compileSource(source('ch28-04-agents.neam'))
    const bytes = encode(module)
    expect(decode(bytes)).toEqual(module)
    const refusal = (at: number, byte: number): string => {
      try {
        decode(bytes.map((old, index) => (index === at ? byte : old)))
      } catch (error) {
        if (error instanceof ModuleError) return error.code
        throw error
      }
      return 'accepted'
    }
    expect([refusal(0, 0x58), refusal(4, 0x02)]).toEqual(['bad_magic', 'bad_version'])
  })

  item(25, 'endless recursion is an error that can be caught', async () => {
    expect(await prints('fun f() { return f() + 1; }\ntry { f(); } catch (e) { emit e.kind; }')).toEqual([
      'stack_overflow',
    ])
    await expect(prints('fun f() { return f() + 1; }\nf();')).rejects.toThrow(ProgramError)
  })

  item(26, 'numbers print without noise', async () => {
    expect(await prints('for (n in [3, 3.0, 2.5, 0.0018, 1e6, -0, 1 / 3]) { emit n; }')).toEqual([
      '3',
      '3',
      '2.5',
      '0.0018',
      '1000000',
      '0',
      '0.333333333333',
    ])
  })

  item(27, 'push changes a list that another name sees', async () => {
    expect(await prints('let h = []; let g = h; push(h, {"role": "user"}); emit g; emit len(g);')).toEqual([
      '[{role: "user"}]',
      '1',
    ])
  })

  item(28, 'a guard that returns "block" stops the message before any model call', async () => {
    const t =
      testWorld(`guard g { on_observation(text) { if (text.contains("bad")) { return "block"; } return text; } }
guardchain safe = [g];
${CLAW} guards: [safe] }
try { emit A.ask("bad words"); } catch (e) { emit e.kind; }`)
    await runProgram(t.world, { signal: new AbortController().signal })
    expect(t.emitted).toEqual(['guard_blocked'])
    expect(t.model.requests).toEqual([])
  })

  test('is held whole: no item is skipped', () => {
    expect(held).toEqual(Array.from({ length: 28 }, (_, index) => index + 1))
  })
})
