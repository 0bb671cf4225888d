import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { FunctionProto, Module, TypeDecl } from '../../bytecode/module.ts'
import { ModuleError } from '../../bytecode/module-error.ts'
import { Program, ProgramError } from '../../vm/program.ts'
import { assemble, EMPTY_MANIFEST } from '../support/assemble.ts'
import { RecordingHost } from '../support/recording-host.ts'

const refusal = (module: Module): string => {
  try {
    Program.link(module)
  } catch (error) {
    if (error instanceof ModuleError) return `${error.code}: ${error.message}`
    throw error
  }
  return 'accepted'
}

const POINT: TypeDecl = { kind: 'struct', name: 'Pt', mutable: false, fields: [{ name: 'x' }] }
const SHAPE: TypeDecl = { kind: 'sealed', name: 'Sh', variants: [{ name: 'Dot', fields: [] }] }

describe('code is refused', () => {
  const refused: readonly (readonly [claim: string, code: string, text: string])[] = [
    ['that runs off its end', 'bad_flow', 'fun main\n NIL\n POP'],
    ['that is empty', 'bad_flow', 'fun main'],
    ['that takes more than the stack holds', 'bad_stack', 'fun main\n ADD\n RETURN'],
    ['that pops an empty stack', 'bad_stack', 'fun main\n POP\n NIL\n RETURN'],
    ['that jumps into the middle of an instruction', 'bad_jump', 'fun main\n JUMP 1\n CONST 1\n RETURN'],
    ['that jumps beyond its end', 'bad_jump', 'fun main\n JUMP 9\n NIL\n RETURN'],
    ['that jumps backward with a forward jump', 'bad_operand', 'fun main\n again:\n NIL\n POP\n JUMP again'],
    ['that loops forward', 'bad_operand', 'fun main\n LOOP end\n end:\n NIL\n RETURN'],
    ['that loops before its start', 'bad_jump', 'fun main\n LOOP 9'],
    ['that names no local', 'bad_operand', 'fun main locals=1\n GET_LOCAL 1\n RETURN'],
    ['that names a number as a name', 'bad_operand', 'fun main\n NIL\n GET_PROPERTY 5\n RETURN'],
    ['that names no function', 'bad_operand', 'fun main\n CLOSURE nowhere\n RETURN'],
    ['that names no captured cell', 'bad_operand', 'fun main\n GET_UPVALUE 0\n RETURN'],
    ['that takes a negative number of values', 'bad_operand', 'fun main\n LIST -1\n RETURN'],
    ['that takes a huge number of values', 'bad_operand', 'fun main\n NIL\n UNPACK 2000000000\n RETURN'],
    [
      'that joins paths of different heights',
      'bad_flow',
      'fun main\n TRUE\n JUMP_IF_FALSE on\n NIL\n on:\n NIL\n RETURN',
    ],
    ['that grows its stack in a loop', 'bad_flow', 'fun main\n again:\n NIL\n LOOP again'],
    ['that reads a value as a cell', 'bad_slot', 'fun main locals=1\n GET_CELL 0\n RETURN'],
    [
      'that reads a cell as a value',
      'bad_slot',
      'fun main locals=1\n NIL\n NEW_CELL 0\n GET_LOCAL 0\n RETURN',
    ],
    [
      'that reads what is a cell on one path only',
      'bad_slot',
      'fun main locals=1\n TRUE\n JUMP_IF_FALSE on\n NIL\n NEW_CELL 0\n on:\n GET_CELL 0\n RETURN',
    ],
    [
      'that relies in a handler on a cell made after TRY',
      'bad_slot',
      'fun main locals=1\n TRY caught\n NIL\n NEW_CELL 0\n END_TRY\n NIL\n RETURN\n caught:\n POP\n GET_CELL 0\n RETURN',
    ],
    [
      'that relies in a handler on a value kept until END_TRY',
      'bad_slot',
      'fun main locals=1\n TRY caught\n NIL\n NEW_CELL 0\n END_TRY\n NIL\n RETURN\n caught:\n POP\n GET_LOCAL 0\n RETURN',
    ],
    [
      'that relies in a handler on a value that a TRY within has made a cell',
      'bad_slot',
      `fun main locals=1\n TRY caught\n TRY inner\n NIL\n NEW_CELL 0\n END_TRY\n NIL\n THROW
       inner:\n THROW\n caught:\n POP\n GET_LOCAL 0\n RETURN`,
    ],
    [
      'that takes in a TRY what its handler finds below the error',
      'bad_stack',
      'fun main\n LIST 0\n NIL\n TRY caught\n ADD\n NIL\n THROW\n caught:\n POP\n ADD\n RETURN',
    ],
    [
      'that drops in a TRY the iterator that its handler finds',
      'bad_stack',
      `fun main\n LIST 0\n ITER\n TRY caught\n POP\n NIL\n NIL\n THROW
       caught:\n POP\n again:\n ITER_NEXT end\n POP\n LOOP again\n end:\n NIL\n RETURN`,
    ],
    [
      'that comes in a TRY to the end of an iterator that its handler finds',
      'bad_stack',
      `fun main\n LIST 0\n ITER\n TRY caught\n ITER_NEXT end\n THROW\n end:\n NIL\n NIL\n THROW
       caught:\n POP\n again:\n ITER_NEXT done\n POP\n LOOP again\n done:\n NIL\n RETURN`,
    ],
    [
      'that captures a local that is no cell',
      'bad_slot',
      'fun main locals=1\n CLOSURE f\n RETURN\nfun f captures=local:0\n NIL\n RETURN',
    ],
    [
      'that captures no cell of its function',
      'bad_operand',
      'fun main\n CLOSURE f\n RETURN\nfun f captures=upvalue:0\n NIL\n RETURN',
    ],
    [
      'that steps something else than an iterator',
      'bad_stack',
      'fun main\n LIST 0\n ITER_NEXT end\n POP\n POP\n end:\n NIL\n RETURN',
    ],
    ['that returns an iterator', 'bad_stack', 'fun main\n LIST 0\n ITER\n RETURN'],
    ['that ends no TRY', 'bad_flow', 'fun main\n END_TRY\n NIL\n RETURN'],
    [
      'that is in a TRY on one path only',
      'bad_flow',
      'fun main\n TRUE\n JUMP_IF_FALSE on\n TRY on2\n on:\n NIL\n RETURN\n on2:\n RETURN',
    ],
    ['that constructs a sealed type', 'bad_operand', 'fun main\n CONSTRUCT Sh ""\n RETURN'],
    ['that makes a variant of a struct', 'bad_operand', 'fun main\n VARIANT Pt 0 0\n RETURN'],
    ['that makes a variant that its type lacks', 'bad_operand', 'fun main\n VARIANT Sh 1 0\n RETURN'],
    ['that calls a native nobody knows', 'unknown_native', 'fun main\n CALL_NATIVE format_disk 0\n RETURN'],
    [
      'that has fewer locals than parameters',
      'bad_function',
      'fun main\n NIL\n RETURN\nfun f(a, b) locals=1\n NIL\n RETURN',
    ],
    [
      'that captures a parameter it lacks',
      'bad_function',
      'fun main\n NIL\n RETURN\nfun f(a) cells=1\n NIL\n RETURN',
    ],
  ]

  test.each(refused)('%s', (_, code, text) => {
    const module = assemble(text, { types: [POINT, SHAPE] })
    expect(refusal(module).split(':')[0]).toBe(code)
  })

  test('with an opcode that does not exist', () => {
    const module = assemble('fun main\n NIL\n RETURN')
    module.functions[0]!.code[0] = 9999
    expect(refusal(module)).toBe('bad_instruction: function main, word 0 (no instruction): opcode 9999')
  })

  test('that names no constant', () => {
    const module = assemble('fun main\n CONST 1\n RETURN')
    module.functions[0]!.code[1] = 1
    expect(refusal(module)).toBe('bad_operand: function main, word 0 (CONST): CONST constant 1')
  })

  test('with operands cut off', () => {
    const module = assemble('fun main\n NIL\n CONST 1')
    const functions = [{ ...module.functions[0]!, code: module.functions[0]!.code.subarray(0, 2) }]
    expect(refusal({ ...module, functions })).toContain('bad_instruction')
  })
})

