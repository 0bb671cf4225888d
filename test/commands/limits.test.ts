// Commands that take more of the machine than they may (spec/reliability.md X09). Every bomb here is bounded, so that
// one that is not stopped ends by itself.
import { spawnSync } from 'node:child_process'
import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { detectIsolation, type Isolation, noIsolation } from '../../commands/isolation.ts'
import { commandLimits, type GivenLimits, limited } from '../../commands/limits.ts'
import { localCommands } from '../../commands/local.ts'
import { ownMemoryBytes } from '../../commands/processes.ts'
import { realTimers } from '../support/real-timers.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { vanished } from './processes.ts'

const path = process.env.PATH ?? ''
const MIB = 1024 * 1024
const best = await detectIsolation({ path, network: false, hidden: [] })
const isolations: readonly Isolation[] = best.name === 'none' ? [noIsolation] : [noIsolation, best]

function workspace(isolation: Isolation, limits: GivenLimits = {}) {
  const cwd = temporaryDirectory()
  const commands = localCommands({ path, timers: realTimers, isolation, limits })
  return {
    cwd,
    run: (command: string, timeoutMs = 60_000) =>
      commands.run(command, { cwd, timeoutMs, signal: new AbortController().signal }),
  }
}

/** 2^depth processes, each of which starts two more before it waits. */
const forkBomb = (depth: number, seconds: number) =>
  `bomb() { if [ $1 -gt 0 ]; then bomb $(($1 - 1)) & bomb $(($1 - 1)) & fi; sleep ${seconds}; }; bomb ${depth}`

describe.each(isolations)('with isolation $name', (isolation) => {
  test('a fork bomb is ended with all of its processes, and the limit is told', async () => {
    const { run } = workspace(isolation, { processes: 60 })
    const mark = `61.${process.pid}`
    const { exitCode, stderr, timedOut } = await run(forkBomb(7, Number(mark)))
    expect({ exitCode, timedOut }).toEqual({ exitCode: 137, timedOut: false })
    expect(stderr).toMatch(/\[ended: it had more than 60 processes and threads\]\n$/)
    expect(await vanished(`sleep ${mark}`)).toBe(true)
  })

  test('a fork bomb in which each process leaves the session of the others is counted and ended, too', async () => {
    const { run } = workspace(isolation, { processes: 60 })
    const mark = `62.${process.pid}`
    const { stderr } = await run(`for i in $(seq 120); do setsid -f sleep ${mark}; done; sleep ${mark}`)
    expect(stderr).toMatch(/\[ended: it had more than 60 processes and threads\]\n$/)
    expect(await vanished(`sleep ${mark}`)).toBe(true)
  })

  test('a memory bomb of many small processes is ended for what they use together', async () => {
    const { run } = workspace(isolation, { memoryBytes: 150 * MIB })
    const mark = `hold-${process.pid}`
    const hold = `node -e "const held = Buffer.alloc(60 * 1024 * 1024, 1); setTimeout(() => held, 30000, '${mark}')"`
    const { exitCode, stderr } = await run(`${Array(4).fill(hold).join(' & ')} & wait`)
    expect(exitCode).toBe(137)
    expect(stderr).toMatch(/\[ended: it used more than 150 MiB of memory\]\n$/)
    expect(await vanished(mark)).toBe(true)
  })

  test('memory that a process shares with its children is counted once', async () => {
    const { run } = workspace(isolation, { memoryBytes: 200 * MIB })
    const children = `perl -e '$held = "x" x (60 * 1024 * 1024); fork; fork; sleep 2; print "held\\n"; 1 while wait > 0'`
    expect(await run(children)).toMatchObject({ exitCode: 0, stdout: 'held\n'.repeat(4), stderr: '' })
  })

  test('a process that asks for more memory than there may be gets none, and learns how much it may have', async () => {
    const { run } = workspace(isolation, { memoryBytes: 1024 * MIB })
    const { exitCode, stderr } = await run(`perl -e '$held = "x" x (3 * 1024 * 1024 * 1024)'`)
    expect(exitCode).not.toBe(0)
    expect(stderr).toMatch(/^Out of memory[\s\S]*\n\[a command may use 1024 MiB of memory\]\n$/)
  })

  test('a file grows to its limit and no further, and the limit is told', async () => {
    const { cwd, run } = workspace(isolation, { fileBytes: 8 * MIB })
    const { exitCode, stderr } = await run('head -c 20000000 /dev/zero > big')
    expect(exitCode).toBe(153)
    expect(stderr).toMatch(/\[a file of a command may have 8 MiB\]\n$/)
    expect(statSync(join(cwd, 'big')).size).toBe(8 * MIB)
  })

  test('when memory is short the machine ends a command before us', async () => {
    const { run } = workspace(isolation)
    expect((await run('cat /proc/self/oom_score_adj')).stdout).toBe('1000\n')
  })

  test('a gigabyte of output ends the command and leaves us what it began and ended with', async () => {
    const { run } = workspace(isolation)
    const { stdout, stderr } = await run('echo first; head -c 1000000000 /dev/zero | tr "\\0" x')
    expect(stdout.startsWith('first\nxxx')).toBe(true)
    expect(stderr).toMatch(/\[ended after \d+ bytes of output\]\n$/)
  })

  test('npm, git and tests of node work below the limits that hold where nobody set any', async () => {
    const { cwd, run } = workspace(isolation)
    writeFileSync(
      join(cwd, 'package.json'),
      JSON.stringify({ name: 'made', scripts: { test: 'node --test' } }),
    )
    mkdirSync(join(cwd, 'test'))
    writeFileSync(join(cwd, 'test/one.test.js'), `require('node:test').test('one', () => {})`)
    const { exitCode, stdout } = await run(
      'git init -q . && git add -A && git -c user.name=a -c user.email=a@b commit -qm one && git log --oneline && npm test',
    )
    expect(stdout).toMatch(/^\w+ one\n/)
    expect(stdout).toContain('pass 1')
    expect(exitCode).toBe(0)
  })

  test('the line of a syntax error is that of the command', async () => {
    const { run } = workspace(isolation)
    expect((await run('true\nfi')).stderr).toMatch(/\b2: /)
  })
})

