/**
 * Whether a module may run at all. What passes here cannot leave the machine's rails, whatever it was made by: every
 * index points at something, every jump lands on an instruction, every instruction finds the stack it needs.
 */
import type { Module } from '../../bytecode/module.ts'
import { ModuleError } from '../../bytecode/module-error.ts'
import { verifyFunction } from './verify-function.ts'

/** Throws a ModuleError that says where and why. `natives` are the names this machine knows. */
export function verify(module: Module, natives: ReadonlySet<string>): void {
  verifyNatives(module, natives)
  verifyEntries(module)
  verifyGlobals(module)
  verifyManifest(module)
  for (const proto of module.functions) verifyFunction(module, proto)
}

function verifyNatives(module: Module, natives: ReadonlySet<string>): void {
  for (const name of module.natives) {
    if (!natives.has(name)) {
      throw new ModuleError(
        'unknown_native',
        `the program needs the native ${name}, which this version lacks`,
        { name },
      )
    }
  }
}

/** Functions that are called from outside: `main`, the initialisers, methods. */
function verifyEntries(module: Module): void {
  verifyEntry(module, module.main, 'main', 0)
  for (const { names, function: index } of module.initialisers) {
    const what = `the initialiser of ${names.join(', ')}`
    verifyEntry(module, index, what, 0)
    for (const name of names) {
      if (!module.globals.some((global) => global.name === name)) {
        throw new ModuleError('bad_entry', `${what} sets no global of that name`, { name })
      }
    }
  }
  for (const { target, methods } of module.impls) {
    for (const [name, index] of Object.entries(methods)) verifyEntry(module, index, `${target}.${name}`, null)
  }
}

function verifyGlobals(module: Module): void {
  const { agents, skills } = module.manifest
  for (const global of module.globals) {
    const what = `global ${global.name}`
    if (global.is === 'function') verifyEntry(module, global.function, what, null)
    const found =
      (global.is !== 'type' || module.types[global.type] !== undefined) &&
      (global.is !== 'agent' || agents.some(({ name }) => name === global.name)) &&
      (global.is !== 'skill' || skills.some(({ name }) => name === global.name))
    if (!found) throw new ModuleError('bad_global', `${what} names no ${global.is}`, { name: global.name })
  }
}

function verifyManifest(module: Module): void {
  const { manifest } = module
  for (const { name, impl } of manifest.skills) verifyEntry(module, impl, `skill ${name}`, null)
  for (const { name, handlers } of manifest.guards) {
    for (const handler of handlers) verifyEntry(module, handler.function, `guard ${name} ${handler.event}`, 1)
  }
  for (const agent of manifest.agents) {
    if (agent.kind === 'forge') verifyEntry(module, agent.verify, `verify of ${agent.name}`, 1)
  }
}

/** A function that is called without a closure: it must exist, capture nothing, and take so many parameters. */
function verifyEntry(module: Module, index: number, what: string, params: number | null): void {
  const proto = module.functions[index]
  if (proto === undefined)
    throw new ModuleError('bad_entry', `${what}: there is no function ${index}`, { index })
  if (proto.captures.length > 0) {
    throw new ModuleError('bad_entry', `${what}: function ${proto.name} captures variables`, { index })
  }
  const required = proto.params.length - (proto.defaults?.length ?? 0)
  if (params !== null && (params < required || params > proto.params.length)) {
    throw new ModuleError(
      'bad_entry',
      `${what}: function ${proto.name} takes ${proto.params.length} parameters, ${params} expected`,
      { index },
    )
  }
}
