import type { Block, Expr, Field, FieldValue, GuardNode, Name, SkillNode, SkillParam, Span } from '../ast.ts'

/** What a field's expression is: a literal, a name, a list of names, or an expression to be run. */
export function value(expr: Expr): FieldValue {
  switch (expr.kind) {
    case 'nil':
      return { kind: 'literal', value: null, span: expr.span }
    case 'bool':
    case 'number':
    case 'string':
      return { kind: 'literal', value: expr.value, span: expr.span }
    case 'name':
      return { kind: 'name', name: { text: expr.name, span: expr.span }, span: expr.span }
    case 'list': {
      const items = expr.items.map(listedName)
      return items.every((item) => item !== null)
        ? { kind: 'names', items, span: expr.span }
        : { kind: 'expr', expr, span: expr.span }
    }
    default:
      return { kind: 'expr', expr, span: expr.span }
  }
}

function listedName(item: Expr | { kind: 'spread' }): (Name & { quoted: boolean }) | null {
  if (item.kind === 'name') return { text: item.name, span: item.span, quoted: false }
  if (item.kind === 'string') return { text: item.value, span: item.span, quoted: true }
  return null
}

/** A parameter in the list form. What does not fit is reported from `fields`, as of every list of fields. */
export function param({ fields, span }: FieldValue & { kind: 'block' }): SkillParam {
  const schema = valueIn(fields, 'schema')
  const inside = schema?.kind === 'block' ? schema.fields : []
  const choices = valueIn(inside, 'enum')
  return {
    name: textOf(fields, 'name') ?? { text: '_', span },
    type: textOf(inside, 'type') ?? { text: 'any', span },
    enum: choices?.kind === 'names' ? choices.items.map((item) => item.text) : null,
    initial: exprOf(valueIn(inside, 'default')),
    description: textOf(inside, 'description')?.text ?? null,
    fields,
    span,
  }
}

const valueIn = (fields: readonly Field[], wanted: string): FieldValue | null =>
  fields.find(({ name }) => name.text === wanted)?.value ?? null

function textOf(fields: readonly Field[], wanted: string): Name | null {
  const value = valueIn(fields, wanted)
  return value?.kind === 'literal' && typeof value.value === 'string'
    ? { text: value.value, span: value.span }
    : null
}

function exprOf(field: FieldValue | null): Expr | null {
  if (field?.kind !== 'literal') return null
  const { value, span } = field
  if (value === null) return { kind: 'nil', span }
  if (typeof value === 'boolean') return { kind: 'bool', value, span }
  return typeof value === 'number' ? { kind: 'number', value, span } : { kind: 'string', value, span }
}

type SkillEntry =
  | { readonly kind: 'params'; readonly params: readonly SkillParam[]; readonly span: Span }
  | { readonly kind: 'impl'; readonly params: readonly Name[]; readonly body: Block; readonly span: Span }
  | { readonly kind: 'lambda'; readonly lambda: Expr & { kind: 'lambda' }; readonly span: Span }
  | { readonly kind: 'field'; readonly field: Field }

export function skill(name: Name, entries: readonly SkillEntry[], span: Span): SkillNode {
  let params: readonly SkillParam[] | null = null
  let impl: SkillNode['impl'] = null
  const fields: Field[] = []
  const repeated: Name[] = []
  const again = (text: 'params' | 'impl', { span: { file, start } }: { span: Span }) =>
    repeated.push({ text, span: { file, start, end: start + text.length } })
  for (const entry of entries) {
    switch (entry.kind) {
      case 'field':
        fields.push(entry.field)
        break
      case 'params':
        if (params === null) params = entry.params
        else again('params', entry)
        break
      case 'impl':
      case 'lambda':
        if (impl === null) impl = entry.kind === 'impl' ? entry : implOf(entry.lambda)
        else again('impl', entry)
        break
    }
  }
  return { kind: 'skill', name, fields, params: params ?? [], impl, repeated, span }
}

/** `impl: fn(x) => e` is `impl(x) { return e; }`; a block's last expression is its result, as in every lambda. */
function implOf({ params, body, span }: Expr & { kind: 'lambda' }): NonNullable<SkillNode['impl']> {
  const items = body.kind === 'block' ? body.items : []
  const last = items.at(-1)
  const result = body.kind !== 'block' ? body : last?.kind === 'expression' ? last.expr : null
  const block: Block = {
    kind: 'block',
    items:
      result === null ? items : [...items.slice(0, -1), { kind: 'return', value: result, span: result.span }],
    span: body.span,
  }
  return { params: params.map((param) => param.name), body: block, span }
}

type GuardEntry =
  | ({ readonly kind: 'handler' } & GuardNode['handlers'][number])
  | { readonly kind: 'field'; readonly field: Field }

export function guard(name: Name, entries: readonly GuardEntry[], span: Span): GuardNode {
  return {
    kind: 'guard',
    name,
    fields: entries.flatMap((entry) => (entry.kind === 'field' ? [entry.field] : [])),
    handlers: entries.flatMap((entry) => {
      if (entry.kind === 'field') return []
      const { event, params, body, span } = entry
      return [{ event, params, body, span }]
    }),
    span,
  }
}
