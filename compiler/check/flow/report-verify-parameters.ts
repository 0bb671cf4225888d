import { verifyParameters } from '../../diagnostics/flow.ts'
import { verifyOf } from '../build/agents.ts'
import type { Context } from '../rule.ts'

/** A verify callback is called with the context, and with nothing else (chapter 25.4). */
export function reportVerifyParameters({ declarations, report }: Context): void {
  for (const agent of declarations.agents) {
    const verify = agent.agent === 'forge' ? verifyOf(agent) : null
    if (verify === null) continue
    const decl =
      verify.kind === 'lambda'
        ? verify
        : declarations.functions.find((candidate) => candidate.name.text === verify.name)
    if (!decl) continue
    const needed = decl.params.findLastIndex((param) => param.initial === null) + 1
    if (decl.params.length >= 1 && needed <= 1) continue
    const [span, name] =
      verify.kind === 'lambda' ? [verify.span, 'given inline'] : [verify.span, `\`${verify.name}\``]
    report(verifyParameters({ ...span, end: Math.min(span.end, span.start + 40) }, name, decl.params.length))
  }
}
