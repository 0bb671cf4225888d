import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from '@jest/globals'
import { instructionAt, positionAt } from '../../bytecode/chunk.ts'
import { decode, encode } from '../../bytecode/codec.ts'
import { disassemble, disassembleFunction } from '../../bytecode/disassemble.ts'
import type { FunctionProto, Module } from '../../bytecode/module.ts'
import { compile } from '../../compiler/compile.ts'
import { NATIVE_NAMES } from '../../runtime/natives.ts'
import { Program } from '../../vm/program.ts'
import { compileSource } from '../support/compile-source.ts'

const folder = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const neamFiles = (path: string): string[] => readdirSync(path).filter((file) => file.endsWith('.neam'))

/** Compiles the first of some files. */
const compileFiles = (files: Readonly<Record<string, string>>) =>
  compile(Object.keys(files)[0]!, (path) => files[path] ?? null, {
    natives: new Set(NATIVE_NAMES),
    hash: (text) => String(text.length),
  })

const functionNamed = ({ functions }: Module, name: string): FunctionProto => {
  const found = functions.find((proto) => proto.name === name)
  if (found === undefined) throw new Error(`there is no function ${name}`)
  return found
}

const opcodes = ({ code }: FunctionProto): string[] => {
  const names: string[] = []
  for (let at = 0; at < code.length; ) {
    const instruction = instructionAt(code, at)!
    names.push(instruction.op.name)
    at = instruction.next
  }
  return names
}

describe('the chapters\u2019 programs', () => {
  const chapters = folder('../chapters/programs')
  const compiled = neamFiles(chapters).map((file) => {
    const source = readFileSync(join(chapters, file), 'utf8')
    return { file, module: compileFiles({ [file]: source }).module }
  })
  const compiling = compiled.filter((one): one is { file: string; module: Module } => one.module !== null)

  test('compile, all but the fragments and the two bad ones', () => {
    const refused = compiled.filter(({ module }) => module === null).map(({ file }) => file.slice(0, 7))
    expect(refused).toEqual([
      'ch24-02',
      'ch24-06',
      'ch24-07',
      'ch24-09',
      'ch24-10',
      'ch25-02',
      'ch25-07',
      'ch25-08',
      'ch28-01',
    ])
  })

  test.each(compiling)('$file survives its file and passes verification', ({ module }) => {
    expect(decode(encode(module))).toEqual(module)
    expect(Program.link(module).module).toBe(module)
  })
})

describe('disassembly beside the source', () => {
  const programs = folder('./emit')
  test.each(neamFiles(programs))('%s', (file) => {
    const text = disassemble(compileSource(readFileSync(join(programs, file), 'utf8')))
    const expected = join(programs, file.replace(/\.neam$/, '.txt'))
    if (process.env.UPDATE_EXPECTED === '1') writeFileSync(expected, text)
    expect(text).toBe(readFileSync(expected, 'utf8'))
  })
})

describe('what is declared is in the manifest with its functions', () => {
  const module = compileSource(`
    fun check(ctx) { return true; }
    forge agent Named { provider: "openai" model: "gpt-4o" verify: check skills: [write_file, run_command] }
    forge agent Inline { provider: "openai" model: "gpt-4o" verify: fn(ctx) { VerifyResult.Done("ok") } }
    impl Monitorable for Named { fn metrics(self) { return { "n": 1 }; } }
    guard polite { description: "d" on_observation(text) { return text; } }
    struct Point { x: int, y: float = -1.5 }
  `)
  const { manifest, functions } = module

  test('verify, by name or inline', () => {
    const verify = manifest.agents.map((agent) => agent.kind === 'forge' && functions[agent.verify]!.name)
    expect(verify).toEqual(['check', 'Inline.verify'])
  })

  test('an inline verify gives its last expression', () => {
    expect(opcodes(functionNamed(module, 'Inline.verify'))).toEqual(['CONST', 'VARIANT', 'RETURN'])
  })

  test('guard handlers by phase', () => {
    const [handler] = manifest.guards[0]!.handlers
    expect(handler).toMatchObject({ phase: 'input', event: 'on_observation' })
    expect(functions[handler!.function]!.name).toBe('polite.on_observation')
  })

  test('methods by target', () => {
    expect(module.impls.map(({ target, methods }) => [target, Object.keys(methods)])).toEqual([
      ['Named', ['metrics']],
    ])
  })

  test('a built-in skill is a function that calls its native', () => {
    const skill = manifest.skills.find(({ name }) => name === 'write_file')!
    const wrapper = functions[skill.impl]!
    expect(wrapper.params).toEqual(skill.params.map(({ name }) => name))
    expect(opcodes(wrapper).at(-2)).toBe('CALL_NATIVE')
  })

  test('structs with their defaults', () => {
    expect(module.types).toContainEqual({
      kind: 'struct',
      name: 'Point',
      mutable: false,
      fields: [{ name: 'x' }, { name: 'y', initial: -1.5 }],
    })
  })
})

