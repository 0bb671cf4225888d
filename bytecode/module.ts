/**
 * What the compiler writes and the VM runs: one program, whole. A Module is plain data; `codec.ts` turns it
 * into `.neamb` bytes and back.
 */
import type { Manifest } from './manifest.ts'

export type Constant = number | string

/** Where a closure finds the cell it captures: in its parent's slots, or among its parent's own captures. */
export interface Capture {
  readonly from: 'local' | 'upvalue'
  readonly index: number
}

export interface FunctionProto {
  /** As printed in a trace: `verify_code`, `lookup_order`, `<lambda>`, `<main>`. */
  readonly name: string
  /** Parameter names; they live in slots 0, 1, ... */
  readonly params: readonly string[]
  /** What the last parameters hold when a call does not give them; absent = a call gives every parameter. */
  readonly defaults?: readonly Literal[]
  /** Parameters that a closure captures: the machine wraps them in cells on entry. */
  readonly cellParams: readonly number[]
  /** Slots, parameters included. */
  readonly locals: number
  readonly captures: readonly Capture[]
  readonly code: Int32Array
  /** Triples (first word, line, column), ascending by word: which source position an instruction has. 1-based. */
  readonly positions: Int32Array
  /** Index into `module.files`. */
  readonly file: number
}

export interface StructType {
  readonly kind: 'struct'
  readonly name: string
  readonly mutable: boolean
  /** `initial` is a constant default, absent = no default (nil). */
  readonly fields: readonly { readonly name: string; readonly initial?: Literal }[]
}

export interface SealedType {
  readonly kind: 'sealed'
  readonly name: string
  readonly variants: readonly { readonly name: string; readonly fields: readonly string[] }[]
}

export type TypeDecl = StructType | SealedType

/** A value known at compile time. */
export type Literal = null | boolean | number | string

/** `impl Trait for Target { ... }`: methods by name; a method whose first parameter is not `self` is static. */
export interface ImplTable {
  readonly target: string
  readonly traits: readonly string[]
  readonly methods: Readonly<Record<string, number>>
}

export interface Module {
  readonly manifest: Manifest
  /** Source file names as given to the compiler; index 0 is the program. */
  readonly files: readonly string[]
  readonly constants: readonly Constant[]
  /** Global names; a slot each. Functions, types, agents and skills are filled in before any code runs. */
  readonly globals: readonly GlobalDecl[]
  /** Names of the natives the code uses; the VM refuses a module that names one it lacks. */
  readonly natives: readonly string[]
  readonly types: readonly TypeDecl[]
  readonly impls: readonly ImplTable[]
  readonly functions: readonly FunctionProto[]
  /** The whole top level, in order: what `neam FILE` runs. */
  readonly main: number
  /**
   * Top-level `let`/`const` initialisers, in order, each as a function of no parameters that sets its globals:
   * what every other loader runs. One that the loader refuses leaves its names nil.
   */
  readonly initialisers: readonly { readonly names: readonly string[]; readonly function: number }[]
}

export type GlobalDecl =
  | { readonly name: string; readonly is: 'variable'; readonly constant: boolean }
  | { readonly name: string; readonly is: 'function'; readonly function: number }
  | { readonly name: string; readonly is: 'type'; readonly type: number }
  | { readonly name: string; readonly is: 'skill' }
  | { readonly name: string; readonly is: 'agent' }
