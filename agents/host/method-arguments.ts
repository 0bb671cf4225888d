import { HostError } from '../../vm/host.ts'
import { counted } from '../../vm/machine/construct.ts'
import { describe } from '../../vm/values/type-name.ts'
import type { Value } from '../../vm/values/value.ts'

/** The arguments of one method call, checked as they are taken. */
export class MethodArguments {
  readonly #method: string
  readonly #values: readonly Value[]

  constructor(method: string, values: readonly Value[]) {
    this.#method = method
    this.#values = values
  }

  /** Refuses any other number of arguments. */
  end(least: number, most = least): void {
    const given = this.#values.length
    if (given >= least && given <= most) return
    const wanted = least === most ? counted(least, 'argument') : `${least} to ${most} arguments`
    throw new HostError('arity', `${this.#method} takes ${wanted}, got ${given}`)
  }

  text(index: number, what: string): string {
    const value = this.#values[index] ?? null
    if (typeof value === 'string') return value
    throw new HostError('type', `${this.#method}: the ${what} must be a string, got ${describe(value)}`)
  }

  optionalText(index: number, what: string): string | null {
    return (this.#values[index] ?? null) === null ? null : this.text(index, what)
  }
}
