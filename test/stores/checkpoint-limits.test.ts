// A huge workspace (reliability 3.3, D13): refused by name and number, with nothing written and the fix told.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { faultText } from '../../agents/ports/fault.ts'
import { type CheckpointBench, checkpointBench, keepRequest } from '../support/checkpoint-bench.ts'
import { faultOf } from '../support/faults.ts'

const MIB = 1024 * 1024
const FIX = 'remove what can be made again (with checkpoint git, name it in .gitignore), or raise'

function fill(bench: CheckpointBench, files: number, bytes = 1): void {
  for (let n = 0; n < files; n++) {
    mkdirSync(join(bench.workspace, `folder_${n % 3}`), { recursive: true })
    writeFileSync(join(bench.workspace, `folder_${n % 3}/file_${n}`), 'x'.repeat(bytes))
  }
}

describe.each(['git', 'snapshot'] as const)('a checkpoint of strategy %s', (strategy) => {
  test.each<[string, number, number, string]>([
    ['files', 11, 1, `more than 10 files of the workspace; ${FIX} NEAM_CHECKPOINT_FILES`],
    ['bytes', 3, MIB, `more than 2 MiB of the workspace; ${FIX} NEAM_CHECKPOINT_SIZE`],
  ])('of too many %s fails by name and keeps nothing', async (_what, files, bytes, text) => {
    const bench = checkpointBench()
    const checkpoint = bench.open(strategy, null, { files: 10, bytes: 2 * MIB })
    await checkpoint.prepare('RUN1', [])
    await checkpoint.mark('RUN1', 1)
    fill(bench, files, bytes)
    const fault = await faultOf(checkpoint.keep(keepRequest(1)))
    expect(faultText(fault)).toBe(`checkpoint failed: it would take in ${text}`)
    expect(readdirSync(bench.workspace).filter((name) => name === '.neam')).toEqual([])
  })

  test('of as many as the limits allow is kept, and so is one after the cause was removed', async () => {
    const bench = checkpointBench()
    const checkpoint = bench.open(strategy, null, { files: 10, bytes: 2 * MIB })
    await checkpoint.prepare('RUN1', [])
    fill(bench, 11)
    await faultOf(checkpoint.keep(keepRequest(1)))
    rmSync(join(bench.workspace, 'folder_0/file_0'))
    expect(await checkpoint.keep(keepRequest(1))).toMatch(/./)
  })

  test('goes back to the last one, whatever a command has left', async () => {
    const bench = checkpointBench()
    const checkpoint = bench.open(strategy, null, { files: 10, bytes: 2 * MIB })
    await checkpoint.prepare('RUN1', [])
    await checkpoint.mark('RUN1', 1)
    fill(bench, 50)
    await checkpoint.restore('RUN1', 1)
    expect(readdirSync(bench.workspace).filter((name) => !name.startsWith('.'))).toEqual([])
  })
})

test('files that .gitignore names do not count for git', async () => {
  const bench = checkpointBench()
  const checkpoint = bench.open('git', null, { files: 10, bytes: 2 * MIB })
  await checkpoint.prepare('RUN1', [])
  fill(bench, 50)
  writeFileSync(join(bench.workspace, '.gitignore'), 'folder_*/\n')
  expect(await checkpoint.keep(keepRequest(1))).toMatch(/^[0-9a-f]{40}$/)
})

test('what is too much already refuses the run before it begins', async () => {
  const bench = checkpointBench()
  fill(bench, 11)
  const checkpoint = bench.open('snapshot', null, { files: 10, bytes: 2 * MIB })
  expect((await faultOf(checkpoint.prepare('RUN1', []))).code).toBe('checkpoint_failed')
})
