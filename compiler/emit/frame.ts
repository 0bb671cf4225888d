/** The slots of one function and the cells it captures. */
import type { Capture } from '../../bytecode/module.ts'
import type { Variable } from './variable.ts'

export type Place = { readonly in: 'local' | 'upvalue'; readonly index: number }

export class Frame {
  readonly #parent: Frame | null
  readonly #slots = new Map<Variable, number>()
  readonly #upvalues = new Map<Variable, number>()
  readonly captures: Capture[] = []
  #locals = 0

  /** `parent` is the frame of the enclosing function, null for a function that stands alone. */
  constructor(parent: Frame | null) {
    this.#parent = parent
  }

  get locals(): number {
    return this.#locals
  }

  /** Whether the variable has a slot here already. */
  holds(variable: Variable): boolean {
    return this.#slots.has(variable)
  }

  /** The variable's slot, a new one the first time. Slots are never shared: one slot, one variable. */
  slotOf(variable: Variable): number {
    const known = this.#slots.get(variable)
    if (known !== undefined) return known
    const slot = this.temporary()
    this.#slots.set(variable, slot)
    return slot
  }

  /** A slot without a name. */
  temporary(): number {
    return this.#locals++
  }

  /** Where the function finds a variable of its own or, captured through every function between, of an outer one. */
  placeOf(variable: Variable): Place {
    const slot = this.#slots.get(variable)
    if (slot !== undefined) return { in: 'local', index: slot }
    const known = this.#upvalues.get(variable)
    if (known !== undefined) return { in: 'upvalue', index: known }
    if (this.#parent === null) throw new Error(`variable ${variable.name} is used before its declaration`)
    const { in: from, index } = this.#parent.placeOf(variable)
    const upvalue = this.captures.push({ from, index }) - 1
    this.#upvalues.set(variable, upvalue)
    return { in: 'upvalue', index: upvalue }
  }
}
