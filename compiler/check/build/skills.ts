import type { ParamDecl } from '../../../bytecode/manifest.ts'
import type { GuardNode, SkillNode, SkillParam } from '../../syntax/ast.ts'
import { literalOf } from '../../syntax/literal.ts'
import { BUILTIN_SKILLS, GUARD_EVENTS, PARAM_TYPES } from '../builtins.ts'
import type { CheckedGuard, CheckedSkill } from '../program.ts'
import { GUARD, SKILL } from '../schema/others.ts'
import { FieldReader } from './field-reader.ts'

export function skillOf({ name, fields, params, impl }: SkillNode): CheckedSkill | null {
  if (impl === null) return null
  const read = new FieldReader(fields, SKILL)
  return {
    name: name.text,
    description: read.text('description') ?? '',
    params: params.map(paramOf),
    sensitive: read.flag('sensitive') ?? false,
    idempotent: read.flag('idempotent') ?? false,
    untrusted: read.flag('untrusted') ?? false,
    effects: read.word('effects', ['external']),
    impl: { kind: 'declared', params: impl.params, body: impl.body },
  }
}

function paramOf({ name, type, enum: values, initial, description }: SkillParam): ParamDecl {
  const otherwise = initial === null ? undefined : literalOf(initial)
  return {
    name: name.text,
    type: PARAM_TYPES.get(type.text) ?? null,
    ...(values === null ? {} : { enum: values }),
    ...(description === null ? {} : { description }),
    ...(otherwise === undefined ? {} : { default: otherwise }),
  }
}

/** What may be repeated after a crash: reading, and writing a whole file; appending and running commands may not. */
const REPEATABLE = new Set(['workspace_read', 'workspace_list', 'memory_search', 'workspace_write'])

/** What a person approves first once text of strangers is in a turn: commands, and files that later turns will read. */
const EXTERNAL = new Set(['exec', 'workspace_write', 'workspace_append'])

export function builtinSkillOf(name: string): CheckedSkill | null {
  const builtin = BUILTIN_SKILLS.get(name)
  if (!builtin) return null
  const { native, description, params } = builtin
  return {
    name,
    description,
    params,
    sensitive: false,
    idempotent: REPEATABLE.has(native),
    untrusted: false,
    effects: EXTERNAL.has(native) ? 'external' : null,
    impl: { kind: 'native', native },
  }
}

/** One handler for each phase in which its event occurs. */
export function guardOf({ name, fields, handlers }: GuardNode): CheckedGuard {
  return {
    name: name.text,
    description: new FieldReader(fields, GUARD).text('description') ?? '',
    handlers: handlers.flatMap(({ event, params, body }) =>
      (GUARD_EVENTS.get(event.text) ?? []).map((phase) => ({ phase, event: event.text, params, body })),
    ),
  }
}
