import {
  channelsOnForge,
  checkpointOnClaw,
  handoffs,
  lanesOnForge,
  loopOnClaw,
  sessionOnForge,
  verifyOnClaw,
} from '../../diagnostics/structure.ts'
import {
  type Accepts,
  BOOL,
  integer,
  name,
  names,
  number,
  optional,
  required,
  type Schema,
  STRING,
  word,
} from './schema.ts'

const ignored = optional({ kind: 'ignored' })
const elsewhere = (...owners: readonly string[]) => optional({ kind: 'elsewhere', owners })

/** Chapters 24.2 and 25.2: what every kind of agent has. */
const COMMON: Schema = {
  provider: required(STRING, 'provider: "openai"'),
  model: required(STRING, 'model: "gpt-4o-mini"'),
  system: optional(STRING),
  temperature: optional(number(0, 2)),
  skills: optional(names('skill')),
  guards: optional(names('guard chain'), ['guardchains']),
  budget: optional(name('budget')),
  policy: optional(name('policy')),
  api_key_env: optional(STRING),
  endpoint: optional(STRING),
  context_window: optional(integer(1024)),
  mode: optional({
    kind: 'deprecated',
    help: 'the kind of agent is said by `agent`, `claw agent` or `forge agent`',
  }),
  handoffs: optional({ kind: 'forbidden', report: handoffs }),
  env: ignored,
  memory: ignored,
  knowledge: ignored,
  connected_knowledge: ignored,
  output_type: ignored,
  mcp_servers: ignored,
  capabilities: ignored,
}

export const AGENT: Schema = {
  ...COMMON,
  workspace: elsewhere('claw agent', 'forge agent'),
  channels: elsewhere('claw agent'),
  session: elsewhere('claw agent'),
  lanes: elsewhere('claw agent'),
  semantic_memory: elsewhere('claw agent'),
  verify: elsewhere('forge agent'),
  checkpoint: elsewhere('forge agent'),
  loop: elsewhere('forge agent'),
}

/** Chapter 24.4. */
const SESSION: Schema = {
  idle_reset_minutes: optional(number(0)),
  daily_reset_hour: optional(integer(0, 23)),
  timezone: optional({ kind: 'timezone' }),
  max_history_turns: optional(integer(1)),
  compaction: optional(word('auto', 'manual', 'disabled')),
}

/** Chapter 24.7. */
const LANE: Schema = {
  concurrency: optional(integer(1)),
  priority: optional(word('low', 'normal', 'high')),
}

const SEMANTIC_MEMORY: Schema = {
  backend: optional(word('sqlite')),
  search: optional(word('keyword', 'vector', 'hybrid', 'none')),
  embedding_model: optional(STRING),
  top_k: optional(integer(1, 100)),
  flush_on_compact: optional(BOOL),
}

export const CLAW: Schema = {
  ...COMMON,
  channels: required({ kind: 'names', noun: 'channel', nonEmpty: true }, 'channels: [cli]'),
  workspace: optional(STRING),
  session: optional({ kind: 'block', fields: SESSION }),
  lanes: optional({ kind: 'blocks', noun: 'lane', fields: LANE }),
  semantic_memory: optional({ kind: 'block', fields: SEMANTIC_MEMORY }),
  verify: optional({ kind: 'forbidden', report: verifyOnClaw }),
  checkpoint: optional({ kind: 'forbidden', report: checkpointOnClaw }),
  loop: optional({ kind: 'forbidden', report: loopOnClaw }),
}

/** Chapter 25.6; `stuck_abort` is ours (design 9.8). */
const LOOP: Schema = {
  max_iterations: optional(integer(1)),
  max_cost: optional(number(0)),
  max_tokens: optional(integer(1)),
  prompt_file: optional(STRING),
  plan_file: optional(STRING),
  progress_file: optional(STRING),
  learnings_file: optional(STRING),
  stuck_abort: optional(integer(1)),
}

const VERIFY: Accepts = { kind: 'function' }

export const FORGE: Schema = {
  ...COMMON,
  verify: required(VERIFY, 'verify: check_result'),
  workspace: optional(STRING),
  checkpoint: optional(word('git', 'snapshot', 'none')),
  loop: optional({ kind: 'block', fields: LOOP }),
  session: optional({ kind: 'forbidden', report: sessionOnForge }),
  channels: optional({ kind: 'forbidden', report: channelsOnForge }),
  lanes: optional({ kind: 'forbidden', report: lanesOnForge }),
  semantic_memory: elsewhere('claw agent'),
}
