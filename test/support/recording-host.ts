import type { AgentRef, Awaitable, DigestAlgorithm, ExecResult, Host } from '../../vm/host.ts'
import { OutcomeValue, type Value } from '../../vm/values/value.ts'
import { hash } from './fs-tree.ts'

/** What every forge agent's run comes to. */
const OUTCOME = new OutcomeValue(
  'Completed',
  new Map<string, Value>([
    ['iterations', 3],
    ['total_cost', 0.0018],
    ['total_tokens', 1200],
    ['message', 'All tasks verified'],
    ['tasks_completed', 2],
    ['tasks_total', 2],
  ]),
)

/** A Host for tests of the VM: remembers what it is told, answers from what it is given, at once or later. */
export class RecordingHost implements Host {
  /** Lines of `emit`; what `print` wrote since stands in `printed`. */
  readonly lines: string[] = []
  printed = ''
  readonly warnings: string[] = []
  readonly calls: string[] = []
  readonly files = new Map<string, string>()
  readonly variables = new Map<string, string>()
  readonly inputs: string[] = []
  /** Milliseconds; `sleep` moves it on. */
  time = 0
  /** Answers come as promises. */
  later = false

  emit(text: string): void {
    this.lines.push(text)
  }

  warn(text: string): void {
    this.warnings.push(text)
  }

  untrustedSkill(name: string): void {
    this.calls.push(`untrusted ${name}`)
  }

  print(text: string): void {
    this.printed += text
  }

  agentMethod(agent: AgentRef, method: string, args: readonly Value[]): Awaitable<Value> {
    this.calls.push(`${agent.name}.${method}`)
    if (method === 'run') return this.answer(OUTCOME)
    return this.answer(method === 'history' ? [] : `${agent.name} on ${String(args[0] ?? '')}`)
  }

  agentProperty(agent: AgentRef, name: string): Value | undefined {
    return name === 'name' ? agent.name : undefined
  }

  spawn(name: string, task: string): Awaitable<string> {
    this.calls.push(`spawn ${name}`)
    return this.answer(`${name} did ${task}`)
  }

  dagExecute(nodes: Value): Awaitable<Value> {
    this.calls.push('dag')
    return this.answer(nodes)
  }

  exec(command: string): Awaitable<ExecResult> {
    this.calls.push(`exec ${command}`)
    const exitCode = command.startsWith('fail') ? 1 : 0
    return this.answer({ exitCode, stdout: `ran ${command}\n`, stderr: '', timedOut: false })
  }

  readonly workspace = {
    read: (path: string): Awaitable<string | null> => this.answer(this.files.get(path) ?? null),
    write: (path: string, text: string): Awaitable<boolean> => {
      const allowed = !path.includes('..')
      if (allowed) this.files.set(path, text)
      return this.answer(allowed)
    },
    append: (path: string, text: string): Awaitable<boolean> => {
      this.files.set(path, (this.files.get(path) ?? '') + text)
      return this.answer(true)
    },
    list: (path: string): Awaitable<readonly string[] | null> =>
      this.answer(path === '.' ? [...this.files.keys()].sort() : null),
  }

  memorySearch(query: string, topK: number | null): Awaitable<Value> {
    return this.answer([query, topK])
  }

  sessionHistory(key: string, limit: number | null): Awaitable<Value> {
    return this.answer([key, limit])
  }

  input(prompt: string): Awaitable<string | null> {
    this.printed += prompt
    return this.answer(this.inputs.shift() ?? null)
  }

  now(): number {
    return this.time
  }

  /** What the process would say of its memory. */
  shortOfMemory = false

  isShortOfMemory(): boolean {
    return this.shortOfMemory
  }

  random(): number {
    return 0.5
  }

  uuid(): string {
    return '00000000-0000-4000-8000-000000000000'
  }

  digest(algorithm: DigestAlgorithm, text: string, key: string | null): string {
    return hash.digest(algorithm, text, key)
  }

  env(name: string): string | null {
    return this.variables.get(name) ?? null
  }

  sleep(ms: number): Awaitable<void> {
    this.time += ms
    return this.answer(undefined)
  }

  private answer<T>(value: T): Awaitable<T> {
    return this.later ? Promise.resolve(value) : value
  }
}
