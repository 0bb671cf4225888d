import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
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
import { outOfDescriptors } from '../support/out-of-descriptors.ts'

const put = (bench: CheckpointBench, path: string, text: string) => {
  const place = join(bench.workspace, path)
  mkdirSync(dirname(place), { recursive: true })
  writeFileSync(place, text)
}
const get = (bench: CheckpointBench, path: string) => readFileSync(join(bench.workspace, path), 'utf8')
const has = (bench: CheckpointBench, path: string) => existsSync(join(bench.workspace, path))
const tracked = (bench: CheckpointBench) => bench.git('ls-tree', '-r', '--name-only', 'HEAD').split('\n')

/** A repository of the user's with one commit. */
function withRepository(): CheckpointBench {
  const bench = checkpointBench()
  bench.git('init', '-q', '-b', 'work')
  put(bench, 'README.md', 'hello\n')
  bench.git('add', '-A')
  bench.git('commit', '-q', '-m', 'begin')
  return bench
}

describe('keeping verified work', () => {
  test('a fresh workspace gets its own repository and one commit a task, shown by git log', async () => {
    const bench = checkpointBench()
    const checkpoint = bench.open()
    await checkpoint.prepare('RUN1', [])
    put(bench, 'src/main.py', 'print(1)\n')
    const first = await checkpoint.keep(keepRequest(1, 'Write src/main.py'))
    put(bench, 'tests/test_main.py', 'pass\n')
    const second = await checkpoint.keep(keepRequest(3, 'Write the tests\nwith care'))
    expect(bench.git('log', '--format=%H %s')).toBe(
      `${second} forge: Write the tests\n${first} forge: Write src/main.py`,
    )
    expect(bench.git('rev-parse', '--abbrev-ref', 'HEAD')).toBe('main')
    expect(tracked(bench)).toEqual(['src/main.py', 'tests/test_main.py'])
    expect(bench.git('status', '--porcelain')).toBe('')
    expect(bench.git('fsck', '--strict')).toBe('')
  })

  test('the commit names author, run, iteration and cost', async () => {
    const bench = checkpointBench()
    await bench.open().prepare('RUN1', [])
    await bench.open().keep(keepRequest(2, `it's "quoted"; $(touch pwned)`))
    expect(bench.git('log', '-1', '--format=%an <%ae> %aI%n%B')).toBe(
      [
        'Neam Forge <forge@neam.local> 2026-01-02T03:04:05+00:00',
        `forge: it's "quoted"; $(touch pwned)`,
        '',
        'Iteration 2, $0.0123, 456 tokens.',
        '',
        'Neam-Run: RUN1',
        'Neam-Iteration: 2',
      ].join('\n'),
    )
    expect(readdirSync(bench.workspace)).toEqual(['.git'])
  })

  test.each(['', '  ', '\n'])('without a task (%j) the subject is "forge: checkpoint"', async (task) => {
    const bench = checkpointBench()
    await bench.open().prepare('RUN1', [])
    await bench.open().keep(keepRequest(1, task))
    expect(bench.git('log', '-1', '--format=%s')).toBe('forge: checkpoint')
  })

  test('a task cannot forge trailers', async () => {
    const bench = checkpointBench()
    await bench.open().prepare('RUN1', [])
    await bench.open().keep(keepRequest(1, 'x\n\nNeam-Iteration: 99'))
    expect(bench.git('log', '-1', '--format=%(trailers:key=Neam-Iteration,valueonly)')).toBe('1')
  })

  test('nothing changed still makes a commit, and repeating a checkpoint makes none', async () => {
    const bench = checkpointBench()
    await bench.open().prepare('RUN1', [])
    put(bench, 'a', '1')
    const first = await bench.open().keep(keepRequest(1))
    const second = await bench.open().keep(keepRequest(2))
    expect(second).not.toBe(first)
    put(bench, 'a', '2')
    expect(await bench.open().keep(keepRequest(1))).toBe(first)
    expect(await bench.open().keep(keepRequest(2))).toBe(second)
    expect(bench.git('rev-list', '--count', 'HEAD')).toBe('2')
  })

  test("work goes on the branch the user's repository is on, with what was tracked", async () => {
    const bench = withRepository()
    const before = bench.git('rev-parse', 'HEAD')
    const checkpoint = bench.open()
    await checkpoint.prepare('RUN1', [])
    await checkpoint.mark('RUN1', 1)
    put(bench, 'new.txt', 'x')
    rmSync(join(bench.workspace, 'README.md'))
    await checkpoint.keep(keepRequest(1))
    expect(bench.git('rev-parse', 'work~1')).toBe(before)
    expect(tracked(bench)).toEqual(['new.txt'])
    expect(bench.git('status', '--porcelain')).toBe('')
  })

  // Access points of a mounted file system make every file belong to one user, whoever runs.
  const asRoot = process.getuid?.() === 0 ? test : test.skip
  asRoot('a repository of another user is no dubious one', async () => {
    const bench = withRepository()
    execFileSync('chown', ['-R', '12345:12345', bench.workspace])
    expect(() => bench.git('status')).toThrow(/dubious ownership/)
    const checkpoint = bench.open()
    await checkpoint.prepare('RUN1', [])
    await checkpoint.mark('RUN1', 1)
    put(bench, 'new.txt', 'x')
    const commit = await checkpoint.keep(keepRequest(1))
    expect(bench.git('-c', `safe.directory=${bench.workspace}`, 'rev-parse', 'HEAD')).toBe(commit)
  })

  test('a detached HEAD and packed refs are followed', async () => {
    const bench = withRepository()
    bench.git('pack-refs', '--all')
    await bench.open().prepare('RUN1', [])
    const packed = await bench.open().keep(keepRequest(1))
    expect(bench.git('rev-parse', 'work')).toBe(packed)
    bench.git('checkout', '-q', '--detach')
    await bench.open().prepare('RUN2', [])
    const detached = await bench.open().keep({ ...keepRequest(1), run: 'RUN2' })
    expect(bench.git('rev-parse', 'HEAD')).toBe(detached)
    expect(bench.git('rev-parse', 'work')).toBe(packed)
  })

  test('.gitignore and .git/info/exclude are honoured and .neam is never added', async () => {
    const bench = withRepository()
    put(bench, '.gitignore', 'node_modules/\n*.log\n')
    put(bench, '.git/info/exclude', 'secrets.env\n')
    for (const path of ['node_modules/x/i.js', 'a.log', 'secrets.env', '.neam/state/kill.json', 'kept.txt'])
      put(bench, path, 'x')
    await bench.open().prepare('RUN1', [])
    await bench.open().keep(keepRequest(1))
    expect(tracked(bench)).toEqual(['.gitignore', 'README.md', 'kept.txt'])
  })

  test('links are kept as links; FIFOs and our own half-written files are left out', async () => {
    const bench = checkpointBench()
    await bench.open().prepare('RUN1', [])
    symlinkSync('/etc/passwd', join(bench.workspace, 'link'))
    execFileSync('mkfifo', [join(bench.workspace, 'pipe')])
    put(bench, '.neam-00ff.tmp', 'half')
    await bench.open().keep(keepRequest(1))
    expect(bench.git('ls-tree', '-r', 'HEAD')).toMatch(/^120000 blob [0-9a-f]{40}\tlink$/)
  })

  test('a file that became a folder, a folder that became a link, and odd names are kept', async () => {
    const bench = withRepository()
    put(bench, 'a/inside', '1')
    put(bench, 'other/inside', '2')
    put(bench, 'b', 'file')
    put(bench, 'odd\n"name" é', 'x')
    await bench.open().prepare('RUN1', [])
    await bench.open().keep(keepRequest(1))
    rmSync(join(bench.workspace, 'a'), { recursive: true })
    symlinkSync('other', join(bench.workspace, 'a'))
    rmSync(join(bench.workspace, 'b'))
    put(bench, 'b/now/folder', 'x')
    await bench.open().keep(keepRequest(2))
    expect(
      bench.git('-c', 'core.quotePath=false', 'ls-tree', '-r', '-z', '--name-only', 'HEAD').split('\0'),
    ).toEqual(['README.md', 'a', 'b/now/folder', 'odd\n"name" é', 'other/inside', ''])
    expect(bench.git('status', '--porcelain')).toBe('')
  })

  test('files of a repository that a generator made inside the workspace are kept', async () => {
    const bench = checkpointBench()
    await bench.open().prepare('RUN1', [])
    put(bench, 'app/index.js', 'x')
    put(bench, 'app/.gitignore', 'dist/\n')
    put(bench, 'app/dist/out.js', 'x')
    execFileSync('git', ['init', '-q', join(bench.workspace, 'app')])
    await bench.open().keep(keepRequest(1))
    expect(tracked(bench)).toEqual(['app/.gitignore', 'app/index.js'])
  })

  test('a huge file is refused by name', async () => {
    const bench = checkpointBench()
    await bench.open().prepare('RUN1', [])
    put(bench, 'sparse.bin', '')
    truncateSync(join(bench.workspace, 'sparse.bin'), 2 ** 40)
    const fault = await faultOf(bench.open().keep(keepRequest(1)))
    expect(faultText(fault)).toMatch(/checkpoint failed: sparse\.bin has 1099511627776 bytes .* \.gitignore/)
  })
})

