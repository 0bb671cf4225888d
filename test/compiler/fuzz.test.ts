// Claims that hold for whatever text: random programs of the grammar, and real ones whose tokens were spoilt.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { decode, encode } from '../../bytecode/codec.ts'
import type { Module } from '../../bytecode/module.ts'
import { type Compilation, compile } from '../../compiler/compile.ts'
import { format } from '../../compiler/format/format.ts'
import { NATIVE_NAMES } from '../../vm/natives/names.ts'
import { Program, ProgramError } from '../../vm/program.ts'
import { hash } from '../support/fs-tree.ts'
import { grammaticalPrograms, mutatedPrograms, PRELUDE } from '../support/random-sources.ts'
import { RecordingHost } from '../support/recording-host.ts'
import { ROOT } from '../support/server.ts'

const natives = new Set(NATIVE_NAMES)
const NAME = 'program.neam'
const compiled = (text: string): Compilation =>
  compile(NAME, (path) => (path === NAME ? text : null), { natives, hash: hash.sha256 })

const sources = globSync(['examples/**/*.neam', 'test/chapters/programs/*.neam', 'test/programs/**/*.neam'], {
  cwd: ROOT,
}).map((file) => readFileSync(join(ROOT, file), 'utf8'))

/** What a module does, without where its code stands. */
const meaning = ({ functions, manifest, ...rest }: Module) => ({
  ...rest,
  functions: functions.map(({ positions: _, ...proto }) => proto),
  manifest: { ...manifest, sourceHash: '' },
})

/** A module, or errors that lie in the text: nothing is thrown, nothing else comes out. */
function answers(text: string): Module | null {
  const { module, diagnostics, files } = compiled(text)
  const length = files[0]!.text.length
  for (const { span, message, severity } of diagnostics) {
    expect(['error', 'warning']).toContain(severity)
    expect(message).not.toBe('')
    expect(span.start).toBeGreaterThanOrEqual(0)
    expect(span.end).toBeGreaterThanOrEqual(span.start)
    expect(span.end).toBeLessThanOrEqual(Math.max(1, length + 1))
  }
  expect(module === null).toBe(diagnostics.some(({ severity }) => severity === 'error'))
  return module
}

/** Codes from E0001 to E0011. */
const syntaxErrors = (text: string): string[] =>
  compiled(text)
    .diagnostics.map(({ code }) => code)
    .filter((code) => code.startsWith('E00'))

/** The module passes the verifier, after a way through its bytes that changes nothing. */
function links(module: Module): void {
  const bytes = encode(module)
  const back = decode(bytes)
  expect(back).toEqual(module)
  expect(encode(back)).toEqual(bytes)
  Program.link(back)
}

/** It has one layout, and that means what it means. */
function keepsItsMeaning(text: string, module: Module): void {
  const laidOut = format(text)
  expect(format(laidOut)).toBe(laidOut)
  const { module: again, diagnostics } = compiled(laidOut)
  expect(again === null ? { laidOut, diagnostics } : meaning(again)).toEqual(meaning(module))
}

/** What a run comes to: its output, and an error of the language or none. */
async function ends(program: Program): Promise<{ lines: readonly string[]; error: ProgramError | null }> {
  const limits = { fuel: 20_000, maxItems: 5_000, maxTextLength: 20_000 }
  const host = new RecordingHost()
  try {
    await program.activate(host, limits).runMain()
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error
    return { lines: host.lines, error }
  }
  return { lines: host.lines, error: null }
}

/** It runs to an end or to an error of the language, whatever it does, and both back ends agree on which. */
async function runsAlike(module: Module): Promise<void> {
  const interpreted = await ends(Program.link(module, Number.POSITIVE_INFINITY))
  const javascript = await ends(Program.link(module, 0))
  expect({ ...javascript, error: told(javascript.error) }).toEqual({
    ...interpreted,
    error: told(interpreted.error),
  })
}

const told = (error: ProgramError | null) =>
  error && { kind: error.kind, message: error.message, trace: error.trace }

describe('whatever program the grammar gives', () => {
  test('compiles to what links, runs alike on both back ends and keeps its meaning when laid out, or is told what is wrong', async () => {
    let modules = 0
    let all = 0
    const property = fc.asyncProperty(grammaticalPrograms, async (text) => {
      all++
      const module = answers(text)
      expect(syntaxErrors(text)).toEqual([])
      if (module === null) return
      modules++
      links(module)
      keepsItsMeaning(text, module)
      await runsAlike(module)
    })
    await fc.assert(property, { numRuns: 150, seed: 20_261_121 })
    // Else the claims above would hold of nothing.
    expect(modules / all).toBeGreaterThan(0.5)
  }, 60_000)

  test('what stands before it always compiles', () => {
    expect(compiled(PRELUDE).diagnostics).toEqual([])
  })
})

describe('whatever is left of a real program', () => {
  test('compiles to what links and keeps its meaning when laid out, or is told what is wrong', () => {
    const property = fc.property(mutatedPrograms(sources), (text) => {
      const module = answers(text)
      if (module === null) return
      links(module)
      keepsItsMeaning(text, module)
    })
    fc.assert(property, { numRuns: 800, seed: 20_261_121 })
  }, 60_000)
})
