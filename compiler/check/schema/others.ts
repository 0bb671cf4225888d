import { BOOL, integer, names, optional, required, type Schema, STRING, word } from './schema.ts'

const ignored = optional({ kind: 'ignored' })

/** Chapter 24.6. */
export const CHANNEL: Schema = {
  type: required(word('cli', 'http'), 'type: "cli"'),
  prompt: optional(STRING),
  greeting: optional(STRING),
  port: optional(integer(1, 65535)),
  path: optional({ kind: 'url-path' }),
  cors: optional(BOOL),
  policy: optional(word('dm', 'group')),
}

export const BUDGET: Schema = {
  api_calls: optional(integer(0), ['max_api_calls']),
  tokens: optional(integer(0), ['max_tokens']),
  cost_usd: optional({ kind: 'dollars' }, ['max_cost']),
  reset: optional(word('hourly', 'daily', 'weekly', 'monthly', 'never')),
  max_wall_time: ignored,
}

export const POLICY: Schema = {
  allow: optional(names('skill')),
  deny: optional(names('skill')),
  confirm: optional(names('skill')),
  default_deny: optional(BOOL),
  tainted: optional(word('confirm', 'deny', 'allow')),
  links: optional({ kind: 'hosts' }),
  prompt_injection: ignored,
  pii_detection: ignored,
  max_input_length: ignored,
  max_output_length: ignored,
  allowed_domains: ignored,
  blocked_domains: ignored,
  when_private: ignored,
  when_group: ignored,
  sandbox: ignored,
  monitor: ignored,
}

export const SKILL: Schema = {
  description: required(STRING, 'description: "what it does"'),
  params: optional({ kind: 'syntax', wanted: 'a block of names and types, e.g. { id: string }' }),
  impl: optional({ kind: 'syntax', wanted: 'a function, e.g. impl(id) { ... }' }),
  sensitive: optional(BOOL),
  idempotent: optional(BOOL),
  untrusted: optional(BOOL),
  effects: optional(word('external')),
  timeout: ignored,
  returns: ignored,
  capabilities: ignored,
  budget_cost: ignored,
}

/** One of a skill's params in the list form. */
export const PARAM: Schema = {
  name: required(STRING, 'name: "id"'),
  schema: required(
    {
      kind: 'block',
      fields: {
        type: optional(STRING),
        enum: optional({ kind: 'texts' }),
        description: optional(STRING),
        default: optional({ kind: 'literal' }),
      },
    },
    'schema: { type: "string" }',
  ),
}

/** Beside the handlers. */
export const GUARD: Schema = {
  description: optional(STRING),
}
