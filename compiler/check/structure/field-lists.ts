import type { AgentNode, Field, Span } from '../../syntax/ast.ts'
import { AGENT_NOUN } from '../builtins.ts'
import type { Declarations } from '../declarations.ts'
import { AGENT, CLAW, FORGE } from '../schema/agents.ts'
import { BUDGET, CHANNEL, GUARD, PARAM, POLICY, SKILL } from '../schema/others.ts'
import { ruleOf, type Schema } from '../schema/schema.ts'

/** One list of fields as it was written, and what may stand in it. */
export interface FieldList {
  /** Whose fields they are, for messages: `claw agent`, `session`. */
  readonly owner: string
  /** The name of the declaration or block. */
  readonly at: Span
  readonly fields: readonly Field[]
  readonly schema: Schema
}

export const AGENT_SCHEMA: Readonly<Record<AgentNode['agent'], Schema>> = {
  agent: AGENT,
  claw: CLAW,
  forge: FORGE,
}

/** Every list of fields in a program, blocks inside their owners included. */
export function* fieldLists(declarations: Declarations): Generator<FieldList> {
  const { agents, channels, budgets, policies, skills, guards } = declarations
  for (const { agent, name, fields } of agents) {
    yield* nested({ owner: AGENT_NOUN[agent], at: name.span, fields, schema: AGENT_SCHEMA[agent] })
  }
  for (const { name, fields } of channels)
    yield* nested({ owner: 'channel', at: name.span, fields, schema: CHANNEL })
  for (const { name, fields } of budgets)
    yield* nested({ owner: 'budget', at: name.span, fields, schema: BUDGET })
  for (const { name, fields } of policies)
    yield* nested({ owner: 'policy', at: name.span, fields, schema: POLICY })
  for (const { name, fields, params } of skills) {
    yield* nested({ owner: 'skill', at: name.span, fields, schema: SKILL })
    for (const { fields: listed, span } of params) {
      if (listed !== null)
        yield* nested({ owner: 'param', at: openingOf(span), fields: listed, schema: PARAM })
    }
  }
  for (const { name, fields } of guards)
    yield* nested({ owner: 'guard', at: name.span, fields, schema: GUARD })
}

const openingOf = (span: Span): Span => ({ ...span, end: span.start + 1 })

function* nested(list: FieldList): Generator<FieldList> {
  yield list
  for (const { name, value } of list.fields) {
    const accepts = ruleOf(list.schema, name.text)?.accepts
    if (value.kind !== 'block' || !accepts) continue
    if (accepts.kind === 'block') {
      yield* nested({ owner: name.text, at: name.span, fields: value.fields, schema: accepts.fields })
    }
    if (accepts.kind === 'blocks') {
      for (const entry of value.fields) {
        if (entry.value.kind !== 'block') continue
        const owner = `${accepts.noun} "${entry.name.text}"`
        yield* nested({ owner, at: entry.name.span, fields: entry.value.fields, schema: accepts.fields })
      }
    }
  }
}
