/**
 * The VM's public face. A Program is a verified Module, shared by a process; an Activation is one running copy
 * of its globals, and belongs to one request, one iteration or one `neam FILE`.
 */
import type { Module } from '../bytecode/module.ts'
import { Activation } from './activation.ts'
import type { Host } from './host.ts'
import { DEFAULT_LIMITS, type Limits } from './machine/limits.ts'
import { type Linked, link } from './machine/linked.ts'
import { verify } from './machine/verify.ts'
import { NATIVES } from './natives/table.ts'

export { Activation } from './activation.ts'
export { DEFAULT_LIMITS, type Limits } from './machine/limits.ts'
export { ProgramError } from './machine/program-error.ts'

const NATIVE_SET: ReadonlySet<string> = new Set(NATIVES.keys())

/** Fewer calls and turns cost less to interpret than to translate. */
const HOT_AFTER = 1000

export class Program {
  private readonly linked: Linked

  private constructor(linked: Linked) {
    this.linked = linked
  }

  /**
   * Throws a ModuleError for a module that could leave the machine's rails. `hotAfter`: calls and turns of loops after
   * which a function is translated to JavaScript; 0 = at once, Infinity = never. Results are the same.
   */
  static link(module: Module, hotAfter = HOT_AFTER): Program {
    verify(module, NATIVE_SET)
    return new Program(link(module, hotAfter))
  }

  get module(): Module {
    return this.linked.module
  }

  /** A fresh copy of the globals. Limits that are not given are DEFAULT_LIMITS. */
  activate(host: Host, limits: Partial<Limits> = {}): Activation {
    return new Activation(this.linked, host, { ...DEFAULT_LIMITS, ...limits })
  }
}
