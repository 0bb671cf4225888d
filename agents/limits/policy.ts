import type { PolicyDecl, SkillDecl } from '../../bytecode/manifest.ts'

export type Judgement = 'allow' | 'deny' | 'confirm'

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
