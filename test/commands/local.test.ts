import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, jest, test } from '@jest/globals'
import {
  bwrap,
  detectIsolation,
  type Isolation,
  noIsolation,
  unshare,
  unshareMount,
} from '../../commands/isolation.ts'
import { localCommands } from '../../commands/local.ts'
import { MAX_FLOOD_BYTES, MAX_OUTPUT_BYTES } from '../../commands/output.ts'
import { outOfDescriptors } from '../support/out-of-descriptors.ts'
import { realTimers } from '../support/real-timers.ts'
import { ROOT } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { vanished } from './processes.ts'

const path = process.env.PATH ?? ''
const best = await detectIsolation({ path, network: false, hidden: [] })
const isolations: readonly Isolation[] = [
  noIsolation,
  ...(best.name === 'none' ? [] : [unshare]),
  ...(best.name === 'none' || best.name === 'unshare' ? [] : [best]),
]
const never = new AbortController().signal

function workspace(isolation: Isolation) {
  const cwd = temporaryDirectory()
  const commands = localCommands({ path, timers: realTimers, isolation })
  return {
    cwd,
    run: (command: string, timeoutMs = 20_000) => commands.run(command, { cwd, timeoutMs, signal: never }),
  }
}

describe.each(isolations)('with isolation $name', (isolation) => {
  test('a command runs by sh in the workspace and both streams are told apart', async () => {
    const { cwd, run } = workspace(isolation)
    writeFileSync(join(cwd, 'in.txt'), 'hello')
    expect(await run('cat in.txt; echo oops >&2; echo done > out.txt; exit 3')).toEqual({
      exitCode: 3,
      stdout: 'hello',
      stderr: 'oops\n',
      timedOut: false,
    })
    expect(readFileSync(join(cwd, 'out.txt'), 'utf8')).toBe('done\n')
  })

  test('redirection and pipes of the shell work', async () => {
    const { run } = workspace(isolation)
    expect((await run('(echo out; echo err >&2) 2>&1 | tr a-z A-Z')).stdout).toBe('OUT\nERR\n')
  })

  test('an unknown command is 127, and there is no input to wait for', async () => {
    const { run } = workspace(isolation)
    expect(await run('no-such-command-here')).toMatchObject({ exitCode: 127 })
    expect(await run('cat; echo end')).toMatchObject({ exitCode: 0, stdout: 'end\n' })
  })

  test('the environment is scrubbed', async () => {
    process.env.OPENAI_API_KEY = 'sk-canary'
    process.env.AWS_SESSION_TOKEN = 'canary'
    const { cwd, run } = workspace(isolation)
    const names = (await run('env')).stdout
      .trim()
      .split('\n')
      .map((line) => line.split('=', 1)[0])
    delete process.env.OPENAI_API_KEY
    delete process.env.AWS_SESSION_TOKEN
    const expected = ['CI', 'HOME', 'LANG', 'NEAM_COMMAND', 'PATH', 'PWD', 'TERM']
    expect(names.filter((name) => !['OLDPWD', 'SHLVL', '_'].includes(name ?? '')).sort()).toEqual(expected)
    expect((await run('echo $HOME $TERM $CI')).stdout).toBe(`${cwd} dumb true\n`)
  })

  test('at the time limit the whole process group ends, whatever it ignores', async () => {
    const { run } = workspace(isolation)
    const mark = `3${process.pid}1`
    const result = await run(`trap '' TERM; echo before; sleep ${mark} & sleep ${mark}; sleep ${mark}`, 300)
    expect(result).toMatchObject({ exitCode: 124, timedOut: true, stdout: 'before\n' })
    expect(result.stderr).toMatch(/\[timed out after 300 ms\]\n$/)
    expect(await vanished(`sleep ${mark}`)).toBe(true)
  })

  test('what a command leaves running in the background is ended, even in a session of its own', async () => {
    const { run } = workspace(isolation)
    const mark = `4${process.pid}1`
    const result = await run(
      `sleep ${mark} & setsid sleep ${mark} & setsid -f sh -c 'sleep ${mark}'; echo started`,
    )
    expect(result).toMatchObject({ exitCode: 0, stdout: 'started\n', timedOut: false })
    expect(await vanished(`sleep ${mark}`)).toBe(true)
  })

  test('an abort ends the command and rejects with its reason', async () => {
    const cwd = temporaryDirectory()
    const commands = localCommands({ path, timers: realTimers, isolation })
    const mark = `5${process.pid}1`
    const stop = new AbortController()
    const run = commands.run(`touch started; sleep ${mark}`, { cwd, timeoutMs: 20_000, signal: stop.signal })
    while (!readdirSync(cwd).includes('started')) await wait(10)
    stop.abort(new Error('stopped by hand'))
    await expect(run).rejects.toThrow('stopped by hand')
    expect(await vanished(`sleep ${mark}`)).toBe(true)
    await expect(commands.run('touch again', { cwd, timeoutMs: 1000, signal: stop.signal })).rejects.toThrow(
      'stopped by hand',
    )
    expect(readdirSync(cwd)).not.toContain('again')
  })

  test('a gigantic output is kept at head and tail, and the gap is told', async () => {
    const { run } = workspace(isolation)
    const { stdout } = await run('echo first; head -c 50000000 /dev/zero | tr "\\0" x; echo; echo last')
    expect(stdout.length).toBeLessThan(MAX_OUTPUT_BYTES + 100)
    expect(stdout.startsWith('first\nxxx')).toBe(true)
    expect(stdout.endsWith('xxx\nlast\n')).toBe(true)
    expect(stdout).toMatch(/\n\[\.\.\. \d+ bytes left out \.\.\.\]\n/)
  })

  test('a flood without end is ended long before the time limit, and that is said', async () => {
    const { run } = workspace(isolation)
    const { exitCode, stdout, stderr, timedOut } = await run('yes flood', 600_000)
    expect([exitCode, timedOut]).toEqual([128 + 15, false])
    expect(stdout.startsWith('flood\n')).toBe(true)
    expect(stdout.length).toBeLessThan(MAX_OUTPUT_BYTES + 100)
    // A shell that sees its child end says so before.
    expect(stderr.endsWith(`[ended after ${MAX_FLOOD_BYTES} bytes of output]\n`)).toBe(true)
  })

  test('colours, cursor moves and bytes that are no UTF-8 come out as plain text', async () => {
    const { run } = workspace(isolation)
    const { stdout } = await run(`printf '\\033[31mred\\033[0m \\033]0;title\\007a\\000b\\377c\\tü\\r\\n'`)
    expect(stdout).toBe('red ab\ufffdc\tü\r\n')
  })
})

