/**
 * Everything that can go wrong, as values: a code, data and, where one helps, when to try again. Ports and
 * pipelines throw Faults; nothing but `faultText` turns one into prose, and only the HTTP edge gives it a status.
 */
type Data = Readonly<Record<string, unknown>>

const show = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

/** How to ask for less, by what was too large. */
const TOO_LARGE_HINTS: Readonly<Record<string, string>> = {
  archive: '; ask for a folder of it with path=',
  answer: '; ask for a smaller page with limit=, where the route has pages',
}

/** What helps where the SDK of AWS finds something nowhere. */
const AWS_SETUP: Readonly<Record<string, string>> = {
  region: 'set AWS_REGION, or AWS_PROFILE to a profile with a region',
  credentials:
    'set AWS_PROFILE (`aws sso login` renews a session that has expired), or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
}

/** Code to message. Messages name the value they got and, where there is one, the fix. */
const TEXTS = {
  // what the caller sent
  bad_request: (d: Data) => show(d.problem),
  agent_not_found: (d: Data) => {
    const available = d.available as readonly string[]
    const kind = show(d.kind)
    return `${kind} not found: ${show(d.agent)}. Available: ${available.length > 0 ? available.join(', ') : 'none'}`
  },
  session_key_invalid: (d: Data) => `session key ${JSON.stringify(d.key)} is not usable: ${show(d.problem)}`,
  message_too_large: (d: Data) =>
    `the message has ${show(d.tokens)} tokens; the model's window holds ${show(d.limit)}`,
  idempotency_conflict: () => 'this Idempotency-Key was used before with a different body',
  turn_handed_over: () => 'the turn takes longer and goes on in the background',
  turn_not_found: (d: Data) => `turn not found: ${show(d.turn)}`,
  turn_forgotten: (d: Data) => `turn ${show(d.turn)} is over, and its answer was deleted since`,
  fact_not_found: (d: Data) => `the session has no fact ${show(d.fact)}`,
  run_not_found: (d: Data) => `run not found: ${show(d.run)}`,
  confirmation_not_found: (d: Data) => `no confirmation has the trace id ${JSON.stringify(d.trace_id)}`,
  // what may say no
  agent_disabled: (d: Data) => `agent ${show(d.agent)} is disabled${d.reason ? `: ${show(d.reason)}` : ''}`,
  guard_blocked: (d: Data) => `${show(d.phase)} blocked by guard ${show(d.guard)}`,
  budget_exhausted: (d: Data) =>
    `budget ${show(d.budget)} is exhausted (${show(d.resource)}: ${show(d.used)} of ${show(d.limit)})`,
  lane_full: (d: Data) => `lane ${show(d.lane)} is full`,
  session_reset: (d: Data) =>
    `session ${show(d.key)} was reset while the tool ${show(d.tool)} waited for a person`,
  session_busy: (d: Data) => `session ${show(d.key)} is busy with another message; try again`,
  depth_exceeded: (d: Data) => `agent calls are nested deeper than ${show(d.limit)}`,
  price_unknown: (d: Data) =>
    `no price is known for model ${show(d.model)}, so ${show(d.limit)} cannot be kept; add it to the file NEAM_PRICES names (docs/models.md)`,
  confirmation_pending: (d: Data) =>
    `the tool ${show(d.tool)} waits for a person's approval until ${show(d.expires_at)} (trace id ${show(d.trace_id)}): ${show(d.reason)}`,
  confirmation_decided: (d: Data) =>
    `confirmation ${show(d.trace_id)} was decided before: ${show(d.action)} by ${show(d.by)} at ${show(d.at)}`,
  confirmation_expired: (d: Data) =>
    `confirmation ${show(d.trace_id)} expired at ${show(d.expires_at)}, and so it is denied`,
  path_refused: (d: Data) => `path ${JSON.stringify(d.path)} is refused: ${show(d.problem)}`,
  path_not_found: (d: Data) => `there is no ${JSON.stringify(d.path)} in the workspace of ${show(d.agent)}`,
  export_too_large: (d: Data) =>
    `the ${show(d.format)} has more than ${show(d.limit)} bytes, the most that one answer holds${TOO_LARGE_HINTS[show(d.format)] ?? ''}`,
  memory_unavailable: (d: Data) => `the memory index cannot be used: ${show(d.problem)}`,
  // forge
  already_running: (d: Data) => {
    const agent = show(d.agent)
    const look = `GET /api/v1/forge/${agent}/status shows it, POST /api/v1/forge/${agent}/stop ends it`
    const how =
      d.driver === 'inline'
        ? `it ends with Ctrl-C where it runs, or on a server: ${look}; if its process was killed, neam-forge --resume goes on with it`
        : look
    return `forge agent ${agent} is already running (run ${show(d.run)}): ${how}`
  },
  workspace_not_repository: (d: Data) =>
    `checkpoint "git": ${show(d.workspace)} is not empty and not a git repository; run \`git init\` there first`,
  workspace_inside_repository: (d: Data) =>
    `checkpoint "git": ${show(d.workspace)} lies inside the repository ${show(d.repository)}; run \`git init\` in the workspace itself`,
  checkpoint_failed: (d: Data) => `checkpoint failed: ${show(d.problem)}`,
  checkpoint_lost: (d: Data) => `the workspace's git history changed under the run: ${show(d.problem)}`,
  plan_invalid: (d: Data) => `plan ${show(d.path)} cannot be used: ${show(d.problem)}`,
  nothing_to_resume: (d: Data) => `forge agent ${show(d.agent)} has no run to resume: ${show(d.problem)}`,
  run_busy: (d: Data) => `run ${show(d.run)} is being worked on by another process`,
  run_fenced: (d: Data) => `run ${show(d.run)} was taken over by a newer run`,
  // the model
  provider_not_supported: (d: Data) =>
    `provider ${show(d.provider)} is not supported yet; use openai, anthropic, gemini, bedrock, ollama or --offline`,
  provider_key_missing: (d: Data) =>
    `no API key for provider ${show(d.provider)}: set ${show(d.variable)}, or use --offline`,
  provider_setup_missing: (d: Data) =>
    `no usable AWS ${show(d.missing)} for provider ${show(d.provider)}: ${AWS_SETUP[show(d.missing)]}, or use --offline`,
  provider_auth: (d: Data) =>
    d.problem === undefined
      ? `the model provider refused the API key (${show(d.provider)})`
      : `the model provider denied access (${show(d.provider)}: ${show(d.problem)})`,
  provider_rate_limited: (d: Data) => `the model provider is rate limiting (${show(d.provider)})`,
  provider_unavailable: (d: Data) =>
    `the model provider cannot be reached (${show(d.provider)}: ${show(d.problem)})`,
  provider_refused: (d: Data) =>
    `the model provider refused the request (${show(d.provider)}: ${show(d.problem)})`,
  prompt_too_long: (d: Data) =>
    `the prompt is longer than the model takes (${show(d.provider)}: ${show(d.problem)}); state its context_window, or reset the session`,
  provider_timeout: (d: Data) => `the model did not answer in time (${show(d.provider)})`,
  replay_missing: (d: Data) => {
    const nearest = d.nearest as { number: number; place: string; recorded: string; now: string } | null
    const difference =
      nearest === null
        ? 'nothing is recorded there'
        : `the nearest, number ${nearest.number}, has ${nearest.recorded} as ${nearest.place}, and now it is ${nearest.now}`
    return `no answer is recorded for this request of agent ${show(d.agent)} in ${show(d.path)}: ${difference}; record it with NEAM_LLM_RECORD`
  },
  model_answer_empty: (d: Data) => `the model ${show(d.model)} gave an empty answer`,
  // the tree
  tree_missing: (d: Data) => `no tree at ${show(d.path)}: is the file system mounted?`,
  tree_foreign: (d: Data) =>
    `the tree at ${show(d.path)} belongs to ${show(d.found)}, and NEAM_TREE_OF says ${show(d.expected)}`,
  tree_version: (d: Data) =>
    `the tree at ${show(d.path)} has format ${show(d.found)}; this version reads ${show(d.expected)}: run the release that made it, or a newer one`,
  storage_full: (d: Data) => `no space left at ${show(d.path)}`,
  storage_slow: (d: Data) =>
    `out of time while ${show(d.doing)}: ${show(d.storage_ms)} of ${show(d.of_ms)} ms went to storage, whose slowest call, one ${show(d.operation)} of ${show(d.files)} files, took ${show(d.slowest_ms)} ms; look at the throughput and the load of the file system`,
  storage_unavailable: (d: Data) => `cannot use ${show(d.path)}: ${show(d.problem)}`,
  service_unavailable: (d: Data) => `${show(d.service)} cannot be used: ${show(d.problem)}`,
  secret_invalid: (d: Data) => `secret ${show(d.secret)} is not a JSON object of texts`,
  record_damaged: (d: Data) =>
    `${show(d.path)} is damaged: ${show(d.problem)}; neam-cli doctor says what to do`,
  // running
  commands_unavailable: () => 'commands cannot run here: this function has no sandbox for them',
  commands_not_isolated: () =>
    'commands cannot run here: NEAM_COMMAND_ISOLATION is "require", and neither bwrap nor unshare works; install bubblewrap',
  deadline_exceeded: (d: Data) => `out of time while ${show(d.doing)}`,
  stopped: () => 'stopped on request',
  program_error: (d: Data) => show(d.message),
  internal: () => 'internal error',
} satisfies Record<string, (data: Data) => string>

export type FaultCode = keyof typeof TEXTS

export const FAULT_CODES: readonly FaultCode[] = Object.keys(TEXTS) as FaultCode[]

/** Of a code that was read from disk. */
export const isFaultCode = (code: string): code is FaultCode => Object.hasOwn(TEXTS, code)

export class Fault extends Error {
  readonly code: FaultCode
  readonly data: Data
  /** When the same call may succeed, in milliseconds from now. */
  readonly retryAfterMs: number | null

  constructor(code: FaultCode, data: Data = {}, options: { retryAfterMs?: number; cause?: unknown } = {}) {
    super(code, { cause: options.cause })
    this.name = 'Fault'
    this.code = code
    this.data = data
    this.retryAfterMs = options.retryAfterMs ?? null
  }
}

/** The one place where a fault becomes a sentence. */
export const faultText = (fault: Fault): string => TEXTS[fault.code](fault.data)
