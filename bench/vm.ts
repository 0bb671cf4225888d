// `npm run bench -- vm`: programs on the VM next to native JavaScript that does the same work, in the same run.
import { createHash } from 'node:crypto'
import { compile } from '../compiler/compile.ts'
import { NATIVE_NAMES } from '../runtime/natives.ts'
import { RecordingHost } from '../test/support/recording-host.ts'
import { Program } from '../vm/program.ts'

interface Subject {
  readonly name: string
  /** Declares `bench()`, which answers the result. */
  readonly neam: string
  readonly native: () => unknown
}

const fib = (n: number): number => (n < 2 ? n : fib(n - 1) + fib(n - 2))

const SUBJECTS: readonly Subject[] = [
  {
    name: 'fib(27)',
    neam: 'fun fib(n) { if (n < 2) { return n; } return fib(n - 1) + fib(n - 2); } fun bench() { return fib(27); }',
    native: () => fib(27),
  },
  {
    name: 'loop of 10M additions',
    neam: 'fun bench() { let sum = 0; let i = 0; while (i < 10000000) { sum = sum + i; i = i + 1; } return sum; }',
    native: () => {
      let sum = 0
      let i = 0
      while (i < 10_000_000) {
        sum = sum + i
        i = i + 1
      }
      return sum
    },
  },
  {
    name: 'sieve to 1M',
    neam: `fun bench() {
      let composite = [];
      let i = 0;
      while (i <= 1000000) { push(composite, false); i = i + 1; }
      let count = 0;
      let n = 2;
      while (n <= 1000000) {
        if (not composite[n]) {
          count = count + 1;
          let m = n * n;
          while (m <= 1000000) { composite[m] = true; m = m + n; }
        }
        n = n + 1;
      }
      return count;
    }`,
    native: () => {
      const composite: boolean[] = []
      for (let i = 0; i <= 1_000_000; i++) composite.push(false)
      let count = 0
      for (let n = 2; n <= 1_000_000; n++) {
        if (composite[n]) continue
        count++
        for (let m = n * n; m <= 1_000_000; m += n) composite[m] = true
      }
      return count
    },
  },
  {
    name: '5M closure calls',
    neam: `fun bench() {
      let sum = 0;
      let add = fn(n) { sum = sum + n; nil };
      let i = 0;
      while (i < 5000000) { add(i); i = i + 1; }
      return sum;
    }`,
    native: () => {
      let sum = 0
      const add = (n: number) => {
        sum = sum + n
      }
      for (let i = 0; i < 5_000_000; i++) add(i)
      return sum
    },
  },
  {
    name: 'map: 500k inserts and lookups',
    neam: `fun bench() {
      let m = {};
      let i = 0;
      while (i < 500000) { m["k" + i] = i; i = i + 1; }
      let sum = 0;
      i = 0;
      while (i < 500000) { sum = sum + m["k" + i]; i = i + 1; }
      return sum;
    }`,
    native: () => {
      const m = new Map<string, number>()
      for (let i = 0; i < 500_000; i++) m.set(`k${i}`, i)
      let sum = 0
      for (let i = 0; i < 500_000; i++) sum += m.get(`k${i}`)!
      return sum
    },
  },
  {
    name: 'sort 200k by a comparator',
    neam: `fun bench() {
      let xs = [];
      let x = 1;
      let i = 0;
      while (i < 200000) { x = (x * 16807) % 2147483647; push(xs, x); i = i + 1; }
      return xs.sort_by(fn(a, b) => a - b)[0];
    }`,
    native: () => {
      const xs: number[] = []
      let x = 1
      for (let i = 0; i < 200_000; i++) {
        x = (x * 16_807) % 2_147_483_647
        xs.push(x)
      }
      return xs.sort((a, b) => a - b)[0]
    },
  },
  {
    name: 'build and join 200k strings',
    neam: `fun bench() {
      let parts = [];
      let i = 0;
      while (i < 200000) { push(parts, "item " + i); i = i + 1; }
      return len(parts.join(","));
    }`,
    native: () => {
      const parts: string[] = []
      for (let i = 0; i < 200_000; i++) parts.push(`item ${i}`)
      return parts.join(',').length
    },
  },
]

function programOf(source: string): Program {
  const { module, diagnostics } = compile('bench.neam', (path) => (path === 'bench.neam' ? source : null), {
    natives: new Set(NATIVE_NAMES),
    hash: (text) => createHash('sha256').update(text).digest('hex'),
  })
  if (module === null) throw new Error(JSON.stringify(diagnostics))
  return Program.link(module)
}

const ROUNDS = 5

/** CPU of one call, ms, and its result. */
async function measured(work: () => unknown): Promise<{ readonly ms: number; readonly result: unknown }> {
  const from = process.cpuUsage()
  const result = await work()
  const { user, system } = process.cpuUsage(from)
  return { ms: (user + system) / 1000, result }
}

const ratios: number[] = []
console.log('program                             VM        native    ratio (goal 2.5 in the mean, 8 at most)')
for (const { name, neam, native } of SUBJECTS) {
  const program = programOf(neam)
  const vm = async () => {
    const activation = program.activate(new RecordingHost())
    await activation.load()
    return await activation.call(activation.global('bench')!, [])
  }
  let ours = Number.POSITIVE_INFINITY
  let theirs = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS; round++) {
    const [a, b] = [await measured(vm), await measured(native)]
    if (a.result !== b.result) throw new Error(`${name}: the VM says ${a.result}, native ${b.result}`)
    ours = Math.min(ours, a.ms)
    theirs = Math.min(theirs, b.ms)
  }
  ratios.push(ours / theirs)
  console.log(
    `${name.padEnd(30)} ${ours.toFixed(1).padStart(7)} ms ${theirs.toFixed(1).padStart(9)} ms ${(ours / theirs).toFixed(1).padStart(8)}`,
  )
}
const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length)
console.log(`geometric mean ${mean.toFixed(1)}`)
