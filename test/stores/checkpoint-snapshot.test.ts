import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { faultText } from '../../agents/ports/fault.ts'
import { type CheckpointBench, checkpointBench, keepRequest } from '../support/checkpoint-bench.ts'
import { faultOf } from '../support/faults.ts'

const put = (bench: CheckpointBench, path: string, text: string) => {
  const place = join(bench.workspace, path)
  mkdirSync(dirname(place), { recursive: true })
  writeFileSync(place, text)
}
const get = (bench: CheckpointBench, path: string) => readFileSync(join(bench.workspace, path), 'utf8')

async function prepared() {
  const bench = checkpointBench()
  const checkpoint = bench.open('snapshot')
  await checkpoint.prepare('RUN1', [])
  return { bench, checkpoint }
}

describe('a snapshot', () => {
  test('lies in .neam/snapshots/<iteration>, without .neam and .git', async () => {
    const { bench, checkpoint } = await prepared()
    put(bench, 'src/main.py', 'print(1)')
    put(bench, '.git/HEAD', 'ref')
    put(bench, '.neam/state/x', 'x')
    expect(await checkpoint.keep(keepRequest(3))).toBe('.neam/snapshots/3')
    expect(readdirSync(join(bench.workspace, '.neam/snapshots'))).toEqual(['3'])
    expect(readdirSync(join(bench.workspace, '.neam/snapshots/3')).sort()).toEqual([
      '.neam-snapshot.json',
      'src',
    ])
    expect(get(bench, '.neam/snapshots/3/src/main.py')).toBe('print(1)')
    expect(JSON.parse(get(bench, '.neam/snapshots/3/.neam-snapshot.json'))).toMatchObject({
      run: 'RUN1',
      iteration: 3,
      task: 'task 3',
      files: 1,
      bytes: 8,
      skipped: [],
    })
  })

  test('keeps links as links and modes as they are, and leaves special files out', async () => {
    const { bench, checkpoint } = await prepared()
    symlinkSync('/etc/passwd', join(bench.workspace, 'link'))
    put(bench, 'run.sh', 'x')
    chmodSync(join(bench.workspace, 'run.sh'), 0o755)
    execFileSync('mkfifo', [join(bench.workspace, 'pipe')])
    await checkpoint.keep(keepRequest(1))
    const copy = join(bench.workspace, '.neam/snapshots/1')
    expect(lstatSync(join(copy, 'link')).isSymbolicLink()).toBe(true)
    expect(statSync(join(copy, 'run.sh')).mode & 0o777).toBe(0o755)
    expect(JSON.parse(readFileSync(join(copy, '.neam-snapshot.json'), 'utf8')).skipped).toEqual(['pipe'])
  })

  test('repeated for the same iteration is left alone; one of an older run is replaced', async () => {
    const { bench, checkpoint } = await prepared()
    put(bench, 'a', 'first')
    await checkpoint.keep(keepRequest(1))
    put(bench, 'a', 'second')
    await checkpoint.keep(keepRequest(1))
    expect(get(bench, '.neam/snapshots/1/a')).toBe('first')
    await checkpoint.keep({ ...keepRequest(1), run: 'RUN2' })
    expect(get(bench, '.neam/snapshots/1/a')).toBe('second')
    expect(readdirSync(join(bench.workspace, '.neam/snapshots'))).toEqual(['1'])
  })

  test('that was interrupted is absent, and the next one clears it away', async () => {
    const { bench, checkpoint } = await prepared()
    put(bench, 'a', 'x')
    put(bench, '.neam/snapshots/.t-0123/a', 'half')
    put(bench, '.neam/snapshots/1/a', 'without a manifest')
    await checkpoint.keep(keepRequest(1))
    expect(readdirSync(join(bench.workspace, '.neam/snapshots'))).toEqual(['1'])
    expect(get(bench, '.neam/snapshots/1/a')).toBe('x')
  })

  test('that a command forged or damaged decides nothing: the copy is made, and a crash returns to the private one', async () => {
    const { bench, checkpoint } = await prepared()
    put(bench, 'a', 'good')
    await checkpoint.mark('RUN1', 2)
    put(bench, '.neam/snapshots/2/.neam-snapshot.json', JSON.stringify({ run: 'RUN1', iteration: 2 }))
    put(bench, '.neam/snapshots/2/a', 'forged')
    put(bench, 'a', 'spoiled')
    await bench.open('snapshot').restore('RUN1', 2)
    expect(get(bench, 'a')).toBe('good')
    await checkpoint.keep(keepRequest(2))
    expect(get(bench, '.neam/snapshots/2/a')).toBe('good')
  })

  test('refuses a huge file by name and leaves nothing at its place', async () => {
    const { bench, checkpoint } = await prepared()
    put(bench, 'sub/sparse.bin', '')
    truncateSync(join(bench.workspace, 'sub/sparse.bin'), 2 ** 40)
    expect(faultText(await faultOf(checkpoint.keep(keepRequest(1))))).toMatch(
      /sub\/sparse\.bin has 1099511627776/,
    )
    expect(existsSync(join(bench.workspace, '.neam/snapshots/1'))).toBe(false)
  })

  test('is not written through a link at .neam', async () => {
    const { bench, checkpoint } = await prepared()
    const outside = join(dirname(bench.workspace), 'outside')
    mkdirSync(outside)
    symlinkSync(outside, join(bench.workspace, '.neam'))
    expect((await faultOf(checkpoint.keep(keepRequest(1)))).code).toBe('checkpoint_failed')
    expect(readdirSync(outside)).toEqual([])
  })
})

