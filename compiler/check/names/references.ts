import type { AgentNode, Name } from '../../syntax/ast.ts'
import type { Declarations } from '../declarations.ts'
import { canonical } from '../schema/schema.ts'
import { AGENT_SCHEMA } from '../structure/field-lists.ts'

/** The names that agents give in one of their fields, in reading order: a list's items, or the one name. */
export function agentReferences({ agents }: Declarations, field: string): Name[] {
  return agents.flatMap((agent) => fieldNames(agent, field))
}

function fieldNames({ agent, fields }: AgentNode, wanted: string): readonly Name[] {
  return fields.flatMap(({ name, value }): readonly Name[] => {
    if (canonical(AGENT_SCHEMA[agent], name.text) !== wanted) return []
    if (value.kind === 'name') return [value.name]
    return value.kind === 'names' ? value.items : []
  })
}

export const nameSet = (declared: readonly { readonly name: Name }[]): Set<string> =>
  new Set(declared.map(({ name }) => name.text))

/** Those that are not known, each name once. */
export function unknownOnes(names: readonly Name[], known: { has(name: string): boolean }): Name[] {
  const seen = new Set<string>()
  return names.filter(({ text }) => {
    if (known.has(text) || seen.has(text)) return false
    seen.add(text)
    return true
  })
}
