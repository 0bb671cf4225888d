import type {
  ClawDecl,
  ForgeDecl,
  LaneDecl,
  LoopDecl,
  SemanticMemoryDecl,
  SessionDecl,
  StatelessDecl,
} from '../../../bytecode/manifest.ts'
import type { AgentNode, Expr } from '../../syntax/ast.ts'
import { AGENT_SCHEMA } from '../structure/field-lists.ts'
import { FieldReader } from './field-reader.ts'

export type AgentOut = StatelessDecl | ClawDecl | Omit<ForgeDecl, 'verify'>

/** Defaults of chapters 24.2, 24.4, 24.7, 25.2 and 25.6. `traits`: those implemented for the agent. */
export function agentOf({ agent, name, fields }: AgentNode, traits: readonly string[]): AgentOut {
  const read = new FieldReader(fields, AGENT_SCHEMA[agent])
  const base = {
    name: name.text,
    provider: read.text('provider') ?? '',
    model: read.text('model') ?? '',
    system: read.text('system') ?? '',
    temperature: read.number('temperature') ?? 0.7,
    skills: read.names('skills'),
    guards: read.names('guards'),
    budget: read.name('budget')?.text ?? null,
    policy: read.name('policy')?.text ?? null,
    apiKeyEnv: read.text('api_key_env'),
    endpoint: read.text('endpoint'),
    contextWindow: read.number('context_window'),
    traits,
  }
  switch (agent) {
    case 'agent':
      return { kind: 'agent', ...base }
    case 'claw':
      return {
        kind: 'claw',
        ...base,
        channels: read.names('channels'),
        workspace: read.text('workspace') ?? './.neam/workspace',
        session: sessionOf(read.block('session')),
        lanes: lanesOf(read),
        semanticMemory: read.has('semantic_memory') ? semanticMemoryOf(read.block('semantic_memory')) : null,
      }
    case 'forge':
      return {
        kind: 'forge',
        ...base,
        workspace: read.text('workspace') ?? '.',
        checkpoint: read.word('checkpoint', ['git', 'snapshot', 'none']) ?? 'none',
        loop: loopOf(read.block('loop')),
      }
  }
}

/** A forge agent's verify callback as it was written. */
export function verifyOf({ fields }: AgentNode): (Expr & { kind: 'name' | 'lambda' }) | null {
  const value = fields.find((field) => field.name.text === 'verify')?.value
  if (value?.kind === 'name') return { kind: 'name', name: value.name.text, span: value.span }
  return value?.kind === 'expr' && value.expr.kind === 'lambda' ? value.expr : null
}

function sessionOf(read: FieldReader): SessionDecl {
  return {
    idleResetMinutes: read.number('idle_reset_minutes') ?? 60,
    dailyResetHour: read.number('daily_reset_hour') ?? 4,
    timezone: read.text('timezone') ?? 'UTC',
    maxHistoryTurns: read.number('max_history_turns') ?? 100,
    compaction: read.word('compaction', ['auto', 'manual', 'disabled']) ?? 'auto',
  }
}

/** There is always a lane `default`, for messages that name none. */
function lanesOf(read: FieldReader): LaneDecl[] {
  const lanes = read.blocks('lanes').map(({ name, block }) => laneOf(name, block))
  return lanes.some((lane) => lane.name === 'default') ? lanes : [laneOf('default', NO_FIELDS), ...lanes]
}

const NO_FIELDS = new FieldReader([], {})

const laneOf = (name: string, read: FieldReader): LaneDecl => ({
  name,
  concurrency: read.number('concurrency') ?? 4,
  priority: read.word('priority', ['low', 'normal', 'high']) ?? 'normal',
})

function semanticMemoryOf(read: FieldReader): SemanticMemoryDecl {
  return {
    backend: read.text('backend') ?? 'sqlite',
    embeddingModel: read.text('embedding_model'),
    search: read.word('search', ['keyword', 'vector', 'hybrid', 'none']) ?? 'hybrid',
    topK: read.number('top_k') ?? 5,
    flushOnCompact: read.flag('flush_on_compact') ?? true,
  }
}

function loopOf(read: FieldReader): LoopDecl {
  return {
    maxIterations: read.number('max_iterations') ?? 25,
    maxCost: read.number('max_cost') ?? 10,
    maxTokens: read.number('max_tokens') ?? 500_000,
    promptFile: read.text('prompt_file'),
    planFile: read.text('plan_file'),
    progressFile: read.text('progress_file'),
    learningsFile: read.text('learnings_file'),
    stuckAbort: read.number('stuck_abort'),
  }
}
