// `npm run bench -- compiler`: the whole compiler next to the generated parser alone, on the same text in the same run.
import { createHash } from 'node:crypto'
import { compile } from '../compiler/compile.ts'
import { parse as parserAlone } from '../compiler/syntax/generated/parser.js'
import { NATIVE_NAMES } from '../runtime/natives.ts'

const natives = new Set(NATIVE_NAMES)
const hash = (text: string) => createHash('sha256').update(text).digest('hex')

/** Ten lines of everyday code, again and again under other names. */
const unit = (n: number): string => `fun step_${n}(items, limit) {
  let total = 0;
  for (item in items) {
    if (item.price > limit and item.stock != nil) {
      total = total + item.price * item.count - ${n};
    }
  }
  let names = items.map(fn(x) => x.name + "-" + str(total));
  return { "total": total, "names": names, "text": f"{total} of {len(items)}" };
}
`
const program = (lines: number): string => Array.from({ length: lines / 10 }, (_, n) => unit(n)).join('')

/** Best of several runs, ms: what the work costs when nothing else disturbs it. */
function best(work: () => unknown, runs = 12): number {
  let least = Number.POSITIVE_INFINITY
  for (let run = 0; run < runs; run++) {
    const started = performance.now()
    work()
    least = Math.min(least, performance.now() - started)
  }
  return least
}

const whole = (text: string) => {
  const { module, diagnostics } = compile('bench.neam', (path) => (path === 'bench.neam' ? text : null), {
    natives,
    hash,
  })
  return { module, diagnostics }
}

console.log('lines      parser alone   whole compiler   ratio (goal 2.0)   per line')
for (const lines of [500, 2000, 8000]) {
  const text = program(lines)
  if (whole(text).module === null) throw new Error('the program of the bench does not compile')
  const parser = best(() => parserAlone(text, { file: 0 }))
  const compiler = best(() => whole(text))
  console.log(
    `${String(lines).padEnd(8)} ${parser.toFixed(1).padStart(11)} ms ${compiler.toFixed(1).padStart(13)} ms ${(compiler / parser).toFixed(2).padStart(8)} ${((compiler / lines) * 1000).toFixed(1).padStart(18)} us`,
  )
}

/** Sources that hurt parsers; each must stay under two seconds. */
const PATHOLOGICAL: Readonly<Record<string, string>> = {
  '200 nested parentheses': `emit ${'('.repeat(200)}1${')'.repeat(200)};`,
  '200 nested lists': `emit ${'['.repeat(200)}${']'.repeat(200)};`,
  '100,000 nested brackets': '['.repeat(100_000),
  'a chain of 20,000 operators': `emit ${Array.from({ length: 20_000 }, () => '1').join(' + ')};`,
  'an unterminated string': `let a = 1;\nemit "${'x'.repeat(200_000)}`,
  '2,000 broken declarations': 'agent {\n'.repeat(2000),
  '500 nested ifs': `${'if (true) { '.repeat(250)}emit 1;${' }'.repeat(250)}`,
  'one line of 300 KB': `emit [${Array.from({ length: 60_000 }, (_, n) => n).join(', ')}];`,
}
console.log('\npathological sources (goal: 2,000 ms each)')
for (const [name, text] of Object.entries(PATHOLOGICAL)) {
  console.log(
    `  ${name.padEnd(32)} ${best(() => whole(text), 1)
      .toFixed(0)
      .padStart(6)} ms`,
  )
}