test('a workspace that is gone is 127 with the reason', async () => {
  const commands = localCommands({ path, timers: realTimers, isolation: noIsolation })
  const result = await commands.run('true', { cwd: '/nonexistent/ws', timeoutMs: 1000, signal: never })
  expect(result).toEqual({
    exitCode: 127,
    stdout: '',
    stderr: 'cannot start in /nonexistent/ws: ENOENT\n',
    timedOut: false,
  })
})

test.each([
  [
    'is longer than the system takes',
    `: ${'x'.repeat(200_000)}`,
    'the command is too long (E2BIG); write its text into a file and run that',
  ],
  ['holds a NUL character', 'echo a\0b', 'the command holds a NUL character'],
])('a command that %s is 127 with the reason', async (_what, command, reason) => {
  const { cwd, run } = workspace(noIsolation)
  expect(await run(command)).toEqual({
    exitCode: 127,
    stdout: '',
    stderr: `cannot start in ${cwd}: ${reason}\n`,
    timedOut: false,
  })
})

const LOCAL = {
  localCommands: 'commands/local.ts',
  noIsolation: 'commands/isolation.ts',
  realTimers: 'test/support/real-timers.ts',
}

test('a command for which no file descriptor is left is 127, and the process lives on', () => {
  const printed = outOfDescriptors(
    LOCAL,
    `const commands = localCommands({ path: process.env.PATH, timers: realTimers, isolation: noIsolation })
    const run = () => commands.run('echo ran', { cwd: '/', timeoutMs: 20_000, signal: new AbortController().signal })
    exhaust()
    await shown(run())
    relieve()
    await shown(run())`,
  )
  const [refused, ran] = printed.split('\n').map((line) => line && JSON.parse(line))
  expect(refused).toMatchObject({ exitCode: 127, stderr: 'cannot start in /: EMFILE\n' })
  expect(ran).toMatchObject({ exitCode: 0, stdout: 'ran\n' })
})

