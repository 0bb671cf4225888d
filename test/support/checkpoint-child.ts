/**
 * `node checkpoint-child.ts STATE WORKSPACE ACTION ITERATION STEP WHEN`: does one checkpoint action and is killed
 * with SIGKILL at its STEP-th git command, WHEN = before | during | after it.
 */
import { spawn } from 'node:child_process'
import { treeCheckpoints } from '../../stores/tree/checkpoints.ts'
import { type Git, spawnGit } from '../../stores/tree/git-command.ts'

const [state = '', workspace = '', action, iteration, step, when] = process.argv.slice(2)
const die = () => process.kill(process.pid, 'SIGKILL')
let calls = 0

const git: Git = async (call) => {
  calls++
  if (calls !== Number(step)) return spawnGit(call)
  if (when === 'before') die()
  if (when === 'during') {
    const child = spawn('git', call.args, {
      cwd: call.cwd,
      env: call.env,
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    child.stdin.end(call.input)
    await new Promise((resolve) => setImmediate(resolve))
    child.kill('SIGKILL')
    die()
  }
  const output = await spawnGit(call)
  die()
  return output
}

const checkpoint = treeCheckpoints({
  stateDir: state,
  clock: { now: () => 0 },
  path: process.env.PATH ?? '',
  git,
}).open('git', workspace, 'Builder')
const number = Number(iteration)
if (action === 'prepare') await checkpoint.prepare('RUN1', [])
if (action === 'mark') await checkpoint.mark('RUN1', number)
if (action === 'restore') await checkpoint.restore('RUN1', number)
if (action === 'keep')
  await checkpoint.keep({ run: 'RUN1', iteration: number, task: 'task', cost: 0, tokens: 0 })
process.stdout.write(`${calls}\n`)
