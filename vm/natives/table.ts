/** All natives, in one table, and the methods of the built-in types. */
import type { TypeName } from '../values/type-name.ts'
import { AGENTS } from './agents.ts'
import { CORE } from './core.ts'
import { CRYPTO } from './digests.ts'
import { FUNCTION_FORMS } from './function-forms.ts'
import { JSON_NATIVES } from './json.ts'
import { LIST_METHODS } from './list.ts'
import { MAP_METHODS } from './map.ts'
import { MATH } from './math.ts'
import { type Table, table } from './native.ts'
import { OPTION_METHODS, RANGE_METHODS, TUPLE_METHODS } from './others.ts'
import { REGEX_FUNCTIONS } from './regex.ts'
import { SET_METHODS, SET_NATIVES } from './set.ts'
import { STRING_METHODS } from './string.ts'
import { SYSTEM } from './system.ts'
import { TIME } from './time.ts'
import { WORKSPACE } from './workspace.ts'

/** By name. `names.ts` lists the same names for the compiler. */
export const NATIVES: Table = table(
  CORE,
  JSON_NATIVES,
  MATH,
  SYSTEM,
  CRYPTO,
  SET_NATIVES,
  TIME,
  WORKSPACE,
  AGENTS,
  FUNCTION_FORMS,
  REGEX_FUNCTIONS,
)

/** By type, then name. */
export const METHODS: ReadonlyMap<TypeName, Table> = new Map([
  ['string', STRING_METHODS],
  ['list', LIST_METHODS],
  ['map', MAP_METHODS],
  ['range', RANGE_METHODS],
  ['tuple', TUPLE_METHODS],
  ['set', SET_METHODS],
  ['option', OPTION_METHODS],
])
