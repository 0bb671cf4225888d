import { describe, expect, test } from '@jest/globals'
import { disassemble, disassembleFunction } from '../../bytecode/disassemble.ts'
import { OP } from '../../bytecode/opcode.ts'
import { SAMPLE } from './sample-module.ts'

describe('disassembly', () => {
  const text = disassemble(SAMPLE)

  test('names every global with its kind', () => {
    expect(text).toContain('variable count')
    expect(text).toContain('constant LIMIT')
    expect(text).toContain('function twice = #1')
    expect(text).toContain('sealed Shape { Circle(radius), Dot }')
    expect(text).toContain('mut struct Point { x, y = -1.5, label = "none", seen = false, next = nil }')
  })

  test('says which function does what', () => {
    expect(text).toContain('Builder = #1 twice')
    expect(text).toContain('polite.input = #1 twice')
    expect(text).toContain('main = #0 <main>')
  })

  test('prints operands by name and positions where they change', () => {
    expect(disassembleFunction(SAMPLE, 0).split('\n')).toEqual([
      '#0 <main>(); sample.neam; 1 slots',
      '  0000  1:1     CONST          1',
      '  0002          NEW_CELL       0',
      '  0004  2:3     CLOSURE        #1 twice',
      '  0006          POP',
      '  0007          NIL',
      '  0008          RETURN',
    ])
  })

  test('prints parameters with their defaults', () => {
    expect(disassembleFunction(SAMPLE, 1)).toContain('#1 twice(n, mark = "!", last = nil); lib/other.neam')
  })

  test('stops at a word that is no instruction instead of guessing', () => {
    const [main] = SAMPLE.functions
    const broken = { ...SAMPLE, functions: [{ ...main!, code: Int32Array.of(OP.NIL, 9999, OP.RETURN) }] }
    expect(disassembleFunction(broken, 0)).toContain('0001  not an instruction: 9999')
  })

  test('an index beyond its table is shown, not thrown', () => {
    const [main] = SAMPLE.functions
    const broken = { ...SAMPLE, functions: [{ ...main!, code: Int32Array.of(OP.CONST, 99, OP.CLOSURE, 88) }] }
    expect(disassembleFunction(broken, 0)).toContain('constant 99?')
    expect(disassembleFunction(broken, 0)).toContain('#88 missing')
  })
})
