import type { AgentDecl, PolicyDecl, SkillDecl } from '../../bytecode/manifest.ts'
import type { CallContext } from '../turn/call-context.ts'
import type { Gate, ToolLeave } from '../turn/gate.ts'
import type { World } from '../world.ts'
import { reserveForAgent } from './budget.ts'
import { assertEnabled } from './kill-switch.ts'
import { judge } from './policy.ts'

/** The gate of an agent's own declarations: kill switch, budget and policy (design 3.2). */
export function agentGate(world: World, agent: AgentDecl, call: Pick<CallContext, 'requestId'>): Gate {
  const policy = policyOf(world, agent)
  return {
    async beforeModel(estimate) {
      await assertEnabled(world, agent.name)
      return await reserveForAgent(world, agent, call, estimate)
    },
    async beforeTool(skill) {
      await assertEnabled(world, agent.name)
      const judgement = judge(policy, skill)
      if (judgement === 'allow') return { kind: 'allow' }
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
      : `Not done: ${confirmReason(skill)}, and none was given. Tell the user so, and do not call the tool again.`
  return { kind: 'refuse', text }
}

const confirmReason = (skill: SkillDecl): string =>
  skill.sensitive
    ? `the sensitive tool ${skill.name} requires a person's approval`
    : `the policy requires a person's approval for the tool ${skill.name}`
