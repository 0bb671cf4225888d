/**
 * Whether a value read from a file is a Manifest. `bytecode` imports nothing, so the few combinators that this takes
 * are here; the rows below repeat manifest.ts field by field and the compiler refuses them when they drift apart.
 */
import type {
  BudgetDecl,
  ChannelDecl,
  ClawDecl,
  ForgeDecl,
  GuardChainDecl,
  GuardDecl,
  Manifest,
  ParamDecl,
  PolicyDecl,
  SkillDecl,
  StatelessDecl,
} from './manifest.ts'
import type { Literal } from './module.ts'

/** The problem of a value at a path, or null when it fits. */
type Shape<T> = { readonly check: (value: unknown, path: string) => string | null; readonly of?: T }

const scalar = <T>(expected: string, fits: (value: unknown) => boolean): Shape<T> => ({
  check: (value, path) => (fits(value) ? null : `${path} is no ${expected}`),
})

const text = scalar<string>('text', (value) => typeof value === 'string')
const flag = scalar<boolean>('boolean', (value) => typeof value === 'boolean')
const number = scalar<number>('number', (value) => typeof value === 'number')
const literal = scalar<Literal>(
  'literal',
  (value) => value === null || ['boolean', 'number', 'string'].includes(typeof value),
)
const index = scalar<number>('index', (value) => Number.isSafeInteger(value) && (value as number) >= 0)
const word = <const W extends readonly string[]>(...words: W): Shape<W[number]> =>
  scalar(words.join('|'), (value) => words.includes(value as string))
const nullable = <T>({ check }: Shape<T>): Shape<T | null> => ({
  check: (value, path) => (value === null ? null : check(value, path)),
})
const optional = <T>({ check }: Shape<T>): Shape<T | undefined> => ({
  check: (value, path) => (value === undefined ? null : check(value, path)),
})
const list = <T>({ check }: Shape<T>): Shape<readonly T[]> => ({
  check: (value, path) =>
    Array.isArray(value)
      ? (value.map((item, at) => check(item, `${path}[${at}]`)).find((problem) => problem !== null) ?? null)
      : `${path} is no list`,
})

type Fields<T> = { readonly [K in keyof T]-?: Shape<T[K]> }

const record = <T>(fields: Fields<T>): Shape<T> => ({
  check(value, path) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return `${path} is no object`
    const extra = Object.keys(value).find((key) => !Object.hasOwn(fields, key))
    if (extra !== undefined) return `${path}.${extra} is unknown`
    for (const key of Object.keys(fields) as (keyof T & string)[]) {
      const held = Object.hasOwn(value, key) ? (value as Partial<T>)[key] : undefined
      const problem = fields[key].check(held, `${path}.${key}`)
      if (problem !== null) return problem
    }
    return null
  },
})

/** One record or another, told apart by `kind`. */
const byKind = <T extends { readonly kind: string }>(
  shapes: {
    readonly [K in T['kind']]: Shape<Extract<T, { readonly kind: K }>>
  },
): Shape<T> => ({
  check(value, path) {
    const kind = (value as { kind?: unknown } | null)?.kind
    if (typeof kind !== 'string' || !Object.hasOwn(shapes, kind)) return `${path}.kind is unknown`
    return shapes[kind as T['kind']].check(value, path)
  },
})

const AGENT_BASE = {
  name: text,
  provider: text,
  model: text,
  system: text,
  temperature: number,
  skills: list(text),
  guards: list(text),
  budget: nullable(text),
  policy: nullable(text),
  apiKeyEnv: nullable(text),
  endpoint: nullable(text),
  contextWindow: nullable(number),
  traits: list(text),
}

const STATELESS = record<StatelessDecl>({ kind: word('agent'), ...AGENT_BASE })

const CLAW = record<ClawDecl>({
  kind: word('claw'),
  ...AGENT_BASE,
  channels: list(text),
  workspace: text,
  session: record<ClawDecl['session']>({
    idleResetMinutes: number,
    dailyResetHour: number,
    timezone: text,
    maxHistoryTurns: number,
    compaction: word('auto', 'manual', 'disabled'),
  }),
  lanes: list(
    record<ClawDecl['lanes'][number]>({
      name: text,
      concurrency: number,
      priority: word('low', 'normal', 'high'),
    }),
  ),
  semanticMemory: nullable(
    record<NonNullable<ClawDecl['semanticMemory']>>({
      backend: text,
      embeddingModel: nullable(text),
      search: word('keyword', 'vector', 'hybrid', 'none'),
      topK: number,
      flushOnCompact: flag,
    }),
  ),
})

const FORGE = record<ForgeDecl>({
  kind: word('forge'),
  ...AGENT_BASE,
  verify: index,
  workspace: text,
  checkpoint: word('git', 'snapshot', 'none'),
  loop: record<ForgeDecl['loop']>({
    maxIterations: number,
    maxCost: number,
    maxTokens: number,
    promptFile: nullable(text),
    planFile: nullable(text),
    progressFile: nullable(text),
    learningsFile: nullable(text),
    stuckAbort: nullable(number),
  }),
})

const MANIFEST = record<Manifest>({
  program: text,
  sourceHash: text,
  agents: list(byKind<StatelessDecl | ClawDecl | ForgeDecl>({ agent: STATELESS, claw: CLAW, forge: FORGE })),
  skills: list(
    record<SkillDecl>({
      name: text,
      description: text,
      params: list(
        record<ParamDecl>({
          name: text,
          type: nullable(word('string', 'number', 'integer', 'boolean', 'array', 'object')),
          enum: optional(list(text)),
          description: optional(text),
          default: optional(literal),
        }),
      ),
      impl: index,
      sensitive: flag,
      idempotent: flag,
      untrusted: flag,
      effects: nullable(word('external')),
    }),
  ),
  guards: list(
    record<GuardDecl>({
      name: text,
      description: text,
      handlers: list(
        record<GuardDecl['handlers'][number]>({
          phase: word('input', 'tool_input', 'tool_output', 'output'),
          event: text,
          function: index,
        }),
      ),
    }),
  ),
  guardchains: list(record<GuardChainDecl>({ name: text, guards: list(text) })),
  channels: list(
    record<ChannelDecl>({
      name: text,
      type: word('cli', 'http'),
      prompt: text,
      greeting: text,
      port: number,
      path: text,
      cors: flag,
      policy: word('dm', 'group'),
    }),
  ),
  budgets: list(
    record<BudgetDecl>({
      name: text,
      apiCalls: nullable(number),
      tokens: nullable(number),
      costUsd: nullable(number),
      reset: word('hourly', 'daily', 'weekly', 'monthly', 'never'),
    }),
  ),
  policies: list(
    record<PolicyDecl>({
      name: text,
      allow: list(text),
      deny: list(text),
      confirm: list(text),
      defaultDeny: flag,
      tainted: word('confirm', 'deny', 'allow'),
      links: nullable(list(text)),
    }),
  ),
  structs: list(text),
})

/** @throws what `refusal` makes of the first problem, e.g. `manifest.agents[0].model is no text`. */
export function manifestOf(value: unknown, refusal: (problem: string) => Error): Manifest {
  const problem = MANIFEST.check(value, 'manifest')
  if (problem !== null) throw refusal(problem)
  return value as Manifest // every field has just been checked
}
