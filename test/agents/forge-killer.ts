import type { World } from '../../agents/world.ts'

/**
 * Calls without an effect: dying before one of them is dying after the effect before it. Renewing a claim is none of the
 * run's effects, and it comes by the time, not by what was done: counted, it would move the effects after it by one.
 */
const UNCOUNTED = new Set<PropertyKey>([
  ...['holds', 'stopRequest', 'outcome', 'config', 'head', 'iteration', 'iterations', 'list'],
  ...['used', 'state', 'for', 'open', 'read', 'hasChanged', 'renew'],
])

/** Answers at once, out of memory: calls that are no promise and cannot be died in. */
const AT_ONCE = new Set<PropertyKey>(['lastSeen', 'resetsAt'])

/**
 * Counts the effects of ports and kills the process right before one of them, which is right after the one before. From
 * then on nothing that the process tries has an effect or comes back.
 */
export class Killer {
  calls = 0
  killed = false
  /** Resolves at the kill. */
  readonly death: Promise<void>
  readonly #at: number | null
  #die = () => {}

  constructor(at: number | null = null) {
    this.#at = at
    this.death = new Promise((resolve) => {
      this.#die = resolve
    })
  }

  async call<T>(effect: () => Promise<T>, isUncounted = false): Promise<T> {
    if (this.killed) return await forever()
    if (isUncounted) return await effect()
    this.calls += 1
    if (this.calls !== this.#at) return await effect()
    this.kill()
    return await forever()
  }

  kill(): void {
    this.killed = true
    this.#die()
  }

  /** The same port, every method of which may be the last. */
  port<T extends object>(port: T): T {
    return new Proxy(port, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name)
        if (typeof member !== 'function') return member
        if (AT_ONCE.has(name)) return member.bind(target)
        return (...args: readonly unknown[]) =>
          this.call(async () => this.#wrapped(await Reflect.apply(member, target, args)), UNCOUNTED.has(name))
      },
    })
  }

  /** Claims, reservations and open workspaces are ports as well. */
  #wrapped<T>(answer: T): T {
    const isPort =
      typeof answer === 'object' &&
      answer !== null &&
      [...Object.values(answer), Reflect.get(answer, 'read')].some((member) => typeof member === 'function')
    return isPort ? this.port(answer) : answer
  }

  world({
    runs,
    outbox,
    notices,
    budgets,
    killSwitch,
    commands,
    models,
    workspaces,
    checkpoints,
  }: World): Partial<World> {
    return {
      runs: this.port(runs),
      outbox: this.port(outbox),
      notices: notices.map((target) => this.port(target)),
      budgets: this.port(budgets),
      killSwitch: this.port(killSwitch),
      commands: this.port(commands),
      models: this.port(models),
      workspaces: { ...workspaces, open: this.port(workspaces).open },
      checkpoints: {
        ...checkpoints,
        open: (...args) => this.port(checkpoints.open(...args)),
      },
    }
  }
}

const forever = (): Promise<never> => new Promise(() => {})
