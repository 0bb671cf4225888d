import { traitNotAllowed, traitWithoutEffect } from '../../diagnostics/structure.ts'
import { AGENT_NOUN, BUILTIN_TRAITS } from '../builtins.ts'
import type { Context } from '../rule.ts'

export function reportAgentTraits({ declarations, report }: Context): void {
  const agents = new Map(declarations.agents.map((node) => [node.name.text, node.agent]))
  for (const { trait, target } of declarations.impls) {
    const kind = agents.get(target.text)
    const rule = BUILTIN_TRAITS.get(trait?.text ?? '')
    if (trait === null || kind === undefined || rule === undefined) continue
    const owner = `the ${AGENT_NOUN[kind]} \`${target.text}\``
    if (!rule.kinds.includes(kind)) {
      report(
        traitNotAllowed(
          trait,
          owner,
          rule.kinds.map((allowed) => AGENT_NOUN[allowed]),
        ),
      )
    } else if (rule.idle.includes(kind)) report(traitWithoutEffect(trait, owner))
  }
}
