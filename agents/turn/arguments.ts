import { choices } from '../../bytecode/choices.ts'
import type { ParamDecl, SkillDecl } from '../../bytecode/manifest.ts'
import { parseJson } from '../../vm/values/json.ts'
import { RuntimeError } from '../../vm/values/runtime-error.ts'
import { describe } from '../../vm/values/type-name.ts'
import type { Value } from '../../vm/values/value.ts'

/** A model's arguments for a skill, read; or what is wrong with them, in words that help it to mend them. */
export type Arguments =
  | { readonly kind: 'valid'; readonly values: ReadonlyMap<string, Value> }
  | { readonly kind: 'invalid'; readonly problem: string }

/** Characters of arguments that a call may have. */
const MAX_LENGTH = 1024 * 1024

/** Reads a model's argument text against the skill's parameters. A parameter left out has its default, else it is nil. */
export function readArguments(skill: SkillDecl, json: string): Arguments {
  if (json.length > MAX_LENGTH)
    return invalid(`the arguments have ${json.length} characters; at most ${MAX_LENGTH} are read`)
  const parsed = parse(json)
  if (parsed instanceof RuntimeError) return invalid(`the arguments are not valid JSON: ${parsed.message}`)
  if (!(parsed instanceof Map)) return invalid(`the arguments must be a JSON object, got ${describe(parsed)}`)
  const params = new Map(skill.params.map((param) => [param.name, param]))
  for (const [name, value] of parsed) {
    const param = params.get(name)
    const problem = param ? misfit(param, value) : `unknown argument "${name}"; ${named(skill.params)}`
    if (problem !== null) return invalid(problem)
  }
  const values = new Map(parsed)
  for (const { name, default: otherwise } of skill.params) {
    if (otherwise !== undefined && !values.has(name)) values.set(name, otherwise)
  }
  return { kind: 'valid', values }
}

const invalid = (problem: string): Arguments => ({ kind: 'invalid', problem })

/** Some models send nothing at all where there is nothing to send. */
function parse(json: string): Value | RuntimeError {
  if (json.trim() === '') return new Map()
  try {
    return parseJson(json)
  } catch (error) {
    if (error instanceof RuntimeError) return error
    throw error
  }
}

const named = (params: readonly ParamDecl[]): string =>
  params.length === 0
    ? 'this tool takes none'
    : `this tool takes ${params.map(({ name }) => `"${name}"`).join(', ')}`

function misfit(param: ParamDecl, value: Value): string | null {
  if (value === null || param.type === null || fits(param.type, value)) return outsideEnum(param, value)
  return `argument "${param.name}" must be ${WORDS[param.type]}, got ${describe(value)}`
}

function outsideEnum({ name, enum: values }: ParamDecl, value: Value): string | null {
  if (values === undefined || value === null || values.some((allowed) => allowed === value)) return null
  return `argument "${name}" must be ${choices(values)}, got ${describe(value)}`
}

const WORDS = {
  string: 'a string',
  number: 'a number',
  integer: 'an integer',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
} as const

function fits(type: NonNullable<ParamDecl['type']>, value: Value): boolean {
  switch (type) {
    case 'array':
      return Array.isArray(value)
    case 'object':
      return value instanceof Map
    case 'integer':
      return Number.isInteger(value)
    default:
      return typeof value === type
  }
}
