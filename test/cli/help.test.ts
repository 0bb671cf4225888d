import { copyFileSync, cpSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import packageJson from '../../package.json' with { type: 'json' }
import { fetch } from '../support/fetch.ts'
import { type Run, runBin } from '../support/program.ts'
import { ROOT, type Server, startServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

/** Every program, and every command of one. */
const COMMANDS: readonly (readonly string[])[] = [
  ['neam'],
  ['neam-api'],
  ['neam-cli'],
  ['neam-cli', 'audit'],
  ['neam-cli', 'confirmations'],
  ['neam-cli', 'doctor'],
  ['neam-cli', 'sessions'],
  ['neam-cli', 'workspace'],
  ['neam-forge'],
  ['neam-lsp'],
  ['neamc'],
  ['neamc', 'check'],
  ['neamc', 'compile'],
  ['neamc', 'disassemble'],
  ['neamc', 'explain'],
  ['neamc', 'fmt'],
]

/** What cannot just be run, and where it is. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'neam-api --program agents.neam --port 9000 --workers 2 --watch':
    'neam-api-flags.test.ts, neam-api-watch.test.ts',
  'neam-cli audit verify audit.jsonl': 'audit.test.ts',
  'neam-cli audit verify --log - < server.log': 'audit.test.ts',
  'neam-cli confirmations approve ID --url http://127.0.0.1:8080': 'confirmations.test.ts',
  'neam-lsp --stdio': 'neam-lsp.test.ts',
}

describe('--help', () => {
  const cwd = temporaryDirectory()
  let server: Server

  /** The files that the examples name, and a server with a workspace. */
  beforeAll(async () => {
    for (const name of ['agents.neam', 'hello.neam', 'tutor.neam'])
      copyFileSync(join(ROOT, 'examples', name), join(cwd, name))
    cpSync(join(ROOT, 'examples/word-count'), cwd, { recursive: true })
    server = await startServer('bin/neam-api.js', ['--program', 'agents.neam', '--offline'], {}, cwd)
    await fetch(`${server.url}/api/v1/forge/code_builder/workspace`, {
      method: 'POST',
      body: JSON.stringify({ files: { 'a.txt': 'a' } }),
    })
  })
  afterAll(async () => {
    await server.stop()
  })

  const run = ([program, ...args]: readonly string[]): Promise<Run> =>
    runBin(program!, args, { cwd, env: { NEAM_URL: server.url, NEAM_OFFLINE: '1' } })

  test.each(COMMANDS.map((command) => [command]))('of %j has what every help has', async (command) => {
    const { code, stdout, stderr } = await run([...command, '--help'])
    expect([code, stderr]).toEqual([0, ''])
    const titles = [...stdout.matchAll(/^(\w[\w ]*)(?: \(.*\))?:/gm)].map(([, title]) => title)
    expect(titles[0]).toBe('Usage')
    expect(titles.filter((title) => ['Flags', 'Examples', 'Exit codes'].includes(title!))).toEqual([
      'Flags',
      'Examples',
      'Exit codes',
    ])
    for (const flag of ['-h, --help', '--version', '--no-color']) expect(stdout).toContain(flag)
    for (const line of stdout.split('\n')) expect([line, line.length <= 170]).toEqual([line, true])
  })

  test.each(COMMANDS.map((command) => [command]))(
    'of %j prints examples that work',
    async (command) => {
      const { stdout } = await run([...command, '--help'])
      const [, examples] = /^Examples:\n((?: {2}.*\n)+)/m.exec(stdout)!
      for (const example of examples!.trim().split(/\n +/)) {
        expect(example.startsWith(command.join(' '))).toBe(true)
        if (example in ELSEWHERE || example === 'neam-api --program agents.neam --offline') continue
        if (example.startsWith('neam-cli sessions show'))
          await runBin('neam-cli', ['tutor.neam', '--user', 'ada', '--offline'], { cwd, input: 'Hi\n' })
        const { code, stderr } = await run(example.split(' '))
        expect([example, code, stderr]).toEqual([example, 0, expect.any(String)])
      }
    },
    60_000,
  )

  test.each(COMMANDS.map((command) => [command]))('%j --version', async (command) => {
    expect(await run([...command, '--version'])).toEqual({
      code: 0,
      stdout: `${command[0]} ${packageJson.version}\n`,
      stderr: '',
    })
  })

  test.each(COMMANDS.map((command) => [command]))(
    '%j answers an unknown flag with the one that was meant',
    async (command) => {
      const { code, stdout, stderr } = await run([...command, '--versoin'])
      expect([code, stdout, stderr]).toEqual([
        2,
        '',
        `${command[0]}: unknown flag --versoin; did you mean --version?\n`,
      ])
    },
  )
})