describe('code is accepted', () => {
  test('whose slot is a cell in one round of a loop and fresh in the next', () => {
    const program = `
      fun main locals=1
      again:
        TRUE
        JUMP_IF_FALSE end
        NIL
        NEW_CELL 0
        GET_CELL 0
        POP
        LOOP again
      end:
        NIL
        RETURN`
    expect(refusal(assemble(program))).toBe('accepted')
  })

  test('that leaves a loop with its iterator dropped', () => {
    const program = 'fun main\n LIST 0\n ITER\n ITER_NEXT end\n POP\n POP\n JUMP end\n end:\n NIL\n RETURN'
    expect(refusal(assemble(program))).toBe('accepted')
  })
})

describe('a module is refused', () => {
  const module = assemble('fun main\n NIL\n RETURN\nfun two(a, b)\n NIL\n RETURN')
  const skill = {
    name: 's',
    description: '',
    params: [],
    sensitive: false,
    idempotent: false,
    untrusted: false,
    effects: null,
  }

  test.each<readonly [claim: string, code: string, change: Partial<Module>]>([
    ['whose main is missing', 'bad_entry', { main: 7 }],
    ['whose main takes parameters', 'bad_entry', { main: 1 }],
    [
      'whose skill has no function',
      'bad_entry',
      { manifest: { ...EMPTY_MANIFEST, skills: [{ ...skill, impl: 9 }] } },
    ],
    [
      'whose guard takes two parameters',
      'bad_entry',
      {
        manifest: {
          ...EMPTY_MANIFEST,
          guards: [
            { name: 'g', description: '', handlers: [{ phase: 'input', event: 'on_input', function: 1 }] },
          ],
        },
      },
    ],
    [
      'whose method has no function',
      'bad_entry',
      { impls: [{ target: 'T', traits: [], methods: { m: 4 } }] },
    ],
    [
      'whose initialiser sets an unknown name',
      'bad_entry',
      { initialisers: [{ names: ['x'], function: 0 }] },
    ],
    ['whose global names no type', 'bad_global', { globals: [{ name: 'T', is: 'type', type: 0 }] }],
    ['whose global names no agent', 'bad_global', { globals: [{ name: 'A', is: 'agent' }] }],
    [
      'whose global names no function',
      'bad_entry',
      { globals: [{ name: 'f', is: 'function', function: 9 }] },
    ],
    ['whose function lies in no file', 'bad_function', { files: [] }],
  ])('%s', (_, code, change) => {
    expect(refusal({ ...module, ...change }).split(':')[0]).toBe(code)
  })
})

