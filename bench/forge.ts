// `npm run bench -- forge`: what an iteration of a forge run costs besides the model and verify, in process and through the
// interpreted state machine; what checkpoints cost next to plain git; how large the context of an iteration is.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runForge } from '../agents/forge/run.ts'
import { startForge } from '../agents/forge/start.ts'
import type { ModelRequest } from '../agents/ports/model.ts'
import { estimateRequest } from '../agents/turn/tokens.ts'
import type { World } from '../agents/world.ts'
import { forgeStep } from '../lambda/steps/forge-step.ts'
import { inlineDriver } from '../runtime/forge-drivers.ts'
import { createAslDriver } from '../runtime/local-forge.ts'
import { readSettings } from '../runtime/settings.ts'
import { createSystem } from '../runtime/system.ts'
import { treeCheckpoints } from '../stores/tree/checkpoints.ts'
import { moduleOf } from './machine/machines.ts'

const ITERATIONS = 600
const WINDOW = 50
const scratch = mkdtempSync(join(tmpdir(), 'neam-bench-'))
const path = process.env.PATH ?? ''

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
const ms = (value: number) => `${value.toFixed(1)} ms`.padStart(11)

/** A forge agent whose model answers at once; `requests` are those it got. */
async function builder(name: string, verify: string, loop: string) {
  const directory = join(scratch, name)
  mkdirSync(join(directory, 'work'), { recursive: true })
  const requests: ModelRequest[] = []
  const { world } = await createSystem({
    module: moduleOf(`fun verify_it(ctx) { ${verify} }
      forge agent Builder { provider: "offline" model: "offline" verify: verify_it workspace: "./work"
        system: "You are a code builder." loop { ${loop} } }`),
    environment: { PATH: path, NEAM_AUDIT_SINK: 'none' },
    settings: readSettings({ NEAM_AUDIT_SINK: 'none' }, directory),
    forgeDriver: inlineDriver,
    output: { emit: () => {}, print: () => {}, warn: () => {} },
  })
  const provided: World = Object.assign(Object.create(world), {
    models: {
      for: async () => ({
        free: true,
        complete: async (request: ModelRequest) => {
          requests.push(request)
          const usage = { inputTokens: 1, outputTokens: 1, cachedTokens: 0, estimated: false }
          return { text: 'Done.', toolCalls: [], usage, stopReason: 'stop' as const }
        },
      }),
    },
  })
  return { directory, requests, world: provided }
}

/** Milliseconds between two calls of the model are one iteration: the model itself takes none. */
function report(what: string, times: readonly number[], cpuMs: number): void {
  const spans = times.slice(1).map((time, at) => time - times[at]!)
  const first = median(spans.slice(0, WINDOW))
  const last = median(spans.slice(-WINDOW))
  console.log(
    `${what.padEnd(34)}${ms(first)}${ms(last)}${ms(cpuMs / times.length)}   (goal: 15 ms, no growth)`,
  )
}

const ENDLESS = `max_iterations: ${ITERATIONS} max_tokens: 100000000`
console.log(
  `${'an iteration, wall'.padEnd(34)}${`1-${WINDOW}`.padStart(11)}${`${ITERATIONS - WINDOW}-${ITERATIONS}`.padStart(11)}${'CPU'.padStart(11)}`,
)

async function timed(
  what: string,
  drive: (world: World, tick: () => void) => Promise<unknown>,
): Promise<void> {
  const { world } = await builder(what.replaceAll(' ', '-'), 'return "again";', ENDLESS)
  const times: number[] = []
  const before = process.cpuUsage()
  await drive(world, () => times.push(performance.now()))
  const { user, system } = process.cpuUsage(before)
  report(what, times, (user + system) / 1000)
}

await timed('in process', async (world, tick) => {
  await runForge(world, 'Builder', { onIteration: tick })
})
await timed('interpreted state machine', async (world, tick) => {
  const driver = createAslDriver({
    definition: readFileSync(new URL('../statemachine/forge-run.asl.json', import.meta.url), 'utf8'),
    step: async (event) => {
      tick()
      return await forgeStep(world, event)
    },
    wait: async () => {
      throw new Error('nothing here asks a person')
    },
    onError: (_run, error) => {
      throw error
    },
  })
  await driver.start(await startForge(world, { agent: 'Builder', driver: driver.kind }))
  await driver.idle()
})

// A checkpoint after one file of the workspace changed, and the mark that a crash goes back to.
console.log(
  `\n${'checkpoint, one file changed'.padEnd(34)}${['mark', 'keep', 'restore', 'plain git'].map((one) => one.padStart(11)).join('')}`,
)
const clocked = async (work: () => unknown): Promise<number> => {
  const started = performance.now()
  await work()
  return performance.now() - started
}

for (const files of [10, 1000, 10_000]) {
  for (const strategy of ['git', 'snapshot'] as const) {
    const workspace = join(scratch, `${strategy}-${files}`)
    mkdirSync(workspace)
    const checkpoint = treeCheckpoints({
      stateDir: join(scratch, 'state'),
      clock: { now: Date.now },
      path,
    }).open(strategy, workspace, 'Builder')
    await checkpoint.prepare('RUN', [])
    for (let at = 0; at < files; at++) {
      const folder = join(workspace, `d${Math.floor(at / 100)}`)
      mkdirSync(folder, { recursive: true })
      writeFileSync(join(folder, `f${at}.txt`), `file ${at}\n`.repeat(20))
    }
    const keep = (iteration: number) =>
      checkpoint.keep({ run: 'RUN', iteration, task: `task ${iteration}`, cost: 0, tokens: 0 })
    await checkpoint.mark('RUN', 1)
    await keep(1)
    const change = (text: string) => writeFileSync(join(workspace, 'd0/f0.txt'), text)
    const mark = await clocked(() => checkpoint.mark('RUN', 2))
    change('broken\n')
    const restore = await clocked(() => checkpoint.restore('RUN', 2))
    change('two\n')
    const kept = await clocked(() => keep(2))
    const git = (...args: string[]) =>
      execFileSync('git', ['-c', 'user.name=A', '-c', 'user.email=a@b.c', ...args], {
        cwd: workspace,
        stdio: 'pipe',
      })
    change('three\n')
    const plain =
      strategy === 'git'
        ? await clocked(() => {
            git('add', '-A')
            git('commit', '-qm', 'three')
          })
        : null
    const cells = [mark, kept, restore].map(ms).join('') + (plain === null ? '' : ms(plain))
    console.log(`${`${strategy}, ${files} files`.padEnd(34)}${cells}`)
  }
}

// The context of an iteration is fresh: what is done is counted, not carried along.
const { directory, requests, world } = await builder(
  'context',
  'return true;',
  'max_iterations: 30 plan_file: "plan.txt" progress_file: "progress.jsonl"',
)
const tasks = Array.from({ length: 30 }, (_, at) => `Write the module number ${at + 1} and its tests`)
writeFileSync(join(directory, 'work/plan.txt'), tasks.join('\n'))
await runForge(world, 'Builder')
const size = (iteration: number) =>
  estimateRequest(requests[iteration - 1]!.messages, requests[iteration - 1]!.tools)
console.log(
  `\ncontext at iteration 1: ${size(1)} tokens, at 12: ${size(12)}, at 25: ${size(25)}, at 30: ${size(30)}`,
)

rmSync(scratch, { recursive: true })
