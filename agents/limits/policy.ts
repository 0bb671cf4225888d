import type { AgentDecl, PolicyDecl, SkillDecl } from '../../bytecode/manifest.ts'
import type { World } from '../world.ts'

export type Judgement = 'allow' | 'deny' | 'confirm'

/** The policy that an agent names; null = none. */
export const policyOf = (world: World, agent: Pick<AgentDecl, 'policy'>): PolicyDecl | null =>
  world.program.module.manifest.policies.find(({ name }) => name === agent.policy) ?? null

/** What a policy says about a tool, and whether it would say so without text of strangers in the turn. */
export interface Judged {
  readonly judgement: Judgement
  readonly because: 'rule' | 'taint'
}

const TAINT_DEFAULT: PolicyDecl['tainted'] = 'confirm'

/**
 * What holds for a tool call in a turn. Once text of strangers is in it, a skill with external effects follows
 * `tainted`, if that is stricter than what the lists say (decision 010).
 */
export function judgeCall(policy: PolicyDecl | null, skill: SkillDecl, isTainted: boolean): Judged {
  const judgement = judge(policy, skill)
  const tainted = isTainted && skill.effects === 'external' ? (policy?.tainted ?? TAINT_DEFAULT) : 'allow'
  return STRICTNESS[tainted] > STRICTNESS[judgement]
    ? { judgement: tainted, because: 'taint' }
    : { judgement, because: 'rule' }
}

const STRICTNESS: Readonly<Record<Judgement, number>> = { allow: 0, confirm: 1, deny: 2 }

/**
 * What a policy says about a tool. Lists hold names and globs (`*`, `?`); deny comes before confirm, confirm before
 * allow, and what no list names follows `default_deny`. A `sensitive` skill needs approval unless it is denied.
 */
export function judge(policy: PolicyDecl | null, skill: SkillDecl): Judgement {
  const named = (names: readonly string[]): boolean => names.some((pattern) => matches(pattern, skill.name))
  if (policy !== null && named(policy.deny)) return 'deny'
  if (skill.sensitive || (policy !== null && named(policy.confirm))) return 'confirm'
  if (policy === null || named(policy.allow)) return 'allow'
  return policy.defaultDeny ? 'deny' : 'allow'
}

function matches(pattern: string, name: string): boolean {
  if (!/[*?]/.test(pattern)) return pattern === name
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replace(/\?/g, '.')
  return new RegExp(`^${source}$`, 's').test(name)
}
