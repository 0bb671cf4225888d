import { describe, expect, test } from '@jest/globals'
import { type Flags, flagsHelp, parseFlags, UsageError } from '../../cli/flags.ts'

const FLAGS = {
  port: { type: 'integer', short: 'p', min: 0, max: 65535, value: 'PORT', help: 'port to listen on' },
  timeout: { type: 'number', min: 0, help: 'seconds' },
  program: { type: 'string', value: 'FILE', help: 'the program' },
  log: { type: 'string', choices: ['text', 'json'], help: 'form of the log' },
  offline: { type: 'boolean', help: 'no network' },
} as const satisfies Flags

const parse = (...argv: string[]) => parseFlags('neam-api', FLAGS, argv)

describe('flags are read', () => {
  test('with their types, in any order, among positionals', () => {
    expect(parse('a.neam', '--port', '8080', '--offline', 'b.neam', '--timeout=0.5')).toEqual({
      values: { port: 8080, offline: true, timeout: 0.5 },
      positionals: ['a.neam', 'b.neam'],
    })
  })

  test('by their letter', () => {
    expect(parse('-p', '1').values).toEqual({ port: 1 })
  })

  test('a later one wins', () => {
    expect(parse('--port', '1', '--port', '2').values.port).toBe(2)
  })

  test('what follows -- is no flag', () => {
    expect(parse('--', '--port')).toEqual({ values: {}, positionals: ['--port'] })
  })

  test('a value may begin with a dash', () => {
    expect(parse('--program=--odd', '--timeout', '1').values.program).toBe('--odd')
    expect(parse('--program', '-').values.program).toBe('-')
  })
})

describe('a command line that cannot be understood is refused', () => {
  test.each<[string, string[], string]>([
    ['an unknown flag, with the nearest one', ['--prot', '1'], 'unknown flag --prot; did you mean --port?'],
    ['an unknown flag like no other', ['--xyzzy'], 'unknown flag --xyzzy; see neam-api --help'],
    ['an unknown letter', ['-q'], 'unknown flag -q; see neam-api --help'],
    ['a name that every object has', ['--toString'], 'unknown flag --toString; see neam-api --help'],
    ['a missing value', ['--port'], '--port needs a value: --port PORT'],
    ['a flag where a value should be', ['--program', '--offline'], '--program needs a value: --program FILE'],
    ['a value where none belongs', ['--offline=yes'], '--offline takes no value, got "yes"'],
    ['no number', ['--port', 'http'], '--port must be a whole number from 0 to 65535, got "http"'],
    ['an empty number', ['--port='], '--port must be a whole number from 0 to 65535, got ""'],
    ['a fraction of a port', ['--port', '1.5'], '--port must be a whole number from 0 to 65535, got "1.5"'],
    ['too large', ['--port', '70000'], '--port must be a whole number from 0 to 65535, got "70000"'],
    ['too small', ['--timeout', '-1'], '--timeout must be a number of at least 0, got "-1"'],
    ['another word than the choices', ['--log', 'xml'], '--log must be "text" or "json", got "xml"'],
  ])('%s', (_claim, argv, message) => {
    expect(() => parse(...argv)).toThrow(new UsageError(message))
  })
})

test('the help lists every flag in two columns', () => {
  expect(flagsHelp(FLAGS).split('\n')).toEqual([
    '  -p, --port PORT      port to listen on',
    '      --timeout N      seconds',
    '      --program FILE   the program',
    '      --log text|json  form of the log',
    '      --offline        no network',
  ])
})
