import type { Literal } from '../../bytecode/module.ts'
import type { Name, Param } from '../syntax/ast.ts'
import { defaultOf } from './globals.ts'

/** A function's parameters as names, and the defaults of the last of them; a default before one without is void. */
export function paramsOf(params: readonly Param[]): {
  readonly params: readonly Name[]
  readonly defaults: readonly Literal[]
} {
  const required = params.findLastIndex((param) => param.initial === null) + 1
  return {
    params: params.map((param) => param.name),
    defaults: params.slice(required).flatMap(({ initial }) => (initial === null ? [] : [defaultOf(initial)])),
  }
}
