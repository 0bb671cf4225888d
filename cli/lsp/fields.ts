import {
  type Accepts,
  canonical,
  type FieldRule,
  ruleOf,
  type Schema,
} from '../../compiler/check/schema/schema.ts'
import { either } from '../../compiler/diagnostics/wording.ts'

/** What a field holds, in words; null for a name that is no field here. */
export function fieldDoc(schema: Schema, written: string): string | null {
  const rule = ruleOf(schema, written)
  return rule === undefined
    ? null
    : `\`${canonical(schema, written)}\`: ${wanted(rule.accepts)}${required(rule)}`
}

const required = ({ required: example }: FieldRule): string =>
  example === null ? '' : ` (required, e.g. \`${example}\`)`

function wanted(accepts: Accepts): string {
  switch (accepts.kind) {
    case 'string':
      return 'a string'
    case 'bool':
      return 'true or false'
    case 'literal':
      return 'a number, a string, true, false or nil'
    case 'texts':
      return 'a list of strings'
    case 'word':
      return either(accepts.words.map((word) => `"${word}"`))
    case 'integer':
    case 'number':
      return range(accepts.kind === 'integer' ? 'a whole number' : 'a number', accepts.min, accepts.max)
    case 'dollars':
      return 'a number of dollars, e.g. 2.5 or $2.5'
    case 'hosts':
      return 'a list of host names, e.g. ["acme.com", "*.acme.com"]'
    case 'timezone':
      return 'an IANA time zone, e.g. "Europe/Berlin"'
    case 'url-path':
      return 'the path of an HTTP endpoint, e.g. "/chat"'
    case 'name':
      return `the name of a ${accepts.noun}`
    case 'names':
      return `a list of ${accepts.noun} names`
    case 'function':
      return 'a function'
    case 'block':
      return `a block of ${Object.keys(accepts.fields).join(', ')}`
    case 'blocks':
      return `a block for each ${accepts.noun}, with ${Object.keys(accepts.fields).join(', ')}`
    case 'syntax':
      return accepts.wanted
    case 'elsewhere':
      return `a field of ${either(accepts.owners)} only`
    case 'forbidden':
      return 'not a field of this kind of agent'
    case 'ignored':
      return 'has no effect'
    case 'deprecated':
      return `no longer used: ${accepts.help}`
  }
}

function range(noun: string, min: number, max: number): string {
  const open = max === Number.MAX_SAFE_INTEGER || max === Number.MAX_VALUE
  return open ? `${noun} of at least ${min}` : `${noun} from ${min} to ${max}`
}
