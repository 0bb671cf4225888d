/** One local variable of a function. Two `let`s of one name in one scope are the same variable, as at the top level. */
export class Variable {
  readonly name: string
  /** Number of the function it belongs to, within one resolution. */
  readonly owner: number
  /** How often functions inside its owner name it. */
  captures = 0
  /** Its cell must exist from the beginning of its block, because a function declared in that block captures it. */
  early = false

  constructor(name: string, owner: number) {
    this.name = name
    this.owner = owner
  }

  /** It lives in a cell. */
  get captured(): boolean {
    return this.captures > 0
  }
}
