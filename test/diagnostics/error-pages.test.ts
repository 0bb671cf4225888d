import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { CODES, type Code } from '../../compiler/diagnostics/codes.ts'
import { MAX_SOURCE } from '../../compiler/syntax/parse.ts'
import { analyseText } from '../support/analyse.ts'

const folder = new URL('../../docs/errors/', import.meta.url)
const page = (code: string) => readFileSync(new URL(`${code}.md`, folder), 'utf8')

/** Examples that would not fit on a page. */
const GENERATED: Readonly<Record<string, string>> = {
  E0003: `emit ${'('.repeat(300)}1${')'.repeat(300)};`,
  E0004: `// ${'x'.repeat(MAX_SOURCE)}`,
}

interface Example {
  readonly program: string
  readonly others: Record<string, string>
}

/** The ```neam fences of a section; the one without a file name is the program, the others are files it imports. */
function example(text: string, heading: string): Example | null {
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`))
  if (section === undefined) return null
  let program = ''
  const others: Record<string, string> = {}
  for (const [, info, body] of section.matchAll(/^```neam([^\n]*)\n([\s\S]*?)^```$/gm)) {
    const name = info!
      .trim()
      .split(' ')
      .find((word) => word.endsWith('.neam'))
    if (name === undefined) program = body!
    else others[name] = body!
  }
  return { program, others }
}

describe('docs/errors', () => {
  test('has one page for every code and no other', () => {
    const pages = readdirSync(folder).map((file) => file.replace('.md', ''))
    expect(pages.sort()).toEqual(Object.keys(CODES).sort())
  })

  describe.each(Object.keys(CODES) as Code[])('%s', (code) => {
    const text = page(code)

    test('is headed by its code and subject', () => {
      expect(text.startsWith(`# ${code}: ${CODES[code]}\n`)).toBe(true)
    })

    test('its wrong example gives this code and no other', () => {
      const wrong = example(text, 'Wrong') ?? { program: GENERATED[code] ?? '', others: {} }
      expect(wrong.program).not.toBe('')
      const { program, diagnostics } = analyseText(wrong.program, wrong.others)
      expect(new Set(diagnostics.map((diagnostic) => diagnostic.code))).toEqual(new Set([code]))
      expect(program === null).toBe(code.startsWith('E'))
    })

    test('its right example compiles without a word', () => {
      const right = example(text, 'Right')!
      expect(right.program).not.toBe('')
      expect(analyseText(right.program, right.others).diagnostics).toEqual([])
    })
  })
})
