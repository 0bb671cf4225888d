/** Methods under a name of their own, the receiver as first argument: `split(text, ",")`, `map(list, f)`. */
import type { TypeName } from '../values/type-name.ts'
import { LIST_METHODS } from './list.ts'
import { MAP_METHODS } from './map.ts'
import { functionForm, methodsOf } from './method.ts'
import type { Native, Table } from './native.ts'
import { STRING_METHODS, substringTo } from './string.ts'

/** Function name to method name. */
const STRINGS = {
  contains: 'contains',
  starts_with: 'starts_with',
  ends_with: 'ends_with',
  index_of: 'index_of',
  replace: 'replace',
  split: 'split',
  trim: 'trim',
  str_lower: 'to_lower',
  str_upper: 'to_upper',
  str_repeat: 'repeat',
  string_length: 'len',
  string_split: 'split',
  string_upper: 'to_upper',
  string_lower: 'to_lower',
}

const LISTS = {
  push: 'push',
  pop: 'pop',
  join: 'join',
  map: 'map',
  filter: 'filter',
  fold: 'fold',
  find: 'find',
  sort_by: 'sort_by',
  group_by: 'group_by',
  list_contains: 'contains',
  list_index_of: 'index_of',
  list_slice: 'slice',
  list_concat: 'concat',
  list_reverse: 'reverse',
  list_sort: 'sort',
  list_flatten: 'flatten',
  list_unique: 'unique',
  list_sum: 'sum',
  list_min: 'min',
  list_max: 'max',
  list_first: 'first',
  list_last: 'last',
}

const MAPS = {
  map_keys: 'keys',
  map_values: 'values',
  map_has: 'contains',
  map_get: 'get',
  map_set: 'insert',
  map_remove: 'remove',
  map_merge: 'merge',
  map_entries: 'entries',
}

const forms = (type: TypeName, methods: Table, names: Readonly<Record<string, string>>): Native[] =>
  Object.entries(names).map(([name, method]) => functionForm(name, type, methods.get(method)))

/** Takes an end where the method takes a length. */
const substring = methodsOf<string>().method(
  'substring(start, end?)',
  'The characters from start to before end.',
  substringTo,
)

export const FUNCTION_FORMS: readonly Native[] = [
  ...forms('string', STRING_METHODS, STRINGS),
  functionForm('substring', 'string', substring),
  ...forms('list', LIST_METHODS, LISTS),
  ...forms('map', MAP_METHODS, MAPS),
]
