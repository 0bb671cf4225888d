import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { startOpenAIServer } from '../support/openai-server.ts'
import { runBin } from '../support/program.ts'
import { ROOT } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const PRELOAD = join(ROOT, 'test/support/kill-at-fs.ts')

const PROGRAM = `
skill write_file {
  description: "Writes a file" params: { path: string, content: string }
  impl(path, content) { return workspace_write(path, content); }
}
fun check(ctx) { return workspace_read(ctx.current_task + ".txt") != nil; }
forge agent Builder {
  provider: "openai" model: "gpt-4o" skills: [write_file] verify: check workspace: "work" checkpoint: "git"
  loop: { plan_file: "plan.txt" progress_file: "progress.jsonl" max_iterations: 10 }
}`

/** A folder with the program, and a model that writes the file of the task in hand. */
async function place() {
  const cwd = temporaryDirectory()
  mkdirSync(join(cwd, 'work'))
  writeFileSync(join(cwd, 'work/plan.txt'), 'first\nsecond\n')
  writeFileSync(join(cwd, 'builder.neam'), PROGRAM)
  const model = await startOpenAIServer()
  model.always(({ body: { messages } }) => {
    if (messages.at(-1)!.role === 'tool') return { text: 'Done.' }
    const task = /Current task: (\w+)/.exec(JSON.stringify(messages))![1]!
    return {
      toolCalls: [{ name: 'write_file', arguments: JSON.stringify({ path: `${task}.txt`, content: task }) }],
    }
  })
  const env = { OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'test', PATH: process.env.PATH ?? '' }
  const forge = async (more: readonly string[], extra: Readonly<Record<string, string>> = {}) =>
    await runBin('neam-forge', ['--agent', 'builder.neam', '--json', ...more], {
      cwd,
      env: { ...env, ...extra },
    })
  return { cwd, model, forge }
}

const git = (cwd: string, ...args: string[]) =>
  spawnSync('git', ['-C', join(cwd, 'work'), ...args], { encoding: 'utf8' }).stdout.trim()

/** Kills a neam-forge before its operation `at` on the tree, and has another one go on; false = the first lived to its end. */
async function killedAt(at: number): Promise<boolean> {
  const { cwd, forge } = await place()
  const first = await forge([], { NODE_OPTIONS: `--import ${PRELOAD}`, KILL_AT: String(at) })
  const killed = first.code !== 0
  const second = await forge(['--resume'])
  const ended = second.stderr.includes('its newest run ended as completed')
  expect({
    at,
    outcome: ended ? 'completed' : JSON.parse(second.stdout).outcome,
    log: git(cwd, 'log', '--reverse', '--format=%s').split('\n'),
    status: git(cwd, 'status', '--porcelain'),
    progress: readFileSync(join(cwd, 'work/progress.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).task),
  }).toEqual({
    at,
    outcome: 'completed',
    log: ['forge: first', 'forge: second'],
    status: '',
    progress: ['first', 'second'],
  })
  return killed
}

/** Evenly over the operations of a run: each kill takes two processes. All of them, in one process, are in runs.test.ts. */
const KILLS = 10

test('neam-forge that is killed (SIGKILL) anywhere in its iterations goes on with --resume: each task done and committed once', async () => {
  const { cwd, forge } = await place()
  const counted = join(cwd, 'operations')
  await forge([], { NODE_OPTIONS: `--import ${PRELOAD}`, KILL_COUNT: counted })
  const operations = Number(readFileSync(counted, 'utf8'))
  expect(operations).toBeGreaterThan(50)
  const at = Array.from({ length: KILLS }, (_, kill) => 1 + Math.floor((kill * operations) / KILLS))
  const killed: boolean[] = []
  for (const one of at) killed.push(await killedAt(one))
  expect(killed).toEqual(at.map(() => true))
}, 240_000)