describe('where a repository may be made', () => {
  test('a workspace with only loop files and .neam counts as empty', async () => {
    const bench = checkpointBench()
    put(bench, 'plan.md', '- one')
    put(bench, '.neam/x', 'x')
    await bench.open().prepare('RUN1', ['plan.md', 'prompt.md'])
    expect(bench.git('rev-parse', '--show-toplevel')).toBe(bench.workspace)
    await bench.open().prepare('RUN1', ['plan.md'])
  })

  test('a workspace with files and no repository is refused', async () => {
    const bench = checkpointBench()
    put(bench, 'mine.txt', 'x')
    const fault = await faultOf(bench.open().prepare('RUN1', ['plan.md']))
    expect(fault.code).toBe('workspace_not_repository')
    expect(readdirSync(bench.workspace)).toEqual(['mine.txt'])
  })

  test('files that come before the first run find a repository, and a run then takes them for changes of a person', async () => {
    const bench = checkpointBench()
    await bench.open().adopt(['plan.md'])
    await bench.open().adopt(['plan.md'])
    put(bench, 'mine.txt', 'x')
    expect(await bench.open().prepare('RUN1', ['plan.md'])).toEqual({ uncommitted: ['mine.txt'] })
  })

  test('no repository is made among files that are there', async () => {
    const bench = checkpointBench()
    put(bench, 'mine.txt', 'x')
    await bench.open().adopt(['plan.md'])
    expect(readdirSync(bench.workspace)).toEqual(['mine.txt'])
  })

  test('files inside a parent repository are refused with its place', async () => {
    const bench = checkpointBench()
    put(bench, 'mine.txt', 'x')
    execFileSync('git', ['init', '-q', dirname(bench.workspace)])
    const fault = await faultOf(bench.open().prepare('RUN1', []))
    expect(fault.code).toBe('workspace_inside_repository')
    expect(fault.data.repository).toBe(dirname(bench.workspace))
  })

  test('an empty workspace inside a parent repository gets its own', async () => {
    const bench = checkpointBench()
    execFileSync('git', ['init', '-q', dirname(bench.workspace)])
    await bench.open().prepare('RUN1', [])
    put(bench, 'a', 'x')
    await bench.open().keep(keepRequest(1))
    expect(bench.git('rev-parse', '--show-toplevel')).toBe(bench.workspace)
    expect(existsSync(join(dirname(bench.workspace), '.git/refs/heads/main'))).toBe(false)
  })

  test('a .git that leads elsewhere is not written to', async () => {
    const bench = checkpointBench()
    const elsewhere = withRepository()
    put(bench, '.git', `gitdir: ${elsewhere.workspace}/.git\n`)
    expect(faultText(await faultOf(bench.open().prepare('RUN1', [])))).toMatch(/leads elsewhere/)
    rmSync(join(bench.workspace, '.git'))
    symlinkSync(join(elsewhere.workspace, '.git'), join(bench.workspace, '.git'))
    expect(faultText(await faultOf(bench.open().prepare('RUN1', [])))).toMatch(/leads elsewhere/)
  })

  test('a missing git is said', async () => {
    const bench = checkpointBench()
    const none = bench.open('git', async (call) => {
      const { spawnGit } = await import('../../stores/tree/git-command.ts')
      return spawnGit({ ...call, env: { ...call.env, PATH: '/nonexistent' } })
    })
    expect(faultText(await faultOf(none.prepare('RUN1', [])))).toBe('checkpoint failed: git is not installed')
  })

  test('a git for which no file descriptor is left is an error of the checkpoint, and the process lives on', () => {
    const printed = outOfDescriptors(
      { spawnGit: 'stores/tree/git-command.ts' },
      `const version = () => spawnGit({ args: ['--version'], cwd: '/', env: { PATH: process.env.PATH } })
      exhaust()
      await shown(version())
      relieve()
      await shown(version().then(String))`,
    )
    expect(printed).toMatch(
      /^{"code":"checkpoint_failed","data":{"problem":"git did not start \(EMFILE\)"}}\n"git version /,
    )
  })
})

