/** `Some(v)` and `None`: a sealed type that every program knows. */
import type { SealedType } from '../../bytecode/module.ts'
import { type Value, VariantValue } from './value.ts'

export const OPTION: SealedType = {
  kind: 'sealed',
  name: 'Option',
  variants: [
    { name: 'Some', fields: ['value'] },
    { name: 'None', fields: [] },
  ],
}

export const NONE = new VariantValue(OPTION, 1, [])

export const some = (value: Value): VariantValue => new VariantValue(OPTION, 0, [value])
