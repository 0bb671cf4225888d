/**
 * Modules by hand, for tests of the machine and the verifier. One instruction a line; operands as their kind asks: JSON
 * literals for constants and names, names for globals, natives, functions and types, labels for jumps, numbers otherwise.
 *
 *   fun main locals=1
 *     CONST 3
 *     SET_LOCAL 0
 *   again:
 *     ...
 *     LOOP again
 */
import type { Manifest } from '../../bytecode/manifest.ts'
import type { Capture, Constant, FunctionProto, GlobalDecl, Module, TypeDecl } from '../../bytecode/module.ts'
import { OP, OPCODES, type OpcodeName, type OperandKind } from '../../bytecode/opcode.ts'

export const EMPTY_MANIFEST: Manifest = {
  program: 'test.neam',
  sourceHash: '0'.repeat(64),
  agents: [],
  skills: [],
  guards: [],
  guardchains: [],
  channels: [],
  budgets: [],
  policies: [],
  structs: [],
}

/** `main` is the function of that name, else the first. Lines count from 1 at the first line of the text. */
export function assemble(text: string, extra: Partial<Module> = {}): Module {
  return new Assembler(text, extra).module()
}

interface Section {
  readonly name: string
  readonly params: readonly string[]
  readonly locals: number
  readonly cells: readonly number[]
  readonly captures: readonly Capture[]
  readonly lines: { readonly number: number; readonly text: string }[]
}

class Assembler {
  private readonly constants: Constant[]
  private readonly globals: GlobalDecl[]
  private readonly natives: string[] = []
  private readonly types: readonly TypeDecl[]
  private readonly sections: readonly Section[]
  private readonly extra: Partial<Module>

  constructor(text: string, extra: Partial<Module>) {
    this.extra = extra
    this.constants = [...(extra.constants ?? [])]
    this.globals = [...(extra.globals ?? [])]
    this.types = extra.types ?? []
    this.sections = sections(text)
  }

  module(): Module {
    const functions = this.sections.map((section) => this.function(section))
    const { extra } = this
    return {
      manifest: EMPTY_MANIFEST,
      files: ['test.neam'],
      impls: [],
      initialisers: [],
      main: Math.max(0, this.functionIndex('main')),
      ...extra,
      types: this.types,
      natives: [...this.natives, ...(extra.natives ?? [])],
      constants: this.constants,
      globals: this.globals,
      functions,
    }
  }

  private function({ name, params, locals, cells, captures, lines }: Section): FunctionProto {
    const labels = new Map<string, number>()
    const words: { readonly number: number; readonly parts: readonly string[]; readonly op: OpcodeName }[] =
      []
    let at = 0
    for (const { number, text } of lines) {
      if (text.endsWith(':')) {
        labels.set(text.slice(0, -1), at)
        continue
      }
      const parts = text.match(/"[^"]*"|\S+/g) ?? []
      const op = parts[0] as OpcodeName
      words.push({ number, parts: parts.slice(1), op })
      at += 1 + OPCODES[OP[op]]!.operands.length
    }
    const code: number[] = []
    const positions: number[] = []
    for (const { number, parts, op } of words) {
      positions.push(code.length, number, 1)
      const { operands } = OPCODES[OP[op]]!
      const next = code.length + 1 + operands.length
      code.push(OP[op])
      operands.forEach((kind, i) => {
        code.push(this.operand(kind, parts[i]!, labels, next))
      })
    }
    return {
      name,
      params,
      cellParams: cells,
      locals,
      captures,
      code: Int32Array.from(code),
      positions: Int32Array.from(positions),
      file: 0,
    }
  }

  private operand(
    kind: OperandKind,
    text: string,
    labels: ReadonlyMap<string, number>,
    next: number,
  ): number {
    switch (kind) {
      case 'constant':
      case 'name':
        return indexIn(this.constants, JSON.parse(text) as Constant)
      case 'native':
        return indexIn(this.natives, text)
      case 'global': {
        const index = this.globals.findIndex(({ name }) => name === text)
        return index >= 0 ? index : this.globals.push({ name: text, is: 'variable', constant: false }) - 1
      }
      case 'function':
        return this.functionIndex(text)
      case 'type':
        return this.types.findIndex(({ name }) => name === text)
      case 'jump':
        return labels.has(text) ? labels.get(text)! - next : Number(text)
      case 'loop':
        return labels.has(text) ? next - labels.get(text)! : Number(text)
      case 'local':
      case 'upvalue':
      case 'count':
      case 'flags':
        return Number(text)
    }
  }

  private functionIndex(name: string): number {
    return this.sections.findIndex((section) => section.name === name)
  }
}

function indexIn<T>(list: T[], item: T): number {
  const index = list.indexOf(item)
  return index >= 0 ? index : list.push(item) - 1
}

/** `fun name(a, b) locals=3 cells=0 captures=local:1,upvalue:0` opens a section. */
function sections(text: string): Section[] {
  const found: Section[] = []
  text.split('\n').forEach((line, i) => {
    const content = line.replace(/\s*;.*$/, '').trim()
    const head = /^fun (\w+)(?:\(([^)]*)\))?(.*)$/.exec(content)
    if (head === null) {
      if (content !== '') found.at(-1)!.lines.push({ number: i + 1, text: content })
      return
    }
    const params = (head[2] ?? '').split(',').flatMap((param) => param.trim() || [])
    const setting = (name: string): string | undefined =>
      new RegExp(`${name}=(\\S+)`).exec(head[3] ?? '')?.[1]
    found.push({
      name: head[1]!,
      params,
      locals: Number(setting('locals') ?? params.length),
      cells: (setting('cells')?.split(',') ?? []).map(Number),
      captures: (setting('captures')?.split(',') ?? []).map((capture) => ({
        from: capture.startsWith('local') ? 'local' : 'upvalue',
        index: Number(capture.split(':')[1]),
      })),
      lines: [],
    })
  })
  return found
}