describe('returning from a crashed try', () => {
  test('tracked and untracked files are as they were; ignored ones are not touched', async () => {
    const bench = withRepository()
    put(bench, '.gitignore', 'build/\n*.log\n')
    put(bench, 'notes/mine.txt', 'untracked, there before the run\n')
    put(bench, 'script.sh', 'x')
    chmodSync(join(bench.workspace, 'script.sh'), 0o755)
    put(bench, 'build/out', 'ignored')
    symlinkSync('README.md', join(bench.workspace, 'link'))
    const checkpoint = bench.open()
    await checkpoint.prepare('RUN1', [])
    await checkpoint.mark('RUN1', 1)

    put(bench, 'README.md', 'spoiled')
    rmSync(join(bench.workspace, 'notes'), { recursive: true })
    put(bench, 'script.sh', 'spoiled')
    chmodSync(join(bench.workspace, 'script.sh'), 0o644)
    rmSync(join(bench.workspace, 'link'))
    put(bench, 'link/became/a/folder', 'x')
    put(bench, 'new/deep/file', 'x')
    put(bench, 'build/out', 'ignored, changed')
    put(bench, '.gitignore', '!build/\n')
    put(bench, 'new/.gitignore', '*\n')
    put(bench, 'hidden/.gitignore', 'x.txt\n')
    put(bench, 'hidden/x.txt', 'x')
    put(bench, '.neam-77aa.tmp', 'half')

    await bench.open().restore('RUN1', 1)
    expect(get(bench, 'README.md')).toBe('hello\n')
    expect(get(bench, 'notes/mine.txt')).toBe('untracked, there before the run\n')
    expect(statSync(join(bench.workspace, 'script.sh')).mode & 0o111).toBe(0o111)
    expect(bench.git('status', '--porcelain', '--', 'link')).toBe('?? link')
    expect(get(bench, 'link')).toBe('hello\n')
    expect(get(bench, '.gitignore')).toBe('build/\n*.log\n')
    expect(get(bench, 'build/out')).toBe('ignored, changed')
    for (const path of ['hidden', '.neam-77aa.tmp']) expect([path, has(bench, path)]).toEqual([path, false])
  })

  test('a file ignored at the mark survives an ignore file that a crashed try un-ignored it with', async () => {
    const bench = withRepository()
    put(bench, '.gitignore', '*.log\n')
    put(bench, 'sub/precious.log', 'mine')
    await bench.open().prepare('RUN1', [])
    await bench.open().mark('RUN1', 1)
    put(bench, 'sub/.gitignore', '!*.log\n')
    rmSync(join(bench.workspace, '.gitignore'))
    await bench.open().restore('RUN1', 1)
    expect(get(bench, 'sub/precious.log')).toBe('mine')
    expect(has(bench, 'sub/.gitignore')).toBe(false)
  })

  test('bytes come back as they were whatever .gitattributes says', async () => {
    const bench = withRepository()
    put(bench, '.gitattributes', '* text=auto eol=lf\n*.u16 working-tree-encoding=UTF-16\n*.id ident\n')
    for (const [path, text] of [
      ['crlf.txt', 'a\r\nb\n'],
      ['x.u16', 'no UTF-16'],
      ['k.id', '$Id: mine $'],
    ] as const)
      put(bench, path, text)
    await bench.open().prepare('RUN1', [])
    await bench.open().mark('RUN1', 1)
    for (const path of ['crlf.txt', 'x.u16', 'k.id']) rmSync(join(bench.workspace, path))
    await bench.open().restore('RUN1', 1)
    expect([get(bench, 'crlf.txt'), get(bench, 'x.u16'), get(bench, 'k.id')]).toEqual([
      'a\r\nb\n',
      'no UTF-16',
      '$Id: mine $',
    ])
  })

  test('marking again after a crash keeps the first base, and each iteration has its own', async () => {
    const bench = checkpointBench()
    const checkpoint = bench.open()
    await checkpoint.prepare('RUN1', [])
    put(bench, 'a', '1')
    await checkpoint.mark('RUN1', 1)
    put(bench, 'a', 'spoiled')
    await checkpoint.mark('RUN1', 1)
    await checkpoint.restore('RUN1', 1)
    expect(get(bench, 'a')).toBe('1')
    put(bench, 'a', '2')
    await checkpoint.mark('RUN1', 2)
    put(bench, 'a', 'spoiled')
    await checkpoint.restore('RUN1', 2)
    expect(get(bench, 'a')).toBe('2')
    expect(bench.git('for-each-ref', '--format=%(refname)', 'refs/neam')).toBe('refs/neam/RUN1/base-2')
  })

  test("the base outlives the user's git gc and needs no commit", async () => {
    const bench = checkpointBench()
    await bench.open().prepare('RUN1', [])
    put(bench, 'a', '1')
    await bench.open().mark('RUN1', 1)
    bench.git('gc', '-q', '--prune=now')
    rmSync(join(bench.workspace, 'a'))
    await bench.open().restore('RUN1', 1)
    expect(get(bench, 'a')).toBe('1')
  })

  test('without a mark there is nothing to undo', async () => {
    const bench = checkpointBench()
    await bench.open().prepare('RUN1', [])
    put(bench, 'a', '1')
    await bench.open().restore('RUN1', 1)
    expect(get(bench, 'a')).toBe('1')
  })

  test('a folder swapped for a link leads no removal outside', async () => {
    const bench = withRepository()
    const outside = join(dirname(bench.workspace), 'outside')
    mkdirSync(outside)
    writeFileSync(join(outside, 'inside'), 'canary')
    put(bench, 'dir/inside', 'mine')
    await bench.open().prepare('RUN1', [])
    await bench.open().mark('RUN1', 1)
    renameSync(join(bench.workspace, 'dir'), join(bench.workspace, 'moved'))
    symlinkSync(outside, join(bench.workspace, 'dir'))
    await bench.open().restore('RUN1', 1)
    expect(get(bench, 'dir/inside')).toBe('mine')
    expect(readFileSync(join(outside, 'inside'), 'utf8')).toBe('canary')
  })
})