test('what isolates commands is not decided while no file descriptor is left, but at the next command', () => {
  const printed = outOfDescriptors(
    LOCAL,
    `const commands = localCommands({ path: process.env.PATH, timers: realTimers })
    const run = () => commands.run('env | grep -c NEAM', { cwd: '/', timeoutMs: 20_000, signal: new AbortController().signal })
    exhaust()
    await shown(run())
    relieve()
    await shown(run())`,
  )
  const [refused, ran] = printed.split('\n').map((line) => line && JSON.parse(line))
  expect(refused).toEqual({
    code: 'service_unavailable',
    data: { service: 'the isolation of commands', problem: 'EMFILE' },
  })
  expect(ran).toMatchObject({ exitCode: 0, stdout: '1\n' })
})

test('a command killed by a signal has the code a shell gives it', async () => {
  expect(await workspace(noIsolation).run('kill -9 $$')).toMatchObject({ exitCode: 137, timedOut: false })
})

const isolated = best.name === 'none' ? test.skip : test

/** Runs `command` in a workspace for a process whose environment, from its start, and whose home hold the canary. */
function hunt(command: (home: string) => string) {
  const canary = `canary-${process.pid}-key`
  const directory = temporaryDirectory()
  const [home, cwd] = [join(directory, 'home'), join(directory, 'ws')]
  const credentials: Readonly<Record<string, string>> = {
    '.aws/credentials': `aws_secret_access_key = ${canary}`,
    '.ssh/id_ed25519': canary,
    '.config/gh/hosts.yml': `oauth_token: ${canary}`,
    '.git-credentials': `https://ada:${canary}@example.com`,
    '.gitconfig': `[http]\n\textraHeader = "Authorization: ${canary}"\n`,
    '.netrc': `machine example.com password ${canary}`,
    '.npmrc': `//registry.example.com/:_authToken=${canary}`,
  }
  for (const [path, text] of Object.entries(credentials)) {
    mkdirSync(join(home, path, '..'), { recursive: true })
    writeFileSync(join(home, path), text)
  }
  mkdirSync(cwd)
  const script = `
    import { localCommands } from '${new URL('../../commands/local.ts', import.meta.url).href}'
    import { realTimers } from '${new URL('../support/real-timers.ts', import.meta.url).href}'
    const commands = localCommands({ path: process.env.PATH, timers: realTimers })
    const { stdout } = await commands.run(process.argv[2], {
      cwd: process.argv[1], timeoutMs: 20000, signal: new AbortController().signal,
    })
    process.stdout.write(stdout)`
  const secrets = ['OPENAI_API_KEY', 'NEAM_ADMIN_KEY', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN']
  const metadata = ['AWS_CONTAINER_AUTHORIZATION_TOKEN', 'AWS_WEB_IDENTITY_TOKEN_FILE', 'GIT_ASKPASS']
  const child = spawnSync(
    process.execPath,
    ['--input-type=module-typescript', '--eval', script, cwd, command(home)],
    {
      env: {
        PATH: path,
        HOME: home,
        ...Object.fromEntries([...secrets, ...metadata].map((name) => [name, canary])),
      },
      encoding: 'utf8',
    },
  )
  expect(child.stderr.replaceAll(/.*ExperimentalWarning.*\n.*\n/g, '')).toBe('')
  return { stdout: child.stdout, canary }
}

isolated('an isolated script that hunts through /proc finds no key of ours', () => {
  const { stdout, canary } = hunt(
    () => `env; set; cat /proc/*/environ /proc/$PPID/environ /proc/*/cmdline; ls /proc/*/mem | wc -l
for pid in $(ls /proc | grep '^[0-9]'); do cat < /proc/$pid/environ; cat /proc/$pid/task/*/environ; done
grep -rsa canary- /proc/*/environ /proc/*/cmdline`,
  )
  expect(stdout).toContain('NEAM_COMMAND=')
  expect(stdout).not.toContain(canary)
})

const hidesFiles = ['bwrap', 'unshare-mount'].includes(best.name) ? test : test.skip

hidesFiles(
  'nor one in the home of who runs us, in the configuration of git, or in what stands in for a person',
  () => {
    const { stdout, canary } = hunt(
      (home) => `ls -A ${home}; grep -rsa canary- ${home}; cat ${home}/.aws/* ${home}/.netrc ${home}/.npmrc
git config --list --show-origin; git config --file ${home}/.gitconfig --list; HOME=${home} git config --list
echo url=https://example.com | HOME=${home} GIT_TERMINAL_PROMPT=0 git credential fill
umount ${home}/.aws && cat ${home}/.aws/credentials; echo hunted`,
    )
    // The hunt went through a home that is there.
    expect(stdout).toContain('.aws')
    expect(stdout).toContain('hunted')
    expect(stdout).not.toContain(canary)
  },
)

test('without isolation that hunt finds them: this is what the warning is about', async () => {
  const { cwd } = workspace(noIsolation)
  const found = `canary-${process.pid}-visible`
  const holder = spawn('sleep', ['20'], { env: { PATH: path, OPENAI_API_KEY: found } })
  try {
    const commands = localCommands({ path, timers: realTimers, isolation: noIsolation })
    const { stdout } = await commands.run(`cat /proc/${holder.pid}/environ`, {
      cwd,
      timeoutMs: 20_000,
      signal: never,
    })
    expect(stdout).toContain(found)
  } finally {
    holder.kill()
  }
})

const underUnshareMount = best.name === 'none' || best.name === 'unshare' ? test.skip : test

underUnshareMount(
  'unshare hides .neam, state and folders that hold it, and gives the command its own user',
  async () => {
    const directory = temporaryDirectory()
    const [cwd, state] = [join(directory, 'ws'), join(directory, 'state')]
    for (const folder of [join(cwd, '.neam'), state]) mkdirSync(folder, { recursive: true })
    for (const file of [join(cwd, '.neam/secret'), join(state, 'secret')]) writeFileSync(file, 'canary')
    const commands = localCommands({
      path,
      timers: realTimers,
      isolation: unshareMount({ hidden: [state, directory] }),
    })
    const { stdout } = await commands.run(
      `cat .neam/* ${state}/*; umount .neam ${state}; cat .neam/* ${state}/*; touch .neam/kill.json; id -u; echo mine > made`,
      { cwd, timeoutMs: 20_000, signal: never },
    )
    expect(stdout).toBe(`${process.getuid!()}\n`)
    expect(readdirSync(join(cwd, '.neam'))).toEqual(['secret'])
    expect(readFileSync(join(cwd, 'made'), 'utf8')).toBe('mine\n')
  },
)

const underBwrap = best.name === 'bwrap' ? test : test.skip

underBwrap('bwrap lets a command write its workspace only, and hides .neam, state and network', async () => {
  const directory = temporaryDirectory()
  const [cwd, state] = [join(directory, 'ws'), join(directory, 'ws/.state')]
  for (const folder of [join(cwd, '.neam'), state]) mkdirSync(folder, { recursive: true })
  for (const file of [join(cwd, '.neam/secret'), join(state, 'secret'), join(directory, 'outside')])
    writeFileSync(file, 'canary')
  const commands = localCommands({
    path,
    timers: realTimers,
    isolation: bwrap({ path, network: false, hidden: [state] }),
  })
  const command = `cat .neam/* .state/* ; echo x > ${directory}/outside; echo x > /usr/planted; touch .neam/kill.json
    ls /sys/class/net /proc/net/dev >/dev/null; tail -n +3 /proc/net/dev | cut -d: -f1; echo mine > made`
  const { stdout } = await commands.run(command, { cwd, timeoutMs: 20_000, signal: never })
  expect(stdout).not.toContain('canary')
  expect(stdout.trim().split(/\s+/)).toEqual(['lo'])
  expect(readFileSync(join(directory, 'outside'), 'utf8')).toBe('canary')
  expect(readdirSync(join(cwd, '.neam'))).toEqual(['secret'])
  expect(readFileSync(join(cwd, 'made'), 'utf8')).toBe('mine\n')
})

describe('the arguments of bwrap', () => {
  test('give the workspace and take away network, .neam and hidden folders, the shell text last', () => {
    const directory = temporaryDirectory()
    const state = join(directory, 'ws/.state')
    mkdirSync(state, { recursive: true })
    const argv = bwrap({ path, network: false, hidden: [state, '/nonexistent'] }).argv(
      'echo "$HOME"',
      join(directory, 'ws'),
    )
    const line = argv.join(' ')
    expect(line).toContain('--unshare-net')
    expect(line).toContain('--ro-bind / /')
    expect(line).toContain(
      `--bind ${directory}/ws ${directory}/ws --tmpfs ${directory}/ws/.neam --tmpfs ${state}`,
    )
    expect(line).not.toContain('/nonexistent')
    expect(argv.slice(-4)).toEqual(['--', 'sh', '-c', 'echo "$HOME"'])
  })

  test('leave the network where it is allowed', () => {
    expect(bwrap({ path, network: true, hidden: [] }).argv('x', '/ws')).not.toContain('--unshare-net')
  })
})

const asRoot = process.getuid?.() === 0 ? test : test.skip

asRoot('a user id that has no account, as in a container, has no home to hide', () => {
  const argv = `
    const { bwrap } = await import(${JSON.stringify(join(ROOT, 'commands/isolation.ts'))})
    console.log(bwrap({ path: '', network: false, hidden: [] }).argv('true', '/ws').join(' '))`
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', argv], {
    uid: 51_234,
    env: {},
    encoding: 'utf8',
  })
  expect(stdout).toContain('-- sh -c true')
})

