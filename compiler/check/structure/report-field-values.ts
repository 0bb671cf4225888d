import { choices } from '../../../bytecode/choices.ts'
import type { Diagnostic } from '../../diagnostics/diagnostic.ts'
import { emptyList, noHost, notAccepted, wrongFieldType } from '../../diagnostics/structure.ts'
import type { Field, FieldValue } from '../../syntax/ast.ts'
import type { Context } from '../rule.ts'
import { type Accepts, ruleOf } from '../schema/schema.ts'
import { fieldLists } from './field-lists.ts'

/** Types, ranges and choices of all values. An optional field may be nil: not given. */
export function reportFieldValues({ declarations, report }: Context): void {
  for (const { owner, fields, schema } of fieldLists(declarations)) {
    for (const field of fields) {
      const rule = ruleOf(schema, field.name.text)
      if (!rule) continue
      const { value } = field
      const absent = value.kind === 'literal' && value.value === null && rule.required === null
      const problem = absent ? null : problemOf(field, rule.accepts, owner)
      if (problem) report(problem)
      if (rule.accepts.kind === 'blocks' && value.kind === 'block') {
        for (const entry of value.fields) {
          const wrong = problemOf(entry, { kind: 'block', fields: {} }, owner)
          if (wrong) report(wrong)
        }
      }
    }
  }
}

function problemOf({ name, value }: Field, accepts: Accepts, owner: string): Diagnostic | null {
  const field = name.text
  const wrongType = (wanted: string, help: string | null = null) =>
    wrongFieldType(value.span, field, wanted, { found: described(value), help })
  const literal = value.kind === 'literal' ? value.value : undefined
  switch (accepts.kind) {
    case 'string':
      return typeof literal === 'string' ? null : wrongType('a string')
    case 'bool':
      return typeof literal === 'boolean' ? null : wrongType('true or false')
    case 'literal':
      return value.kind === 'literal' ? null : wrongType('a number, a string, true, false or nil')
    case 'texts':
      return value.kind === 'names' && value.items.every((item) => item.quoted)
        ? null
        : wrongType('a list of strings')
    case 'hosts': {
      if (value.kind !== 'names' || !value.items.every((item) => item.quoted)) {
        return wrongType('a list of host names, e.g. ["acme.com", "*.acme.com"]')
      }
      const wrong = value.items.find((item) => !HOST.test(item.text))
      if (wrong === undefined) return null
      return noHost(wrong.span, field, wrong.text, hostIn(wrong.text))
    }
    case 'word': {
      const word = value.kind === 'name' ? value.name.text : literal
      if (typeof word !== 'string') return wrongType(choices(accepts.words))
      return accepts.words.includes(word)
        ? null
        : notAccepted(value.span, field, JSON.stringify(word), choices(accepts.words), accepts.words)
    }
    case 'integer':
    case 'number': {
      const wanted = accepts.kind === 'integer' ? 'a whole number' : 'a number'
      if (typeof literal !== 'number') return wrongType(wanted)
      const fits = literal >= accepts.min && literal <= accepts.max
      const whole = accepts.kind === 'number' || Number.isInteger(literal)
      return fits && whole
        ? null
        : notAccepted(value.span, field, String(literal), `${wanted} ${range(accepts)}`)
    }
    case 'dollars': {
      const dollars = value.kind === 'amount' && value.unit === '$' ? value.value : literal
      if (typeof dollars !== 'number') return wrongType('a number of dollars, e.g. 2.5 or $2.5')
      return dollars >= 0 ? null : notAccepted(value.span, field, String(dollars), 'a number of at least 0')
    }
    case 'timezone':
      if (typeof literal !== 'string') return wrongType('the name of a time zone')
      return isTimezone(literal)
        ? null
        : notAccepted(value.span, field, JSON.stringify(literal), 'an IANA name such as "Europe/Berlin"')
    case 'url-path':
      if (typeof literal !== 'string') return wrongType('a string')
      return /^\/[\w\-./~%]*$/.test(literal)
        ? null
        : notAccepted(value.span, field, JSON.stringify(literal), 'a path that begins with "/"')
    case 'name':
      if (value.kind === 'name') return null
      return wrongType(
        `the name of a ${accepts.noun}, without quotes`,
        value.kind === 'block' ? apart(field) : null,
      )
    case 'names':
      if (value.kind !== 'names') {
        const help = value.kind === 'name' ? `write \`${field}: [${value.name.text}]\`` : null
        return wrongType(`a list of ${accepts.noun} names`, help)
      }
      return accepts.nonEmpty && value.items.length === 0
        ? emptyList(value.span, field, owner, accepts.noun)
        : null
    case 'function':
      return value.kind === 'name' || (value.kind === 'expr' && value.expr.kind === 'lambda')
        ? null
        : wrongType('the name of a function')
    case 'block':
    case 'blocks':
      return value.kind === 'block' ? null : wrongType('a block of fields: { ... }')
    case 'syntax':
      return wrongType(accepts.wanted)
    case 'forbidden':
    case 'elsewhere':
    case 'ignored':
    case 'deprecated':
      return null
  }
}

/** What is written as a block in its place is a declaration of its own. */
const apart = (noun: string): string =>
  `declare it outside of the agent, \`${noun} NAME { ... }\`, and write \`${noun}: NAME\` here`

function described(value: FieldValue): string {
  switch (value.kind) {
    case 'literal':
      return value.value === null
        ? 'nil'
        : `the ${value.value === true || value.value === false ? 'value' : typeof value.value} ${brief(value.value)}`
    case 'amount':
      return value.unit === '$' ? `the amount $${value.value}` : `the time ${value.value}${value.unit}`
    case 'name':
      return `the name \`${value.name.text}\``
    case 'names':
      return 'a list'
    case 'block':
      return 'a block'
    case 'expr':
      return value.expr.kind === 'format'
        ? 'an f-string, which is only known when the program runs'
        : 'an expression'
  }
}

const brief = (value: boolean | number | string): string => {
  const text = JSON.stringify(value)
  return text.length > 40 ? `${text.slice(0, 36)}..."` : text
}

function range({ min, max }: { min: number; max: number }): string {
  if (max === Number.MAX_SAFE_INTEGER || max === Number.MAX_VALUE) return `of at least ${min}`
  return `between ${min} and ${max}`
}

/** Letters of any script, as international names have them. */
const HOST =
  /^(?:\*|(?:\*\.)?[\p{L}\p{N}](?:[\p{L}\p{N}\p{M}-]*[\p{L}\p{N}\p{M}])?(?:\.[\p{L}\p{N}](?:[\p{L}\p{N}\p{M}-]*[\p{L}\p{N}\p{M}])?)*)$/u

/** The host of a URL that was written in the place of one. */
function hostIn(text: string): string | null {
  const host = /^(?:[a-z]+:)?\/*([^/:?#@]+)/i.exec(text)?.[1]
  return host !== undefined && HOST.test(host) ? host : null
}

function isTimezone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch {
    return false
  }
}
