/** Values that may come later. Promises of other realms and libraries count too, so `then` is what tells. */
import type { Awaitable } from './host.ts'

export const isLater = (value: unknown): value is Promise<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'

/** `change` of the value: now when it is there, else when it comes. */
export function after<T, U>(value: Awaitable<T>, change: (value: T) => Awaitable<U>): Awaitable<U> {
  return isLater(value) ? value.then(change) : change(value)
}