const unprivileged = process.getuid?.() === 0 ? test.skip : test

unprivileged('a folder that we may not even look at keeps no command from running', async () => {
  const closed = join(temporaryDirectory(), 'closed')
  mkdirSync(closed, { mode: 0o000 })
  const isolation = await detectIsolation({ path, network: false, hidden: [join(closed, 'state')] })
  expect(isolation.argv('true', '/ws').join(' ')).not.toContain(closed)
})

test('where isolation is required and none works, commands are refused', async () => {
  const { cwd } = workspace(noIsolation)
  const commands = localCommands({ path: '/nonexistent', timers: realTimers, isolated: true })
  await expect(commands.run('touch made', { cwd, timeoutMs: 1000, signal: never })).rejects.toMatchObject({
    code: 'commands_not_isolated',
  })
  expect(readdirSync(cwd)).toEqual([])
})

test('without any tool there is no isolation, and unshare separates processes only', async () => {
  expect((await detectIsolation({ path: '/nonexistent', network: true, hidden: [] })).name).toBe('none')
  expect(unshare.argv('x', '/ws').slice(-4)).toEqual(['--', 'sh', '-c', 'x'])
})

test('a command that cannot be killed is waited for no longer than its grace, twice', async () => {
  const cwd = temporaryDirectory()
  const commands = localCommands({ path, timers: realTimers, isolation: noIsolation })
  const kill = process.kill.bind(process)
  const pids: number[] = []
  const spy = jest.spyOn(process, 'kill').mockImplementation((pid) => {
    pids.push(Math.abs(pid))
    throw Object.assign(new Error('kill EPERM'), { code: 'EPERM' })
  })
  try {
    const start = Date.now()
    expect(await commands.run('exec sleep 60', { cwd, timeoutMs: 100, signal: never })).toMatchObject({
      exitCode: 124,
      timedOut: true,
    })
    expect(Date.now() - start).toBeLessThan(30_000)
  } finally {
    spy.mockRestore()
    for (const pid of new Set(pids)) kill(pid, 'SIGKILL')
  }
}, 40_000)
