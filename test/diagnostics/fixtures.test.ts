// Each fixture is a claim: <claim>.fail.neam (or .warn.neam) and beside it what the compiler says, <claim>.txt.
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { renderAll } from '../../compiler/diagnostics/render.ts'
import { analyseText } from '../support/analyse.ts'

const folder = new URL('./', import.meta.url)
const text = (file: string) => readFileSync(new URL(file, folder), 'utf8')

describe('the compiler says', () => {
  test.each(readdirSync(folder).filter((file) => file.endsWith('.neam')))('%s', (file) => {
    const claim = file.replace(/\.(fail|warn)\.neam$/, '')
    const { program, diagnostics, files } = analyseText(text(file), {}, `${claim}.neam`)
    expect(renderAll(diagnostics, files)).toBe(text(`${claim}.txt`))
    expect(program !== null).toBe(file.endsWith('.warn.neam'))
  })
})
