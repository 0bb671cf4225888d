/**
 * Runs every program below this folder and holds its output against what it says itself: `// expect: text` for each line
 * of output, in order, and `// expect error: text` for an error that nobody catches. Each runs from its bytes, as a
 * `.neamb` does, and four times: interpreted and as JavaScript, with a host that answers at once and with one that
 * answers later.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { decode, encode } from '../../bytecode/codec.ts'
import type { Module } from '../../bytecode/module.ts'
import { compile } from '../../compiler/compile.ts'
import { NATIVE_NAMES } from '../../vm/natives/names.ts'
import { Program, ProgramError } from '../../vm/program.ts'
import { RecordingHost } from '../support/recording-host.ts'

const folder = new URL('.', import.meta.url)
const files = (readdirSync(folder, { recursive: true }) as string[])
  .filter((file) => file.endsWith('.neam'))
  .sort()

const natives = new Set(NATIVE_NAMES)
const hash = (text: string): string => createHash('sha256').update(text).digest('hex')

const expected = (text: string, what: 'expect' | 'expect error'): string[] =>
  Array.from(text.matchAll(new RegExp(`// ${what}:(?: (.*))?$`, 'gm')), ([, line]) => line ?? '')

function moduleOf(file: string, text: string): Module {
  const { module, diagnostics } = compile(file, (path) => (path === file ? text : null), { natives, hash })
  if (module === null) throw new Error(diagnostics.map((diagnostic) => JSON.stringify(diagnostic)).join('\n'))
  return decode(encode(module))
}

async function run(program: Program, later: boolean): Promise<{ lines: string[]; errors: string[] }> {
  const host = new RecordingHost()
  host.later = later
  const errors: string[] = []
  try {
    await program.activate(host).runMain()
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error
    errors.push(error.message)
  }
  return { lines: host.lines.flatMap((line) => line.split('\n')), errors }
}

describe('programs print what they say', () => {
  test.each(files)('%s', async (file) => {
    const text = readFileSync(new URL(file, folder), 'utf8')
    const module = moduleOf(file, text)
    const says = { lines: expected(text, 'expect'), errors: expected(text, 'expect error') }
    for (const hotAfter of [Number.POSITIVE_INFINITY, 0]) {
      const program = Program.link(module, hotAfter)
      expect(await run(program, false)).toEqual(says)
      expect(await run(program, true)).toEqual(says)
    }
  })
})
