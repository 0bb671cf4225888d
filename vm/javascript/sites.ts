/** What the text of a function reaches by number: constants, functions, types, and what its call sites remember. */
import type { StructType } from '../../bytecode/module.ts'
import type { Code } from '../machine/code.ts'
import type { Native } from '../natives/native.ts'
import { METHODS } from '../natives/table.ts'

/** `value.name(...)` at one place. */
export interface MethodSite {
  readonly name: string
  readonly ofList: Native | undefined
  readonly ofString: Native | undefined
  readonly ofMap: Native | undefined
  /** The struct whose method was called last, when `code` can be called directly. */
  type: StructType | null
  code: Code | null
  /** How many parameters it has, self included; -1 for none. */
  arity: number
}

export class Sites {
  readonly held: unknown[] = []
  private readonly names = new Map<unknown, string>()

  /** The variable that holds a value; a simple value stands for itself. */
  hold(value: unknown): string {
    if (value === null || typeof value === 'boolean') return String(value)
    if (typeof value === 'number' && Number.isFinite(value) && !Object.is(value, -0)) return `(${value})`
    const known = typeof value === 'number' ? undefined : this.names.get(value)
    if (known !== undefined) return known
    const name = `k${this.held.length}`
    this.held.push(value)
    this.names.set(value, name)
    return name
  }

  /** Lines that name all that is held. */
  prelude(): string[] {
    return this.held.map((_, i) => `const k${i}=held[${i}];`)
  }
}

export const methodSite = (name: string): MethodSite => ({
  name,
  ofList: METHODS.get('list')?.get(name),
  ofString: METHODS.get('string')?.get(name),
  ofMap: METHODS.get('map')?.get(name),
  type: null,
  code: null,
  arity: -1,
})
