import { describe, expect, test } from '@jest/globals'
import { closest } from '../../compiler/diagnostics/closest.ts'
import { toJson } from '../../compiler/diagnostics/diagnostic.ts'
import { render, renderAll } from '../../compiler/diagnostics/render.ts'
import { analyseText } from '../support/analyse.ts'

const rendered = (text: string, options = {}) => {
  const { diagnostics, files } = analyseText(text)
  return renderAll(diagnostics, files, options)
}

describe('the excerpt', () => {
  test('drops a trailing line comment, but no slashes in a string', () => {
    expect(rendered('emit missing + "http://x"; // note')).toContain('1 | emit missing + "http://x";\n')
  })

  test('keeps a comment that something follows', () => {
    expect(rendered('emit missing /* why */ + 1;')).toContain('1 | emit missing /* why */ + 1;\n')
  })

  test('counts lines the same with CR LF and a byte order mark', () => {
    const lf = rendered('let a = 1;\n\n  emit missing;\n')
    expect(rendered('\uFEFFlet a = 1;\r\n\r\n  emit missing;\r\n')).toBe(lf)
  })

  test('widens the gutter with the line number', () => {
    expect(rendered(`${'\n'.repeat(99)}emit missing;`)).toContain(
      '   --> program.neam:100:6\n    |\n100 | emit',
    )
  })

  test('of a mark over several lines marks the first', () => {
    expect(rendered('VerifyResult\n  .Done;')).toContain('1 | VerifyResult\n  | ^^^^^^^^^^^^ write')
  })
})

describe('colour', () => {
  test('adds codes and changes nothing else', () => {
    const plain = rendered('emit missing;')
    const coloured = rendered('emit missing;', { color: true })
    expect(coloured).toContain('\u001b[1;31merror[E5010]\u001b[0m')
    const codes = ['\u001b[0m', '\u001b[1m', '\u001b[1;31m', '\u001b[1;34m']
    expect(codes.reduce((text, code) => text.replaceAll(code, ''), coloured)).toBe(plain)
  })
})

describe('several diagnostics', () => {
  test('are parted by one blank line, none is nothing', () => {
    expect(rendered('emit a1;\nemit b2;')).toMatch(/;`\n\nerror\[E5010\]: unknown name `b2`/)
    expect(rendered('')).toBe('')
  })
})

test('a diagnostic without a file is its message and its help', () => {
  const { diagnostics } = analyseText('emit missing;')
  expect(render(diagnostics[0]!, [])).toBe(
    'error[E5010]: unknown name `missing`\n = help: declare it before it is used, e.g. `let missing = ...;`',
  )
})

test('tools get the place worked out', () => {
  const { diagnostics, files } = analyseText('let a = 1;\n  emit missing;')
  expect(toJson(diagnostics[0]!, files)).toEqual({
    code: 'E5010',
    severity: 'error',
    message: 'unknown name `missing`',
    file: 'program.neam',
    line: 2,
    column: 8,
    endLine: 2,
    endColumn: 15,
    label: 'not declared',
    help: 'declare it before it is used, e.g. `let missing = ...;`',
    notes: [],
  })
})

describe('the closest word', () => {
  test.each([
    ['lenght', 'length'],
    ['Support_bot', 'support_bot'],
    ['exec_comand', 'exec_command'],
    ['temprature', 'temperature'],
  ])('%s means %s', (word, meant) => {
    expect(closest(word, ['other', meant, 'third'])).toBe(meant)
  })

  test('of a short or a very different word is none', () => {
    expect(closest('x', ['y', 'z'])).toBeNull()
    expect(closest('researcher', ['writer', 'analyst'])).toBeNull()
  })
})
