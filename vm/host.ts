/**
 * Everything a running program may ask of the world. `agents` implements it; the VM knows nothing else.
 * Any method may answer now or with a promise: a suspended activation costs no thread.
 */
import type { Value } from './values/value.ts'

export type Awaitable<T> = T | Promise<T>

/** An agent as a value of the language: printed `<claw agent X>`. */
export interface AgentRef {
  readonly kind: 'agent' | 'claw' | 'forge'
  readonly name: string
}

export interface ExecResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
  readonly timedOut: boolean
}

export const DIGEST_ALGORITHMS = ['sha256', 'sha384', 'sha512', 'sha1', 'md5'] as const
export type DigestAlgorithm = (typeof DIGEST_ALGORITHMS)[number]

/** Files of the running agent's workspace; outside an agent, of NEAM_WORKSPACE_DIR (design 9.2). */
export interface WorkspaceHost {
  /** Text, or null when missing or refused. */
  read(path: string): Awaitable<string | null>
  /** False when refused. Parent folders are made. */
  write(path: string, text: string): Awaitable<boolean>
  append(path: string, text: string): Awaitable<boolean>
  /**
   * Sorted entry names, folders with a trailing `/`: at most 10,000, those behind `after` (null = from the first on); null
   * when missing or refused.
   */
  list(path: string, after: string | null): Awaitable<readonly string[] | null>
}

export interface Host {
  /** One line of output. */
  emit(text: string): void
  /** A warning for the person who runs the program, not part of its output. */
  warn(text: string): void
  /** Code is about to call a skill whose result is text of strangers. */
  untrustedSkill(name: string): void
  /** Text without a newline (`print`). */
  print(text: string): void
  /** `agent.ask(text)`, `.run()`, `.history()`, ... Throws a HostError for an unknown method or a refusal. */
  agentMethod(agent: AgentRef, method: string, args: readonly Value[]): Awaitable<Value>
  /** A readable property of an agent; undefined = no such property. */
  agentProperty(agent: AgentRef, name: string): Value | undefined
  /** `spawn name(task)`: one model call (chapter 28.6). */
  spawn(name: string, task: string): Awaitable<string>
  /** `dag_execute(nodes)`. */
  dagExecute(nodes: Value): Awaitable<Value>
  /** `exec(command)` in the workspace; `timeoutMs` null = the default. */
  exec(command: string, timeoutMs: number | null): Awaitable<ExecResult>
  readonly workspace: WorkspaceHost
  /** `topK` null = the agent's own. */
  memorySearch(query: string, topK: number | null): Awaitable<Value>
  sessionHistory(key: string, limit: number | null): Awaitable<Value>
  /** One line of standard input, or null at its end. */
  input(prompt: string): Awaitable<string | null>
  /** Milliseconds since 1970. */
  now(): number
  /** 0 <= x < 1. */
  random(): number
  uuid(): string
  /** Digest of a text's UTF-8 bytes in lower-case hex, an HMAC when there is a key. */
  digest(algorithm: DigestAlgorithm, text: string, key: string | null): string
  /** Whether the process is about to run out of memory; whoever computes then is stopped. */
  isShortOfMemory(): boolean
  /** An environment variable the program may see, or null. */
  env(name: string): string | null
  sleep(ms: number): Awaitable<void>
}

/** `kind` of the HostError by which a host refuses a call while a program is only being loaded. */
export const REFUSED_AT_LOAD = 'refused_at_load'

/**
 * A refusal or failure of the host, thrown by Host methods. The program may catch it; `kind` and `message`
 * become the fields of the caught value.
 */
export class HostError extends Error {
  readonly kind: string
  readonly data: Readonly<Record<string, unknown>>
  constructor(
    kind: string,
    message: string,
    data: Readonly<Record<string, unknown>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options)
    this.name = 'HostError'
    this.kind = kind
    this.data = data
  }
}
