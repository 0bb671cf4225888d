import type { AgentDecl, PolicyDecl, SkillDecl } from '../../bytecode/manifest.ts'
import type { ConfirmationPlace } from '../ports/confirmations.ts'
import type { CallContext } from '../turn/call-context.ts'
import type { Gate } from '../turn/gate.ts'
import { taintText } from '../turn/taint.ts'
import type { World } from '../world.ts'
import { reserveForAgent } from './budget.ts'
import { approvalOf } from './confirmation.ts'
import { assertEnabled } from './kill-switch.ts'
import { type Judged, judgeCall, policyOf } from './policy.ts'

/** Where a tool call stands; `call` tells equal calls apart, `step` is its number in the turn. */
export type PlaceOfCall = (step: number, call: string) => ConfirmationPlace

/**
 * The gate of an agent's own declarations: kill switch, budget, policy and confirmations (design 3.2, 5). Without
 * `placeOf` nothing is kept that a decision could continue: what needs a person's approval is then refused.
 */
export function agentGate(
  world: World,
  agent: AgentDecl,
  call: Pick<CallContext, 'requestId'>,
  placeOf: PlaceOfCall | null = null,
): Gate {
  const policy = policyOf(world, agent)
  return {
    async beforeModel(estimate) {
      await assertEnabled(world, agent.name, call.requestId)
      return await reserveForAgent(world, agent, call, estimate)
    },
    async beforeTool(skill, argumentsJson, step, taint) {
      await assertEnabled(world, agent.name, call.requestId)
      const judged = judgeCall(policy, skill, taint.length > 0)
      const { judgement } = judged
      if (judgement === 'allow') return { kind: 'allow' }
      if (judgement === 'confirm' && placeOf !== null) {
        const answer = await approvalOf(world, {
          skill,
          arguments: argumentsJson,
          reason: confirmReason(judged, skill, policy, taint),
          requestId: call.requestId,
          place: (what) => placeOf(step, what),
        })
        return answer.kind === 'approved' ? answer : { kind: 'refuse', text: answer.text }
      }
      world.audit.record({
        event: judgement === 'deny' ? 'policy.deny' : 'policy.confirm',
        agent: agent.name,
        tool: skill.name,
        requestId: call.requestId,
        ...(judged.because === 'taint' ? { detail: 'tainted' } : {}),
      })
      return { kind: 'refuse', text: refusalText(judged, skill, policy, taint) }
    },
  }
}

function refusalText(
  judged: Judged,
  skill: SkillDecl,
  policy: PolicyDecl | null,
  taint: readonly string[],
): string {
  if (judged.judgement === 'confirm') {
    return `Not done: ${confirmReason(judged, skill, policy, taint)}, and nobody can be asked here. Tell the user so, and do not call the tool again.`
  }
  return judged.because === 'taint'
    ? `Denied by policy ${policy!.name}: ${taintReason(skill, taint)}. Tell the user so, and do not call the tool again.`
    : `Denied by policy ${policy!.name}: the tool ${skill.name} may not be used.`
}

function confirmReason(
  { because }: Judged,
  skill: SkillDecl,
  policy: PolicyDecl | null,
  taint: readonly string[],
): string {
  if (because === 'taint') return `${taintReason(skill, taint)}: it requires approval`
  const rule = skill.sensitive
    ? `the sensitive skill ${skill.name} requires approval`
    : `policy ${policy!.name} requires approval of the tool ${skill.name}`
  // Whoever decides should know what the model had read when it asked.
  return taint.length === 0 ? rule : `${rule}; text of strangers was read before (${taintText(taint)})`
}

const taintReason = (skill: SkillDecl, taint: readonly string[]): string =>
  `text of strangers was read before (${taintText(taint)}), and ${skill.name} has external effects`
