// `npm run bench -- vm`: the machine that runs Neam next to V8 running the same program as JavaScript, in one process, in
// turns, and next to QuickJS and Lua (both as WebAssembly) after `npm ci --prefix bench/peers`. Read the ratios.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { encode } from '../bytecode/codec.ts'
import { lazyBuiltins, ROOT } from '../scripts/bundle.ts'
import { RecordingHost } from '../test/support/recording-host.ts'
import { best, geometricMean } from './machine/cpu.ts'
import { type Machine, moduleOf, NEAM, peers, programOf, V8 } from './machine/machines.ts'
import { type BenchProgram, PROGRAMS } from './machine/programs.ts'

const ROUNDS = 5
const PEER_ROUNDS = 3
const ms = (value: number): string => `${value.toFixed(1)} ms`.padStart(10)
const times = (value: number): string => `${value.toFixed(1)}x`.padStart(8)

const { machines, missing } = await peers()
const ratios = new Map<string, number[]>()

async function measure(program: BenchProgram, machine: Machine, rounds: number) {
  const run = await machine.load(program)
  return await best(run, rounds)
}

console.log(
  `${'program'.padEnd(30)}${'V8'.padStart(10)}${'Neam'.padStart(10)}${'ratio'.padStart(8)}${machines.map(({ name }) => name.padStart(9)).join('')}`,
)
for (const program of PROGRAMS) {
  const native = await measure(program, V8, ROUNDS)
  const cells = [ms(native.ms)]
  for (const machine of [NEAM, ...machines]) {
    const { ms: spent, result } = await measure(program, machine, machine === NEAM ? ROUNDS : PEER_ROUNDS)
    if (native.result !== result) {
      throw new Error(`${program.name}: V8 says ${native.result}, ${machine.name} ${result}`)
    }
    const ratio = spent / native.ms
    ratios.set(machine.name, [...(ratios.get(machine.name) ?? []), ratio])
    cells.push(machine === NEAM ? `${ms(spent)}${times(ratio)}` : ` ${times(ratio)}`)
  }
  console.log(`${program.name.padEnd(30)}${cells.join('')}`)
}
const means = [NEAM, ...machines].map(({ name }) => `${name} ${geometricMean(ratios.get(name)!).toFixed(2)}x`)
console.log(`geometric mean: ${means.join(', ')} (goal: 2.5x, no program over 8x)`)
if (missing.length > 0) {
  console.log(`not compared with ${missing.join(' and ')}: npm ci --prefix bench/peers installs them`)
}

// Calls of the host: what a program pays to reach the world.
async function perCall(text: string, count: number): Promise<number> {
  const host = new RecordingHost()
  host.workspace.read = () => Promise.resolve('x')
  const spent = async (body: string): Promise<number> => {
    const program = programOf(`fun bench(n) { let i = 0; while (i < n) { ${body} i = i + 1; } return i; }`)
    const activation = program.activate(host)
    return (await best(() => activation.call(activation.global('bench')!, [count]), ROUNDS)).ms
  }
  return (((await spent(`${text};`)) - (await spent(''))) * 1e6) / count
}
const atOnce = await perCall('env_get("X")', 1_000_000)
const laterOn = await perCall('workspace_read("x")', 100_000)
console.log(`host call, answered at once: ${atOnce.toFixed(0)} ns (goal 30)`)
console.log(`host call, answered later: ${(laterOn / 1000).toFixed(2)} microseconds (goal 0.25)`)

// Loading `.neamb` and saying hello, next to a Node that only says hello.
const STARTS = 15
const scratch = mkdtempSync(join(tmpdir(), 'neam-bench-'))
await build({
  absWorkingDir: ROOT,
  entryPoints: ['bench/machine/hello.ts'],
  outdir: scratch,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  splitting: true,
  minify: true,
  platform: 'node',
  format: 'esm',
  plugins: [lazyBuiltins],
})
writeFileSync(join(scratch, 'hello.neamb'), encode(moduleOf('{ emit "hello"; }')))
// as bin/launch.js starts every program
writeFileSync(
  join(scratch, 'start.mjs'),
  'process.getBuiltinModule("node:module").enableCompileCache("cache");await import("./hello.mjs")',
)
const PLAIN = 'console.log("hello");const u=process.cpuUsage();console.error("cpu "+(u.user+u.system))'
writeFileSync(join(scratch, 'plain.mjs'), PLAIN)

function startOnce(args: readonly string[]): number {
  const { stdout, stderr } = spawnSync(process.execPath, [...args], { cwd: scratch, encoding: 'utf8' })
  if (stdout !== 'hello\n') throw new Error(stderr)
  return Number(/cpu (\d+)/.exec(stderr)![1]) / 1000
}
const starts: { readonly neam: number; readonly plain: number }[] = []
for (let i = 0; i < STARTS; i += 1) {
  starts.push({ neam: startOnce(['start.mjs', 'hello.neamb']), plain: startOnce(['plain.mjs']) })
}
const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
const over = median(starts.map(({ neam }) => neam)) - median(starts.map(({ plain }) => plain))
console.log(`load a .neamb and say hello: ${over.toFixed(1)} ms CPU over plain Node (goal 6)`)
rmSync(scratch, { recursive: true })
