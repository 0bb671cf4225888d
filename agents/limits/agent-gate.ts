import type { AgentDecl, PolicyDecl, SkillDecl } from '../../bytecode/manifest.ts'
import type { ConfirmationPlace } from '../ports/confirmations.ts'
import type { CallContext } from '../turn/call-context.ts'
import type { Gate, ToolLeave } from '../turn/gate.ts'
import type { World } from '../world.ts'
import { reserveForAgent } from './budget.ts'
import { approvalOf } from './confirmation.ts'
import { assertEnabled } from './kill-switch.ts'
import { judge } from './policy.ts'

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
    async beforeTool(skill, argumentsJson, step) {
      await assertEnabled(world, agent.name, call.requestId)
      const judgement = judge(policy, skill)
      if (judgement === 'allow') return { kind: 'allow' }
      if (judgement === 'confirm' && placeOf !== null) {
        const answer = await approvalOf(world, {
          skill,
          arguments: argumentsJson,
          reason: confirmReason(skill, policy),
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
      })
      return refusal(judgement, skill, policy)
    },
  }
}

const policyOf = (world: World, agent: AgentDecl): PolicyDecl | null =>
  world.program.module.manifest.policies.find(({ name }) => name === agent.policy) ?? null

function refusal(judgement: 'deny' | 'confirm', skill: SkillDecl, policy: PolicyDecl | null): ToolLeave {
  const text =
    judgement === 'deny'
      ? `Denied by policy ${policy!.name}: the tool ${skill.name} may not be used.`
      : `Not done: ${confirmReason(skill, policy)}, and nobody can be asked here. Tell the user so, and do not call the tool again.`
  return { kind: 'refuse', text }
}

const confirmReason = (skill: SkillDecl, policy: PolicyDecl | null): string =>
  skill.sensitive
    ? `the sensitive skill ${skill.name} requires approval`
    : `policy ${policy!.name} requires approval of the tool ${skill.name}`
