/** JSON Schema of the valibot schemas of bodies, queries and answers: the kinds in use, and an error for any other. */
import type * as v from 'valibot'

export type JsonSchema = Readonly<Record<string, unknown>>

/** @throws TypeError for a kind of schema or check that has no row here. */
export function jsonSchema(schema: unknown): JsonSchema {
  if (!isKind(schema, 'schema')) throw new TypeError('not a schema')
  if ('pipe' in schema && Array.isArray(schema.pipe)) {
    const [root, ...checks] = schema.pipe as readonly unknown[]
    return Object.assign({ ...jsonSchema(root) }, ...checks.map(keywords))
  }
  switch (schema.type) {
    case 'string':
    case 'number':
    case 'boolean':
      return { type: schema.type }
    case 'unknown':
    case 'custom':
      return {}
    case 'instance':
      return { contentMediaType: 'application/octet-stream' }
    case 'literal':
      return { const: 'literal' in schema ? schema.literal : null }
    case 'array':
      return { type: 'array', items: jsonSchema('item' in schema ? schema.item : null) }
    case 'nullable':
      return { anyOf: [jsonSchema('wrapped' in schema ? schema.wrapped : null), { type: 'null' }] }
    case 'picklist':
      return { type: 'string', enum: 'options' in schema ? schema.options : [] }
    case 'optional':
      return jsonSchema('wrapped' in schema ? schema.wrapped : null)
    case 'union':
      return {
        oneOf: 'options' in schema && Array.isArray(schema.options) ? schema.options.map(jsonSchema) : [],
      }
    case 'record':
      return { type: 'object', additionalProperties: jsonSchema('value' in schema ? schema.value : null) }
    case 'strict_object':
    case 'loose_object':
      return objectSchema('entries' in schema ? schema.entries : null, schema.type === 'loose_object')
    default:
      throw new TypeError(`no JSON Schema is known for ${schema.type}`)
  }
}

function objectSchema(entries: unknown, open: boolean): JsonSchema {
  const fields = Object.entries(entries ?? {})
  return {
    type: 'object',
    properties: Object.fromEntries(fields.map(([name, field]) => [name, jsonSchema(field)])),
    required: fields.filter(([, field]) => !isOptional(field)).map(([name]) => name),
    additionalProperties: open,
  }
}

/** What a check of a pipe adds to its schema. */
function keywords(check: unknown): JsonSchema {
  // Read behind what has looked at the value first.
  if (isKind(check, 'schema')) return jsonSchema(check)
  if (!isKind(check, 'validation') || !('requirement' in check)) throw new TypeError('not a check')
  const { type, requirement } = check
  switch (type) {
    case 'integer':
      return { type: 'integer' }
    case 'finite':
      return {} // JSON has no other numbers.
    case 'min_value':
      return { minimum: requirement }
    case 'gt_value':
      return { exclusiveMinimum: requirement }
    case 'max_length':
      return { maxLength: requirement }
    case 'iso_timestamp':
      return { format: 'date-time' }
    case 'base64':
      return { contentEncoding: 'base64' }
    case 'regex':
      return { pattern: requirement instanceof RegExp ? requirement.source : '' }
    default:
      throw new TypeError(`no JSON Schema is known for the check ${type}`)
  }
}

/** Whether the value may be left out. */
const isOptional = (schema: unknown): boolean => isKind(schema, 'schema') && schema.type === 'optional'

type Kind = v.GenericSchema['kind'] | v.GenericValidation['kind']

const isKind = (value: unknown, kind: Kind): value is { readonly kind: Kind; readonly type: string } =>
  typeof value === 'object' && value !== null && 'kind' in value && value.kind === kind