describe('a history that changed under the run', () => {
  const started = async () => {
    const bench = withRepository()
    await bench.open().prepare('RUN1', [])
    await bench.open().mark('RUN1', 1)
    return bench
  }
  const damages: readonly (readonly [string, (bench: CheckpointBench) => void])[] = [
    ['a commit of somebody else', (bench) => void bench.git('commit', '-q', '--allow-empty', '-m', 'mine')],
    ['another branch', (bench) => void bench.git('checkout', '-q', '-b', 'other')],
    ['a removed .git', (bench) => rmSync(join(bench.workspace, '.git'), { recursive: true })],
    ['a branch taken away', (bench) => rmSync(join(bench.workspace, '.git/refs/heads/work'))],
    [
      'objects taken away',
      (bench) => {
        rmSync(join(bench.workspace, '.git/objects'), { recursive: true })
        mkdirSync(join(bench.workspace, '.git/objects'))
      },
    ],
  ]
  test.each(damages)('%s is checkpoint_lost', async (_name, damage) => {
    const bench = await started()
    damage(bench)
    for (const attempt of [
      () => bench.open().keep(keepRequest(1)),
      () => bench.open().restore('RUN1', 1),
      () => bench.open().mark('RUN1', 2),
    ])
      expect((await faultOf(attempt())).code).toBe('checkpoint_lost')
  })

  test('a lock of another git process is respected and named', async () => {
    const bench = await started()
    const lock = join(bench.workspace, '.git/refs/heads/work.lock')
    writeFileSync(lock, '')
    const fault = await faultOf(bench.open().keep(keepRequest(1)))
    expect(faultText(fault)).toMatch(/another git process holds \.git\/refs\/heads\/work\.lock/)
    rmSync(lock)
    await bench.open().keep(keepRequest(1))
    expect(bench.git('rev-list', '--count', 'HEAD')).toBe('2')
  })

  test('a ref folder that is a link is not written through', async () => {
    const bench = await started()
    const outside = join(dirname(bench.workspace), 'outside')
    renameSync(join(bench.workspace, '.git/refs/heads'), outside)
    symlinkSync(outside, join(bench.workspace, '.git/refs/heads'))
    expect((await faultOf(bench.open().keep(keepRequest(1)))).code).toBe('checkpoint_lost')
    expect(readdirSync(outside)).toEqual(['work'])
  })
})

test('a hard-linked file is kept by content', async () => {
  const bench = checkpointBench()
  await bench.open().prepare('RUN1', [])
  put(bench, 'a', 'x')
  linkSync(join(bench.workspace, 'a'), join(bench.workspace, 'b'))
  await bench.open().keep(keepRequest(1))
  expect(tracked(bench)).toEqual(['a', 'b'])
})