describe('the top level', () => {
  test('initialisers are its lets and consts, in order, and nothing else', () => {
    const { initialisers, functions } = compileSource(`
      const A = 1;
      emit A;
      let [b, ...c] = [A, 2];
      if (A == 1) { let inner = 2; emit inner; }
      let { d } = { "d": 4 };
    `)
    expect(initialisers.map(({ names }) => names)).toEqual([['A'], ['b', 'c'], ['d']])
    for (const { function: index } of initialisers) expect(opcodes(functions[index]!)).not.toContain('EMIT')
  })

  test('a name declared twice is one global', () => {
    const { globals, initialisers } = compileSource('let r = 1;\nlet r = r + 1;\n')
    expect(globals.filter(({ name }) => name === 'r')).toEqual([
      { name: 'r', is: 'variable', constant: false },
    ])
    expect(initialisers).toHaveLength(2)
  })

  test('a const is a constant global', () => {
    expect(compileSource('const A = 1;\n').globals).toContainEqual({
      name: 'A',
      is: 'variable',
      constant: true,
    })
  })

  test('what an import runs comes first, in a function of its own file', () => {
    const files = { 'main.neam': 'import "./lib.neam";\nemit "main";\n', 'lib.neam': 'emit "lib";\n' }
    const { module } = compileFiles(files)
    if (module === null) throw new Error('it does not compile')
    const main = module.functions[module.main]!
    expect(main.file).toBe(0)
    expect(opcodes(main)).toEqual(['CLOSURE', 'CALL', 'POP', 'CONST', 'EMIT', 'NIL', 'RETURN'])
    const imported = module.functions[main.code[1]!]!
    expect(module.files[imported.file]).toContain('lib.neam')
  })

  test('nothing is written behind a return', () => {
    const { functions, main } = compileSource('emit 1;\nreturn;\nemit 2;\n')
    expect(opcodes(functions[main]!)).toEqual(['CONST', 'EMIT', 'NIL', 'RETURN'])
  })
})

describe('names', () => {
  test('a declared name shadows a native, a local shadows both', () => {
    const module = compileSource(`
      fun str(x) { return x; }
      fun f() { let len = fn(x) => 0; return len(str(1)); }
    `)
    expect(opcodes(functionNamed(module, 'f'))).toEqual([
      'CLOSURE',
      'SET_LOCAL',
      'GET_LOCAL',
      'CONST',
      'CALL_GLOBAL',
      'CALL',
      'RETURN',
    ])
    expect(module.natives).toEqual([])
  })

  test('only captured variables live in cells', () => {
    const module = compileSource('fun f(a, b) { let c = a; return fn() => b; }\n')
    const proto = functionNamed(module, 'f')
    expect(proto.cellParams).toEqual([1])
    expect(opcodes(proto)).not.toContain('NEW_CELL')
  })

  test('a variable is captured through every function between', () => {
    const module = compileSource('fun f(a) { return fn(b) { return fn(c) => a + b + c; }; }\n')
    const lambdas = module.functions.filter(({ name }) => name === '<lambda>')
    expect(lambdas.map(({ captures }) => captures)).toEqual([
      [
        { from: 'upvalue', index: 0 },
        { from: 'local', index: 0 },
      ],
      [{ from: 'local', index: 0 }],
    ])
  })

  test('equal constants are one', () => {
    const { constants } = compileSource('emit "a" + "a" + "b"; emit 1 + 1 + -1 + 1.0;\n')
    expect(constants).toEqual(['a', 'b', 1, -1])
  })

  test('the constants 0 and -0 are two, and "1" is not 1', () => {
    expect(compileSource('emit [0, -0, "1", 1];\n').constants).toEqual([0, -0, '1', 1])
  })
})

describe('positions', () => {
  const module = compileSource('fun f(xs) {\n  return xs[0] +\n    xs.first();\n}\n')
  const proto = functionNamed(module, 'f')
  const placeOf = (name: string): string => {
    for (let at = 0; at < proto.code.length; ) {
      const instruction = instructionAt(proto.code, at)!
      const position = positionAt(proto.positions, at)
      if (instruction.op.name === name) return `${position?.line}:${position?.column}`
      at = instruction.next
    }
    throw new Error(`${name} is not in\n${disassembleFunction(module, module.functions.indexOf(proto))}`)
  }

  test.each([
    ['an operator points at itself', 'ADD', '2:16'],
    ['a method call at its name', 'CALL_METHOD', '3:8'],
    ['an index at its base', 'GET_INDEX', '2:10'],
  ])('%s', (_claim, opcode, place) => {
    expect(placeOf(opcode)).toBe(place)
  })
})