test.each(['git', 'snapshot'] as const)(
  'a %s checkpoint tells whether an iteration changed anything',
  async (strategy) => {
    const bench = checkpointBench()
    const checkpoint = bench.open(strategy)
    await checkpoint.prepare('RUN1', [])
    expect(await checkpoint.hasChanged('RUN1', 1)).toBeNull()
    put(bench, 'dir/a', 'x')
    symlinkSync('dir/a', join(bench.workspace, 'link'))
    await checkpoint.mark('RUN1', 1)
    const changes: readonly (readonly [what: string, change: () => void, back: () => void])[] = [
      ['content', () => put(bench, 'dir/a', 'y'), () => put(bench, 'dir/a', 'x')],
      ['a new file', () => put(bench, 'dir/b', ''), () => rmSync(join(bench.workspace, 'dir/b'))],
      [
        'a file that is gone',
        () => rmSync(join(bench.workspace, 'link')),
        () => symlinkSync('dir/a', join(bench.workspace, 'link')),
      ],
      ['what is ours', () => put(bench, '.neam/x', ''), () => {}],
    ]
    for (const [what, change, back] of changes) {
      change()
      expect([what, await checkpoint.hasChanged('RUN1', 1)]).toEqual([what, what !== 'what is ours'])
      back()
      expect([what, await checkpoint.hasChanged('RUN1', 1)]).toEqual([what, false])
    }
  },
)

describe('returning from a crashed try', () => {
  test('makes the workspace what it was, whatever became of its files', async () => {
    const { bench, checkpoint } = await prepared()
    put(bench, 'a.txt', 'a')
    put(bench, 'dir/b.txt', 'b')
    put(bench, '.neam/state/x', 'mine')
    symlinkSync('a.txt', join(bench.workspace, 'link'))
    await checkpoint.mark('RUN1', 1)
    put(bench, 'a.txt', 'A')
    rmSync(join(bench.workspace, 'dir'), { recursive: true })
    put(bench, 'dir', 'now a file')
    rmSync(join(bench.workspace, 'link'))
    put(bench, 'link/now', 'a folder')
    put(bench, 'new.txt', 'x')
    await bench.open('snapshot').restore('RUN1', 1)
    expect(readdirSync(bench.workspace).sort()).toEqual(['.neam', 'a.txt', 'dir', 'link'])
    expect([get(bench, 'a.txt'), get(bench, 'dir/b.txt'), get(bench, 'link')]).toEqual(['a', 'b', 'a'])
    expect(get(bench, '.neam/state/x')).toBe('mine')
  })

  test('goes to the first mark of the iteration, and to nothing without one', async () => {
    const { bench, checkpoint } = await prepared()
    put(bench, 'a', '1')
    await checkpoint.restore('RUN1', 1)
    await checkpoint.mark('RUN1', 1)
    put(bench, 'a', '2')
    await checkpoint.mark('RUN1', 1)
    await checkpoint.restore('RUN1', 1)
    expect(get(bench, 'a')).toBe('1')
    await checkpoint.mark('RUN1', 2)
    put(bench, 'a', '3')
    await checkpoint.restore('RUN1', 1)
    expect(get(bench, 'a')).toBe('3')
  })

  test('follows no link out of the workspace', async () => {
    const { bench, checkpoint } = await prepared()
    const outside = join(dirname(bench.workspace), 'outside')
    mkdirSync(outside)
    writeFileSync(join(outside, 'b.txt'), 'canary')
    put(bench, 'dir/b.txt', 'b')
    await checkpoint.mark('RUN1', 1)
    rmSync(join(bench.workspace, 'dir'), { recursive: true })
    symlinkSync(outside, join(bench.workspace, 'dir'))
    await checkpoint.restore('RUN1', 1)
    expect(readFileSync(join(outside, 'b.txt'), 'utf8')).toBe('canary')
    expect(get(bench, 'dir/b.txt')).toBe('b')
  })
})

test.each(['git', 'snapshot'] as const)(
  'a workspace that vanished under a %s checkpoint is a fault',
  async (strategy) => {
    const bench = checkpointBench()
    const checkpoint = bench.open(strategy)
    await checkpoint.prepare('RUN1', [])
    rmSync(bench.workspace, { recursive: true })
    for (const attempt of [() => checkpoint.mark('RUN1', 1), () => checkpoint.keep(keepRequest(1))])
      expect((await faultOf(attempt())).code).toMatch(/^(?:storage_unavailable|checkpoint_lost)$/)
  },
)

test('"none" keeps nothing and restores nothing', async () => {
  const bench = checkpointBench()
  const checkpoint = bench.open('none')
  await checkpoint.prepare('RUN1', [])
  put(bench, 'a', '1')
  await checkpoint.mark('RUN1', 1)
  put(bench, 'a', '2')
  await checkpoint.restore('RUN1', 1)
  expect(get(bench, 'a')).toBe('2')
  expect(await checkpoint.keep(keepRequest(1))).toBeNull()
  expect(readdirSync(bench.workspace)).toEqual(['a'])
})
