import { isLater } from './awaitable.ts'
import { type Awaitable, type Host, HostError, REFUSED_AT_LOAD } from './host.ts'
import { Fiber, type Shared } from './machine/fiber.ts'
import type { Limits } from './machine/limits.ts'
import type { Linked } from './machine/linked.ts'
import { Meter } from './machine/meter.ts'
import { ProgramError } from './machine/program-error.ts'
import { AgentValue, type Closure, type Value } from './values/value.ts'

/**
 * One running copy of a program: its globals, its host, its limits. Whatever it is asked to call throws a ProgramError
 * for an error that the program did not catch; failures of the host that are no HostError come through unchanged.
 * Calls may overlap while they wait for the host: each has a stack of its own, all share the globals.
 */
export class Activation {
  private readonly shared: Shared

  constructor(linked: Linked, host: Host, limits: Limits) {
    this.shared = {
      linked,
      host,
      meter: new Meter(limits, host),
      globals: [...linked.globals],
    }
  }

  /** The whole top level, in order: what `neam FILE` runs. */
  runMain(): Awaitable<void> {
    return ignoreResult(this.callFunction(this.shared.linked.module.main, []))
  }

  /**
   * Only the top-level initialisers, in order. One that asks the host for what it refuses while loading leaves its names
   * nil, with a warning; every other error is thrown.
   */
  load(): Awaitable<void> {
    return this.loadFrom(0)
  }

  call(callee: Value, args: readonly Value[]): Awaitable<Value> {
    return new Fiber(this.shared).call(callee, args)
  }

  /** A function by its index in the manifest: verify callbacks, guard handlers. */
  callFunction(index: number, args: readonly Value[]): Awaitable<Value> {
    return this.call(this.functionAt(index), args)
  }

  /** The implementation of a skill; parameters that `args` does not name are nil. */
  callSkill(name: string, args: ReadonlyMap<string, Value>): Awaitable<Value> {
    const impl = this.shared.linked.skills.get(name)
    if (impl === undefined) {
      throw new ProgramError('skill', `there is no skill ${name}`, null, [])
    }
    return this.call(
      impl,
      impl.proto.params.map((param) => args.get(param) ?? null),
    )
  }

  hasMethod(target: string, method: string): boolean {
    return this.shared.linked.methods.get(target)?.has(method) ?? false
  }

  /** A method that an `impl` table gives an agent; `self` is supplied when it takes one. */
  callMethod(target: string, method: string, args: readonly Value[]): Awaitable<Value> {
    const { linked } = this.shared
    const found = linked.methods.get(target)?.get(method)
    if (found === undefined) throw new ProgramError('method', `${target} has no method ${method}`, null, [])
    return this.call(found.closure, found.takesSelf ? [this.agent(target), ...args] : args)
  }

  /** A global by name; undefined when the program has none of that name. */
  global(name: string): Value | undefined {
    const index = this.shared.linked.globalIndex.get(name)
    return index === undefined ? undefined : this.shared.globals[index]
  }

  private loadFrom(first: number): Awaitable<void> {
    const { initialisers } = this.shared.linked.module
    for (let i = first; i < initialisers.length; i += 1) {
      const done = this.initialise(initialisers[i]!)
      if (isLater(done)) return done.then(() => this.loadFrom(i + 1))
    }
  }

  private initialise({
    names,
    function: index,
  }: {
    names: readonly string[]
    function: number
  }): Awaitable<void> {
    const refused = (error: unknown): void => {
      if (!isRefusal(error)) throw error
      for (const name of names) this.shared.globals[this.shared.linked.globalIndex.get(name)!] = null
      this.shared.host.warn(`${names.join(', ')} stays nil: ${error.message}`)
    }
    try {
      const done = this.callFunction(index, [])
      return isLater(done) ? done.then(() => undefined, refused) : undefined
    } catch (error) {
      return refused(error)
    }
  }

  private functionAt(index: number): Closure {
    const closure = this.shared.linked.functions[index]
    if (closure === undefined || closure.proto.captures.length > 0) {
      throw new RangeError(`there is no function ${index} to call`)
    }
    return closure
  }

  private agent(name: string): Value {
    const agent = this.shared.linked.module.manifest.agents.find((candidate) => candidate.name === name)
    return agent === undefined ? null : new AgentValue(agent.kind, name)
  }
}

const isRefusal = (error: unknown): error is ProgramError =>
  error instanceof ProgramError && error.cause instanceof HostError && error.cause.kind === REFUSED_AT_LOAD

const ignoreResult = (result: Awaitable<Value>): Awaitable<void> =>
  isLater(result) ? result.then(() => undefined) : undefined
