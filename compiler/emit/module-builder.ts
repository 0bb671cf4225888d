/** The tables that all functions of a module share. */
import type { Constant, FunctionProto, GlobalDecl, TypeDecl } from '../../bytecode/module.ts'

export class ModuleBuilder {
  readonly constants: Constant[] = []
  readonly globals: GlobalDecl[] = []
  readonly natives: string[] = []
  readonly types: TypeDecl[] = []
  readonly #functions: (FunctionProto | null)[] = []
  readonly #constantIndex = new Map<string, number>()
  readonly #globalIndex = new Map<string, number>()
  readonly #nativeIndex = new Map<string, number>()
  readonly #nativeNames: ReadonlySet<string>

  /** `nativeNames` are all that exist; `natives` lists those the code uses. */
  constructor(nativeNames: ReadonlySet<string>) {
    this.#nativeNames = nativeNames
  }

  constant(value: Constant): number {
    // -0 and 0 are different constants.
    const key = typeof value === 'string' ? `"${value}` : Object.is(value, -0) ? '-0' : String(value)
    return indexIn(this.#constantIndex, key, () => this.constants.push(value) - 1)
  }

  /** Text of a string constant. */
  readonly text = (constant: number): string => {
    const value = this.constants[constant]
    if (typeof value !== 'string') throw new Error(`constant ${constant} is no string`)
    return value
  }

  declareGlobal(global: GlobalDecl): void {
    if (this.#globalIndex.has(global.name)) throw new Error(`global ${global.name} is declared twice`)
    this.#globalIndex.set(global.name, this.globals.push(global) - 1)
  }

  declareType(type: TypeDecl): void {
    this.declareGlobal({ name: type.name, is: 'type', type: this.types.push(type) - 1 })
  }

  global(name: string): number | null {
    return this.#globalIndex.get(name) ?? null
  }

  /** The declared type that a global name stands for, with its index. */
  typeNamed(name: string): { readonly type: TypeDecl; readonly index: number } | null {
    const global = this.globals[this.global(name) ?? -1]
    return global?.is === 'type' ? { type: this.types[global.type]!, index: global.type } : null
  }

  isNative(name: string): boolean {
    return this.#nativeNames.has(name)
  }

  native(name: string): number {
    if (!this.isNative(name)) throw new Error(`there is no native ${name}`)
    return indexIn(this.#nativeIndex, name, () => this.natives.push(name) - 1)
  }

  /** The index of a function that is still to be written: others may refer to it already. */
  reserveFunction(): number {
    return this.#functions.push(null) - 1
  }

  defineFunction(index: number, proto: FunctionProto): void {
    this.#functions[index] = proto
  }

  addFunction(proto: FunctionProto): number {
    return this.#functions.push(proto) - 1
  }

  /** All functions, once every reserved one is defined. */
  functions(): FunctionProto[] {
    return this.#functions.map((proto, index) => {
      if (proto === null) throw new Error(`function ${index} was never written`)
      return proto
    })
  }
}

function indexIn(known: Map<string, number>, key: string, add: () => number): number {
  const index = known.get(key) ?? add()
  known.set(key, index)
  return index
}
