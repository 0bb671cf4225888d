import type { Host } from '../host.ts'
import type { Closure } from '../values/value.ts'
import type { Linked } from './linked.ts'

/** The implementation of a skill that code calls. The host hears of one whose result is text of strangers. */
export function calledSkill({ skills, untrusted }: Linked, host: Host, name: string): Closure {
  if (untrusted.has(name)) host.untrustedSkill(name)
  return skills.get(name)!
}
