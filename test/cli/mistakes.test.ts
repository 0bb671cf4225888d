import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { isColored } from '../../cli/color.ts'
import { runBin } from '../support/program.ts'
import { ROOT, startServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const cwd = temporaryDirectory()
for (const name of ['agents.neam', 'hello.neam', 'tutor.neam'])
  copyFileSync(join(ROOT, 'examples', name), join(cwd, name))
mkdirSync(join(cwd, 'folder'))
writeFileSync(join(cwd, 'broken.neam'), 'let x = ;\n')

describe('a mistake on the command line is answered with what was meant', () => {
  test.each<[command: string, code: number, answer: string]>([
    ['neam helo.neam', 1, 'cannot read helo.neam: there is no such file; did you mean hello.neam?'],
    ['neam ./helo.neam', 1, 'cannot read ./helo.neam: there is no such file; did you mean hello.neam?'],
    ['neam nothing.neam', 1, 'cannot read nothing.neam: there is no such file'],
    [
      'neam nowhere/hello.neam',
      1,
      'cannot read nowhere/hello.neam: there is no such file, nor a folder nowhere',
    ],
    ['neam folder', 1, 'cannot read folder: it is a directory'],
    ['neamc helo.neam', 1, 'cannot read helo.neam: there is no such file; did you mean hello.neam?'],
    ['neamc fmt helo.neam', 1, 'cannot read helo.neam: there is no such file; did you mean hello.neam?'],
    ['neamc chek', 2, 'unknown command chek; did you mean check?'],
    ['neamc chek hello.neam', 2, 'unknown command chek; did you mean check?'],
    ['neamc check --jsno hello.neam', 2, 'unknown flag --jsno; did you mean --json?'],
    ['neamc check --yaml hello.neam', 2, 'unknown flag --yaml; see neamc check --help'],
    ['neam-cli tutr.neam', 1, 'cannot read tutr.neam: there is no such file; did you mean tutor.neam?'],
    ['neam-cli doctr', 2, 'unknown command doctr; did you mean doctor?'],
    ['neam-cli sesions list tutor.neam', 2, 'unknown command sesions; did you mean sessions?'],
    [
      'neam-cli chat tutor.neam',
      2,
      'unknown command chat; the commands are audit, confirmations, doctor, memory, sessions, workspace; without one: neam-cli tutor.neam',
    ],
    ['neam-cli tutor --offline', 1, 'cannot read tutor: there is no such file; did you mean tutor.neam?'],
    ['neamc hello', 1, 'cannot read hello: there is no such file; did you mean hello.neam?'],
    ['neam hello.naem', 1, 'cannot read hello.naem: there is no such file; did you mean hello.neam?'],
    ['neam-cli sessions shwo tutor.neam', 2, 'unknown action shwo; did you mean show?'],
    ['neam-cli confirmations aprove 1', 2, 'unknown action aprove; did you mean approve?'],
    ['neam-cli workspace pul code_builder', 2, 'unknown action pul; did you mean pull?'],
    ['neam-cli audit verfy', 2, 'unknown action verfy; did you mean verify?'],
    ['neam-cli sessions --jsno', 2, 'unknown flag --jsno; did you mean --json?'],
    ['neam-forge agents.neam', 2, 'unexpected argument agents.neam; did you mean --agent agents.neam?'],
    [
      'neam-forge --agent agent.neam',
      1,
      'cannot read agent.neam: there is no such file; did you mean agents.neam?',
    ],
    ['neam-api agents.neam', 2, 'unexpected argument agents.neam; did you mean --program agents.neam?'],
    [
      'neam-api --program agent.neam',
      1,
      'cannot read agent.neam: there is no such file; did you mean agents.neam?',
    ],
    [
      'neam-api --bytecode build',
      1,
      'no bytecode at build: there is no such file or directory; make it with: neamc compile FILE.neam --output DIR',
    ],
    [
      'neam-api --bytecode folder',
      1,
      'no .neamb file in folder; make one with: neamc compile FILE.neam --output folder',
    ],
    ['neam-lsp agents.neam', 2, 'unexpected argument agents.neam: files are opened by the editor'],
  ])('%s', async (command, code, answer) => {
    const [program, ...args] = command.split(' ')
    expect(await runBin(program!, args, { cwd })).toEqual({
      code,
      stdout: '',
      stderr: `${program}: ${answer}\n`,
    })
  })

  test('a missing key names its variable and the way without one', async () => {
    const { code, stderr } = await runBin('neam-forge', ['--agent', 'agents.neam', '--max-iterations', '1'], {
      cwd,
    })
    expect(code).toBe(1)
    expect(stderr).toContain('no API key for provider openai: set OPENAI_API_KEY, or use --offline')
  })

  test('a server says at its start which models it has, and which key is missing; it serves all the same', async () => {
    const server = await startServer('bin/neam-api.js', ['--program', 'agents.neam'], {}, cwd)
    const warning = 'WARNING       no API key for provider openai: set OPENAI_API_KEY, or use --offline'
    expect(server.log()).toContain('models        openai gpt-4o\n')
    expect(server.log().split(warning)).toHaveLength(2)
    expect(await server.stop()).toBe(0)
  })

  test('a server that has the key, or needs none, warns of none', async () => {
    for (const [args, env] of [
      [[], { OPENAI_API_KEY: 'key' }],
      [['--offline'], {}],
    ] as const) {
      const server = await startServer('bin/neam-api.js', ['--program', 'agents.neam', ...args], env, cwd)
      expect(server.log()).not.toContain('OPENAI_API_KEY')
      expect(await server.stop()).toBe(0)
    }
  })
})

describe('colour', () => {
  const terminal = (colors: boolean) => ({ isTTY: true, hasColors: () => colors })

  test.each([
    ['a terminal', terminal(true), [], true],
    ['a terminal without colours, or with NO_COLOR set', terminal(false), [], false],
    ['a terminal and --no-color', terminal(true), ['--no-color'], false],
    ['a file', {}, [], false],
  ] as const)('%s', (_where, stream, argv, colored) => {
    expect(isColored(stream, argv)).toBe(colored)
  })

  test.each([
    ['', {}, true],
    ['--no-color', {}, false],
    ['', { NO_COLOR: '1' }, false],
  ] as const)('of compile errors on a terminal, with the flag "%s" and %j', (flag, environment, colored) => {
    const command = `${process.execPath} ${ROOT}bin/neamc.js check broken.neam ${flag}`
    const { stdout, status } = spawnSync('script', ['-qec', command, '/dev/null'], {
      cwd,
      encoding: 'utf8',
      env: { PATH: process.env.PATH ?? '', TERM: 'xterm-256color', ...environment },
    })
    expect([status, stdout.includes('error[')]).toEqual([1, true])
    expect(stdout.includes('\u001b[')).toBe(colored)
  })
})
