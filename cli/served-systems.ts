import type { RunRef } from '../agents/ports/runs.ts'
import type { Module } from '../bytecode/module.ts'
import type { System } from '../runtime/system.ts'

/** Programs that are kept for forge runs which began with them. A run of an older one ends: its program was changed. */
const KEPT_PROGRAMS = 16

/** The system that serves, and those that served before it: a forge run ends with the program it began with. */
export class ServedSystems {
  #current: System
  /** By the hash of their program's source, oldest first; the current one is the last. */
  readonly #kept = new Map<string, System>()

  constructor(first: System) {
    this.#current = first
    this.#keep(first)
  }

  get current(): System {
    return this.#current
  }

  /** From now on another program is served. @throws ModuleError */
  load(module: Module): void {
    this.#current = this.#current.withProgram(module)
    this.#keep(this.#current)
  }

  async ofRun(run: RunRef): Promise<System> {
    if (this.#kept.size === 1) return this.#current
    const config = await this.#current.world.runs.config(run)
    return (config === null ? undefined : this.#kept.get(config.programHash)) ?? this.#current
  }

  #keep(system: System): void {
    const { sourceHash } = system.manifest
    this.#kept.delete(sourceHash)
    this.#kept.set(sourceHash, system)
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > KEPT_PROGRAMS && oldest !== undefined) this.#kept.delete(oldest)
  }
}