describe('hostile code', () => {
  const ORIGINAL = assemble(
    `
    fun main locals=3
      CONST 3
      NEW_CELL 0
      TRY caught
      CONST 1
      CONST "two"
      LIST 2
      ITER
    again:
      ITER_NEXT end
      SET_LOCAL 1
      CLOSURE f
      GET_LOCAL 1
      CALL 1
      POP
      GET_LOCAL 1
      CONST 2
      MATCH_VARIANT "Dot" 1 other
      VARIANT_FIELD 0
      POP
    other:
      POP
      POP
      CONST "k"
      CONST 1
      MAP 1
      GET_PROPERTY "k"
      POP
      LOOP again
    end:
      END_TRY
      CONST 5
      CONSTRUCT Pt "x"
      COPY_WITH ""
      RETURN
    caught:
      SET_LOCAL 2
      GET_LOCAL 2
      FORMAT 1
      RETURN
    fun f(x) captures=local:0
      GET_UPVALUE 0
      GET_LOCAL 0
      ADD
      CALL_NATIVE len 1
      EMIT
      CONST "abc"
      CALL_METHOD "len" 0
      AND skip
      VARIANT Sh 0 0
    skip:
      RETURN`,
    { types: [POINT, SHAPE] },
  )

  const mutated = (changes: readonly (readonly [which: number, where: number, word: number])[]): Module => {
    const functions: FunctionProto[] = ORIGINAL.functions.map((proto) => ({
      ...proto,
      code: Int32Array.from(proto.code),
    }))
    for (const [which, where, word] of changes) {
      const { code } = functions[which % functions.length]!
      code[where % code.length] = word
    }
    return { ...ORIGINAL, functions }
  }

  test('the original runs', () => {
    const activation = Program.link(ORIGINAL).activate(new RecordingHost())
    expect(() => activation.callFunction(0, [])).not.toThrow()
  })

  /** All that running a module shows. */
  const shown = (module: Module, hotAfter: number): unknown => {
    const host = new RecordingHost()
    let error: unknown = null
    try {
      Program.link(module, hotAfter).activate(host, { fuel: 2000, maxDepth: 50 }).callFunction(0, [])
    } catch (caught) {
      if (!(caught instanceof ProgramError)) throw caught
      error = { kind: caught.kind, message: caught.message, trace: caught.trace }
    }
    return { lines: host.lines, calls: host.calls, error }
  }

  test('either is refused or stays on the rails, and means the same as JavaScript', () => {
    const word = fc.oneof({ weight: 6, arbitrary: fc.integer({ min: -2, max: 75 }) }, fc.integer())
    const changes = fc.array(fc.tuple(fc.nat(1), fc.nat(200), word), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(changes, (list) => {
        const module = mutated(list)
        if (refusal(module) !== 'accepted') return
        const interpreted = shown(module, Number.POSITIVE_INFINITY)
        expect(shown(module, 0)).toEqual(interpreted)
        expect(shown(module, 3)).toEqual(interpreted)
      }),
      { numRuns: 20_000, seed: 7 },
    )
  })
})
