/** What the native functions are for: for tools that show it. */
import { NATIVES } from '../vm/natives/table.ts'

export interface NativeDoc {
  /** E.g. `split(text, separator)`. */
  readonly signature: string
  /** One line. */
  readonly doc: string
}

export const NATIVE_DOCS: ReadonlyMap<string, NativeDoc> = NATIVES
