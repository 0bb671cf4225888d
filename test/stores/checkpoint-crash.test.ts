import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { type CheckpointBench, checkpointBench, keepRequest } from '../support/checkpoint-bench.ts'
import { ROOT } from '../support/server.ts'

type Action = 'prepare' | 'mark' | 'restore' | 'keep'

/** Runs an action in a process of its own that is killed at a git command; true when it lived to the end. */
function tried(
  bench: CheckpointBench,
  action: Action,
  iteration: number,
  step: number,
  when: string,
): boolean {
  const child = spawnSync(
    process.execPath,
    [
      `${ROOT}test/support/checkpoint-child.ts`,
      bench.state,
      bench.workspace,
      action,
      `${iteration}`,
      `${step}`,
      when,
    ],
    { env: { PATH: process.env.PATH ?? '' }, encoding: 'utf8' },
  )
  if (child.signal !== 'SIGKILL' && child.status !== 0) throw new Error(child.stderr)
  return child.status === 0
}

const put = (bench: CheckpointBench, path: string, text: string) =>
  writeFileSync(join(bench.workspace, path), text)
const moments = ['before', 'during', 'after']
const MAX_STEPS = 15

describe.each(moments)('killed %s a git command', (when) => {
  test('a checkpoint that is repeated makes exactly one commit', async () => {
    const bench = checkpointBench()
    await bench.open().prepare('RUN1', [])
    let iteration = 1
    for (let step = 1; step < MAX_STEPS; step++, iteration++) {
      put(bench, 'work.txt', `iteration ${iteration}`)
      const lived = tried(bench, 'keep', iteration, step, when)
      const commit = await bench.open().keep(keepRequest(iteration))
      expect(bench.git('rev-list', '--count', 'HEAD')).toBe(String(iteration))
      expect(bench.git('rev-parse', 'HEAD')).toBe(commit)
      expect(bench.git('status', '--porcelain')).toBe('')
      if (lived) break
    }
    expect(iteration).toBeGreaterThan(3)
    expect(bench.git('fsck', '--no-dangling')).toBe('')
  }, 120_000)

  test('a mark that is repeated records the tree, and a restore that is repeated returns to it', async () => {
    const bench = checkpointBench()
    await bench.open().prepare('RUN1', [])
    let iteration = 1
    for (let step = 1; step < MAX_STEPS; step++, iteration++) {
      put(bench, 'work.txt', `base of ${iteration}`)
      const marked = tried(bench, 'mark', iteration, step, when)
      await bench.open().mark('RUN1', iteration)
      put(bench, 'work.txt', 'spoiled')
      put(bench, 'new.txt', 'spoiled')
      const restored = tried(bench, 'restore', iteration, step, when)
      await bench.open().restore('RUN1', iteration)
      expect(readFileSync(join(bench.workspace, 'work.txt'), 'utf8')).toBe(`base of ${iteration}`)
      expect(existsSync(join(bench.workspace, 'new.txt'))).toBe(false)
      if (marked && restored) break
    }
    expect(iteration).toBeGreaterThan(3)
  }, 120_000)

  test('a repository is made whole or not at all', async () => {
    const bench = checkpointBench()
    tried(bench, 'prepare', 0, 1, when)
    await bench.open().prepare('RUN1', [])
    put(bench, 'work.txt', 'x')
    await bench.open().keep(keepRequest(1))
    expect(bench.git('log', '--format=%s')).toBe('forge: task 1')
    expect(bench.git('status', '--porcelain')).toBe('')
  }, 120_000)
})

test('a try that was cut off after it moved the branch is found by its trailers', async () => {
  const bench = checkpointBench()
  await bench.open().prepare('RUN1', [])
  const records = join(
    bench.state,
    'checkpoints',
    readdirSync(join(bench.state, 'checkpoints'))[0]!,
    'runs/RUN1.json',
  )
  const before = readFileSync(records, 'utf8')
  put(bench, 'work.txt', 'x')
  const commit = await bench.open().keep(keepRequest(1))
  writeFileSync(records, before)
  rmSync(join(bench.workspace, '.git/index'))
  expect(await bench.open().keep(keepRequest(1))).toBe(commit)
  expect(bench.git('rev-list', '--count', 'HEAD')).toBe('1')
  expect(bench.git('status', '--porcelain')).toBe('')
})

test('a lock on the branch that our own killed try left is taken away', async () => {
  const bench = checkpointBench()
  await bench.open().prepare('RUN1', [])
  put(bench, 'work.txt', 'x')
  const ours = await bench.open().keep(keepRequest(1))
  writeFileSync(join(bench.workspace, '.git/refs/heads/main.lock'), `${ours}\n`)
  await bench.open().keep(keepRequest(2))
  expect(bench.git('log', '--format=%s')).toBe('forge: task 2\nforge: task 1')
})

test('locks in our private git dirs are taken away', async () => {
  const bench = checkpointBench()
  await bench.open().prepare('RUN1', [])
  await bench.open().mark('RUN1', 1)
  const state = join(bench.state, 'checkpoints', readdirSync(join(bench.state, 'checkpoints'))[0]!)
  mkdirSync(join(state, 'commit.git'), { recursive: true })
  for (const dir of ['base.git', 'commit.git']) writeFileSync(join(state, dir, 'index.lock'), '')
  await bench.open().keep(keepRequest(1))
  await bench.open().mark('RUN1', 2)
  expect(bench.git('rev-list', '--count', 'HEAD')).toBe('1')
})