const mounts = best.name === 'none' ? test.skip : test

mounts('a disk filler is ended while there is room left for us, and the reserve is told', () => {
  const directory = temporaryDirectory()
  const script = `
    import { localCommands } from '${new URL('../../commands/local.ts', import.meta.url).href}'
    import { noIsolation } from '${new URL('../../commands/isolation.ts', import.meta.url).href}'
    import { realTimers } from '${new URL('../support/real-timers.ts', import.meta.url).href}'
    import { statfsSync, writeFileSync } from 'node:fs'
    const commands = localCommands({
      path: process.env.PATH, timers: realTimers, isolation: noIsolation, limits: { freeDiskBytes: 60 * ${MIB} },
    })
    const { stderr } = await commands.run(process.argv[2], {
      cwd: process.argv[1], timeoutMs: 60000, signal: new AbortController().signal,
    })
    writeFileSync(process.argv[1] + '/ours', 'still writes')
    process.stdout.write(stderr)`
  const filler = 'for i in $(seq 100); do head -c 1048576 /dev/zero > file$i; sleep 0.02; done'
  const { stdout } = spawnSync(
    'unshare',
    [
      ...['--user', '--map-root-user', '--mount', 'sh', '-c'],
      'mount -t tmpfs -o size=100m tmpfs "$1" && exec "$2" --disable-warning=ExperimentalWarning --input-type=module-typescript --eval "$3" "$1" "$4"',
      ...['sh', directory, process.execPath, script, filler],
    ],
    { encoding: 'utf8' },
  )
  expect(stdout).toBe('[ended: less than 60 MiB were left on the disk of the workspace]\n')
})

test('a disk that was full before is no reason to end a command', async () => {
  const { run } = workspace(noIsolation, { freeDiskBytes: 2 ** 60 })
  expect(await run('sleep 0.5; echo done')).toMatchObject({ exitCode: 0, stdout: 'done\n' })
})

describe('the limit of processes that the kernel keeps', () => {
  const nproc = (command: string) =>
    spawnSync('sh', ['-c', command], { encoding: 'utf8' }).stdout.trim().replace('\n', ' ')
  const here = () => nproc('readlink /proc/self/ns/user')
  const ask = 'bash -c "ulimit -u"'
  const limits = commandLimits({ processes: 321 })

  test('is set where the user is nobody else', () => {
    expect(nproc(limited(ask, limits, 'user'))).toBe('321')
  })

  test('is set in a user namespace of its own', () => {
    expect(nproc(limited(ask, limits, { otherThan: 'user:[1]' }))).toBe('321')
  })

  test('is left alone where it would count what others run as the same user', () => {
    const before = nproc(ask)
    expect(nproc(limited(ask, limits, 'nowhere'))).toBe(before)
    expect(nproc(limited(ask, limits, { otherThan: here() }))).toBe(before)
  })
})

test('three quarters of the memory of the machine are the limit by default, and no limit keeps node from starting', async () => {
  expect(commandLimits().memoryBytes).toBeGreaterThan(256 * MIB)
  const { run } = workspace(noIsolation, { memoryBytes: 64 * MIB })
  expect(await run('node -e "console.log(1)"')).toMatchObject({ exitCode: 0, stdout: '1\n' })
})

test('a process that has ended takes no memory, whatever it had when it was counted', async () => {
  const { pid } = spawnSync('true')
  expect(await ownMemoryBytes(pid)).toBe(0)
  expect(await ownMemoryBytes(process.pid)).toBeGreaterThan(1024 * 1024)
})
