import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { decode } from '../../bytecode/codec.ts'
import packageJson from '../../package.json' with { type: 'json' }
import { ROOT } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const CHAPTERS = join(ROOT, 'test', 'chapters', 'programs')

/** Runs the compiler in a folder as a user does. */
function neamc(cwd: string, ...args: string[]) {
  const { stdout, stderr, status } = spawnSync(process.execPath, [join(ROOT, 'bin', 'neamc.js'), ...args], {
    cwd,
    encoding: 'utf8',
  })
  return { stdout, stderr, status }
}

/** A folder with files in it. */
function folder(files: Readonly<Record<string, string>>): string {
  const path = temporaryDirectory()
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text)
  return path
}

const HELLO = 'emit "hello";\n'
const manifestOf = (path: string) => decode(readFileSync(path)).manifest

describe('neamc compiles', () => {
  test('FILE -o FILE', () => {
    const cwd = folder({ 'a.neam': HELLO })
    expect(neamc(cwd, 'a.neam', '-o', 'out.neamb')).toEqual({
      stdout: 'out.neamb: no agents\n',
      stderr: '',
      status: 0,
    })
    expect(manifestOf(join(cwd, 'out.neamb')).program).toBe('a.neam')
    expect(readdirSync(cwd).sort()).toEqual(['a.neam', 'out.neamb'])
  })

  test('beside the source when no place is given', () => {
    const cwd = folder({ 'a.neam': HELLO })
    expect(neamc(cwd, 'a.neam').status).toBe(0)
    expect(existsSync(join(cwd, 'a.neamb'))).toBe(true)
  })

  test('compile FILE --output DIR, as chapter 28.5 does', () => {
    const cwd = temporaryDirectory()
    copyFileSync(join(CHAPTERS, 'ch28-04-agents.neam'), join(cwd, 'agents.neam'))
    const { stdout, status } = neamc(cwd, 'compile', 'agents.neam', '--output', './bytecode/')
    expect({ stdout, status }).toEqual({
      stdout: 'bytecode/agents.neamb: 1 claw agent, 1 forge agent, 4 skills, 1 guard, 1 channel\n',
      status: 0,
    })
    const names = manifestOf(join(cwd, 'bytecode', 'agents.neamb')).agents.map(({ name }) => name)
    expect(names).toEqual(['support_bot', 'code_builder'])
  })

  test('several files into one directory', () => {
    const cwd = folder({ 'a.neam': HELLO, 'b.neam': HELLO })
    expect(neamc(cwd, 'compile', 'a.neam', 'b.neam', '--output', 'out').status).toBe(0)
    expect(readdirSync(join(cwd, 'out'))).toEqual(['a.neamb', 'b.neamb'])
  })

  test('the same source to the same bytes', () => {
    const cwd = folder({ 'a.neam': HELLO })
    neamc(cwd, 'a.neam', '-o', '1.neamb')
    neamc(cwd, 'a.neam', '-o', '2.neamb')
    expect(readFileSync(join(cwd, '1.neamb'))).toEqual(readFileSync(join(cwd, '2.neamb')))
  })
})

describe('neamc reports', () => {
  test.each([
    ['chapter 24.8', 'ch24-10-bad-bot.neam', 'bad_bot'],
    ['chapter 25.9', 'ch25-08-bad-agent.neam', 'bad_agent'],
  ])('the errors of %s as the chapter prints them', (_chapter, program, name) => {
    const cwd = temporaryDirectory()
    copyFileSync(join(CHAPTERS, program), join(cwd, `${name}.neam`))
    const { stdout, stderr, status } = neamc(cwd, `${name}.neam`, '-o', `${name}.neamb`)
    expect({ stdout, status }).toEqual({ stdout: '', status: 1 })
    expect(stderr).toBe(readFileSync(join(ROOT, 'test', 'cli', `${name}.txt`), 'utf8'))
    expect(existsSync(join(cwd, `${name}.neamb`))).toBe(false)
  })

  test('no colour where the errors go to a file or a pipe', () => {
    const cwd = folder({ 'bad.neam': 'emit nothing_like_it;' })
    const { stderr } = neamc(cwd, 'bad.neam')
    expect(stderr).toContain('error[')
    expect(stderr).not.toContain('\u001b')
  })

  test('an error leaves an older output untouched', () => {
    const cwd = folder({ 'bad.neam': 'emit nothing_like_it;', 'out.neamb': 'older' })
    expect(neamc(cwd, 'bad.neam', '-o', 'out.neamb').status).toBe(1)
    expect(readFileSync(join(cwd, 'out.neamb'), 'utf8')).toBe('older')
  })

  test('check says ok and writes nothing', () => {
    const cwd = folder({ 'a.neam': HELLO })
    expect(neamc(cwd, 'check', 'a.neam')).toEqual({ stdout: 'a.neam: ok\n', stderr: '', status: 0 })
    expect(readdirSync(cwd)).toEqual(['a.neam'])
  })

  test('check --json gives every diagnostic with its place', () => {
    const cwd = temporaryDirectory()
    copyFileSync(join(CHAPTERS, 'ch24-10-bad-bot.neam'), join(cwd, 'bad_bot.neam'))
    const { stdout, stderr, status } = neamc(cwd, 'check', 'bad_bot.neam', '--json')
    expect({ stderr, status }).toEqual({ stderr: '', status: 1 })
    const { diagnostics } = JSON.parse(stdout) as { diagnostics: unknown[] }
    expect(diagnostics).toMatchObject([
      {
        code: 'E4001',
        severity: 'error',
        file: 'bad_bot.neam',
        line: 6,
        column: 3,
        endLine: 6,
        endColumn: 9,
      },
      {
        code: 'E4003',
        severity: 'error',
        file: 'bad_bot.neam',
        line: 7,
        column: 3,
        endLine: 7,
        endColumn: 7,
      },
    ])
  })

  test('warnings, and compiles all the same', () => {
    const cwd = folder({
      'a.neam': 'sealed Light { Red, Green }\nlet l = Light.Red;\nmatch l { Red => emit "stop" }\n',
    })
    const { stderr, status } = neamc(cwd, 'check', 'a.neam')
    expect(stderr).toContain('warning[')
    expect(status).toBe(0)
  })

  test('errors of an imported file under that file\u2019s name', () => {
    const cwd = folder({
      'a.neam': 'import "./lib.neam";\nemit f();\n',
      'lib.neam': 'fun f() { return unknwn; }\n',
    })
    const { stderr, status } = neamc(cwd, 'check', 'a.neam')
    expect(stderr).toContain('lib.neam:1:')
    expect(status).toBe(1)
  })
})

