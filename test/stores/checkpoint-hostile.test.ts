import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { checkpointBench, keepRequest } from '../support/checkpoint-bench.ts'

/**
 * A workspace whose repository runs a program wherever git would let it: filters, hooks, fsmonitor, includes,
 * nested repositories, the user's own configuration. Each appends a line to `ran`.
 */
function hostile() {
  const bench = checkpointBench()
  const ran = join(bench.home, 'ran')
  const program = join(bench.home, 'evil.sh')
  writeFileSync(program, `#!/bin/sh\necho "$0 $*" >> ${ran}\ncat\n`)
  chmodSync(program, 0o755)

  const config = `[filter "evil"]
	clean = ${program} clean
	smudge = ${program} smudge
	process = ${program} process
	required = true
[core]
	fsmonitor = ${program}
	sshCommand = ${program}
	hooksPath = ${bench.home}/hooks
	attributesFile = ${bench.home}/attributes
	editor = ${program}
	pager = ${program}
[diff "evil"]
	textconv = ${program}
	command = ${program}
[gpg]
	program = ${program}
[commit]
	gpgSign = true
[credential]
	helper = ${program}
[include]
	path = ${bench.home}/included
`
  const hooks = ['pre-commit', 'post-commit', 'post-index-change', 'reference-transaction', 'post-checkout']
  const plantHooks = (folder: string) => {
    mkdirSync(folder, { recursive: true })
    for (const hook of hooks) {
      writeFileSync(join(folder, hook), `#!/bin/sh\n${program} ${hook}\n`)
      chmodSync(join(folder, hook), 0o755)
    }
  }
  const plant = (repository: string) => {
    execFileSync('git', ['init', '-q', '-b', 'main', repository])
    writeFileSync(
      join(repository, '.git/config'),
      `${readFileSync(join(repository, '.git/config'), 'utf8')}${config}`,
    )
    writeFileSync(join(repository, '.gitattributes'), '* filter=evil diff=evil merge=evil\n')
    mkdirSync(join(repository, '.git/info'), { recursive: true })
    writeFileSync(join(repository, '.git/info/attributes'), '* filter=evil\n')
    plantHooks(join(repository, '.git/hooks'))
  }
  plant(bench.workspace)
  plantHooks(join(bench.home, 'hooks'))
  writeFileSync(join(bench.home, 'attributes'), '* filter=evil\n')
  writeFileSync(join(bench.home, 'included'), config.slice(0, config.indexOf('[include]')))
  writeFileSync(join(bench.home, '.gitconfig'), config)

  const nested = join(bench.workspace, 'vendor')
  mkdirSync(nested)
  plant(nested)
  writeFileSync(join(nested, 'lib.js'), 'nested')
  writeFileSync(
    join(bench.workspace, '.gitmodules'),
    '[submodule "vendor"]\n\tpath = vendor\n\turl = ext::evil\n',
  )
  writeFileSync(join(bench.workspace, 'a.txt'), 'plain')
  return { ...bench, ran, nested, hasRun: () => (existsSync(ran) ? readFileSync(ran, 'utf8') : '') }
}

test('nothing that a workspace plants is run by mark, keep or restore', async () => {
  const bench = hostile()
  const checkpoint = bench.open()
  await checkpoint.prepare('RUN1', [])
  await checkpoint.mark('RUN1', 1)
  writeFileSync(join(bench.workspace, 'a.txt'), 'spoiled')
  await checkpoint.restore('RUN1', 1)
  expect(readFileSync(join(bench.workspace, 'a.txt'), 'utf8')).toBe('plain')
  writeFileSync(join(bench.workspace, 'b.txt'), 'work')
  const commit = await checkpoint.keep(keepRequest(1))
  expect(bench.hasRun()).toBe('')

  const names = execFileSync('git', ['ls-tree', '-r', '--name-only', String(commit)], {
    cwd: bench.workspace,
    env: { PATH: process.env.PATH ?? '', GIT_CONFIG_GLOBAL: '/dev/null' },
    encoding: 'utf8',
  })
  expect(names.trim().split('\n')).toEqual([
    '.gitattributes',
    '.gitmodules',
    'a.txt',
    'b.txt',
    'vendor/.gitattributes',
    'vendor/lib.js',
  ])
})

test('a real submodule with a planted configuration is recorded without being entered', async () => {
  const bench = hostile()
  const clean = { PATH: process.env.PATH ?? '', HOME: '/nonexistent', GIT_CONFIG_GLOBAL: '/dev/null' }
  const tree = execFileSync('git', ['hash-object', '-t', 'tree', '-w', '/dev/null'], {
    cwd: bench.nested,
    env: clean,
    encoding: 'utf8',
  }).trim()
  const identity = {
    GIT_AUTHOR_NAME: 'x',
    GIT_AUTHOR_EMAIL: 'x@x',
    GIT_COMMITTER_NAME: 'x',
    GIT_COMMITTER_EMAIL: 'x@x',
  }
  const inner = execFileSync('git', ['commit-tree', tree, '-m', 'inner'], {
    cwd: bench.nested,
    env: { ...clean, ...identity },
    encoding: 'utf8',
  }).trim()
  writeFileSync(join(bench.nested, '.git/refs/heads/main'), `${inner}\n`)
  const index = {
    ...clean,
    GIT_DIR: join(bench.workspace, '.git'),
    GIT_INDEX_FILE: join(bench.home, 'index'),
  }
  const plumb = (...args: string[]) =>
    execFileSync('git', ['-c', 'core.fsmonitor=', '-c', 'core.hooksPath=/dev/null', ...args], {
      env: { ...index, ...identity },
      encoding: 'utf8',
    }).trim()
  plumb('update-index', '--add', '--cacheinfo', `160000,${inner},vendor`)
  const outer = plumb('commit-tree', plumb('write-tree'), '-m', 'outer')
  writeFileSync(join(bench.workspace, '.git/refs/heads/main'), `${outer}\n`)
  expect(bench.hasRun()).toBe('')

  await bench.open().prepare('RUN1', [])
  await bench.open().mark('RUN1', 1)
  await bench.open().restore('RUN1', 1)
  const commit = await bench.open().keep(keepRequest(1))
  expect(bench.hasRun()).toBe('')
  expect(plumb('ls-tree', String(commit), 'vendor')).toBe(`160000 commit ${inner}\tvendor`)
  expect(readFileSync(join(bench.nested, 'lib.js'), 'utf8')).toBe('nested')
})

test("the trap is real: the user's own git add would have run the planted filter", () => {
  const bench = hostile()
  expect(() => bench.git('add', 'a.txt')).toThrow()
  expect(bench.hasRun()).not.toBe('')
})
