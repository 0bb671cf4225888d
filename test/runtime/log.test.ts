import { describe, expect, test } from '@jest/globals'
import { Fault } from '../../agents/ports/fault.ts'
import { leveledLog, loggable, warningText } from '../../runtime/log.ts'
import { LOG_LEVELS } from '../../runtime/settings.ts'
import { ProgramError } from '../../vm/program.ts'

const AT = { function: 'check', file: 'desk.neam', line: 3, column: 7 }
const thrown = new ProgramError('thrown', 'the guard saw hunter2', null, [AT])
const quoting = (): unknown => {
  try {
    return JSON.parse('hunter2')
  } catch (error) {
    return error
  }
}

describe('what a log holds of an error', () => {
  test.each([
    ['an error of the program', thrown],
    ['a fault that passes it on', new Fault('program_error', { message: thrown.message }, { cause: thrown })],
  ])('is kind and place of %s, never its text', (_what, error) => {
    expect(loggable(error)).toEqual({
      code: 'program_error',
      kind: 'thrown',
      at: 'desk.neam:3:7',
      in: 'check',
    })
  })

  test('is code and sentence of any other fault', () => {
    expect(loggable(new Fault('storage_full', { path: '/tree' }))).toEqual({
      code: 'storage_full',
      cause: 'no space left at /tree',
    })
  })

  test('is message and stack of a defect, but no message that quotes what could not be read', () => {
    expect(loggable(new TypeError('x is not a function'))).toEqual({
      cause: 'x is not a function',
      stack: expect.stringMatching(/^TypeError: x is not a function\n +at /),
    })
    expect(loggable(quoting())).toEqual({
      cause: 'SyntaxError',
      stack: expect.stringMatching(/^SyntaxError\n +at /),
    })
    expect(JSON.stringify(loggable(quoting()))).not.toContain('hunter2')
  })

  test('is nothing of a text', () => {
    expect([loggable('hunter2'), loggable(undefined)]).toEqual([{}, {}])
  })
})

test('a terminal shows the whole of it', () => {
  expect([
    warningText('a warning'),
    warningText('guard g failed', thrown),
    warningText('it waits', 'mail(1)'),
  ]).toEqual(['a warning', 'guard g failed: the guard saw hunter2 (desk.neam:3:7)', 'it waits: mail(1)'])
})

test('a level writes its own records and those of the ones behind it', () => {
  const written = LOG_LEVELS.map((level) => {
    const lines: unknown[] = []
    const log = leveledLog(level, (record) => lines.push(record.level ?? 'none'))
    log({ message: 'a' })
    for (const own of ['info', 'warn', 'error']) log({ level: own })
    return [level, lines.join(' ')]
  })
  expect(written).toEqual([
    ['info', 'none info warn error'],
    ['warn', 'warn error'],
    ['error', 'error'],
    ['silent', ''],
  ])
})