describe('neamc disassembles', () => {
  test('source and bytecode alike', () => {
    const cwd = folder({ 'a.neam': HELLO })
    neamc(cwd, 'a.neam')
    const fromSource = neamc(cwd, 'disassemble', 'a.neam')
    expect(fromSource).toMatchObject({ status: 0, stdout: expect.stringContaining('EMIT') })
    expect(neamc(cwd, 'disassemble', 'a.neamb').stdout).toBe(fromSource.stdout)
  })

  test('nothing that is no bytecode', () => {
    const cwd = folder({ 'a.neamb': 'not bytecode' })
    expect(neamc(cwd, 'disassemble', 'a.neamb')).toEqual({
      stdout: '',
      stderr: 'neamc: a.neamb: this is not Neam bytecode: it does not begin with "NEAM"\n',
      status: 1,
    })
  })
})

describe('neamc explains', () => {
  test('a code, in either case', () => {
    const { stdout, status } = neamc(ROOT, 'explain', 'e4001')
    expect(stdout).toBe(readFileSync(join(ROOT, 'docs', 'errors', 'E4001.md'), 'utf8'))
    expect(status).toBe(0)
  })

  test('an unknown code with the nearest one', () => {
    const { stderr, status } = neamc(ROOT, 'explain', 'E4O01')
    expect(stderr).toBe('neamc: there is no error E4O01; did you mean E4001?\n')
    expect(status).toBe(1)
  })
})

describe('what cannot be done is said in one line', () => {
  const cwd = folder({ 'a.neam': HELLO, 'bin.neam': '' })
  mkdirSync(join(cwd, 'dir.neam'))
  writeFileSync(join(cwd, 'bin.neam'), Buffer.from([0x66, 0xff, 0xfe]))

  test.each<[string, string[], string, number]>([
    ['no such file', ['x.neam'], 'cannot read x.neam: there is no such file', 1],
    ['a directory', ['dir.neam'], 'cannot read dir.neam: it is a directory', 1],
    ['no text', ['bin.neam'], 'cannot read bin.neam: it is not UTF-8 text', 1],
    [
      'a missing output directory',
      ['a.neam', '-o', 'no/where/a.neamb'],
      'cannot write no/where/a.neamb: the directory no/where does not exist',
      1,
    ],
    [
      'a directory in place of the output',
      ['a.neam', '-o', 'dir.neam'],
      'cannot write dir.neam: it is a directory',
      1,
    ],
    ['an unknown flag', ['a.neam', '--ouput', 'x'], 'unknown flag --ouput; did you mean --output?', 2],
    ['an unknown command', ['chekc', 'a.neam'], 'unknown command chekc; did you mean check?', 2],
    [
      'two places for the output',
      ['a.neam', '-o', 'x', '--output', 'y'],
      '-o FILE and --output DIR exclude each other',
      2,
    ],
    [
      'one output for two sources',
      ['a.neam', 'b.neam', '-o', 'x'],
      '-o takes one source file, got 2; use --output DIR',
      2,
    ],
    ['the source as its own output', ['a.neam', '-o', 'a.neam'], 'a.neam would overwrite itself', 2],
    ['no file to check', ['check'], 'no file is given, e.g. neamc check agents.neam', 2],
    ['no file to disassemble', ['disassemble'], 'disassemble takes one file', 2],
    ['no code to explain', ['explain'], 'explain takes one code, e.g. neamc explain E4001', 2],
  ])('%s', (_claim, args, message, status) => {
    expect(neamc(cwd, ...args)).toEqual({ stdout: '', stderr: `neamc: ${message}\n`, status })
  })

  test('no argument at all: the help, as an error', () => {
    const { stderr, status } = neamc(cwd)
    expect(stderr).toContain('Usage: neamc')
    expect(status).toBe(2)
  })
})

describe('neamc introduces itself', () => {
  test('--version', () => {
    expect(neamc(ROOT, '--version').stdout).toBe(`neamc ${packageJson.version}\n`)
  })

  test.each([[['--help']], [['-h']], [['compile', '--help']], [['check', '-h']]])('%j', (args) => {
    const { stdout, status } = neamc(ROOT, ...args)
    expect(stdout).toContain('Usage: neamc')
    expect(status).toBe(0)
  })
})
