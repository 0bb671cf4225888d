/** A verified module with everything looked up that can be before it runs. Immutable, so activations share it. */
import type { FunctionProto, GlobalDecl, ImplTable, Module, TypeDecl } from '../../bytecode/module.ts'
import { translateResume, translateRun } from '../javascript/translate.ts'
import type { Native } from '../natives/native.ts'
import { NATIVES } from '../natives/table.ts'
import {
  AgentValue,
  Closure,
  NativeValue,
  SealedTypeValue,
  SkillValue,
  StructTypeValue,
  type Value,
} from '../values/value.ts'
import { Code, type Translator } from './code.ts'

export interface ImplMethod {
  readonly closure: Closure
  /** Its first parameter is `self`. */
  readonly takesSelf: boolean
}

export interface Linked {
  readonly module: Module
  /** Every function, with its code. Those that capture nothing are values as they stand here. */
  readonly functions: readonly Closure[]
  /** By index into `module.natives`. */
  readonly natives: readonly Native[]
  /** What each native stands for as a value. */
  readonly nativeValues: readonly Value[]
  /** What each global holds before any code runs. */
  readonly globals: readonly Value[]
  readonly globalIndex: ReadonlyMap<string, number>
  /** By type or agent name, then method name. */
  readonly methods: ReadonlyMap<string, ReadonlyMap<string, ImplMethod>>
  /** Implementation of each skill. */
  readonly skills: ReadonlyMap<string, Closure>
  /** Those whose results are text of strangers. */
  readonly untrusted: ReadonlySet<string>
}

/**
 * The module must have passed `verify`. A function is translated to JavaScript after `hotAfter` calls and turns of loops:
 * 0 = at once, Infinity = never.
 */
export function link(module: Module, hotAfter: number): Linked {
  const translator: Translator = {
    run: (code) => translateRun(code, linked),
    resume: (code) => translateResume(code, linked),
  }
  const functions = module.functions.map((proto) => new Closure(new Code(proto, translator, hotAfter), []))
  const natives = module.natives.map((name) => NATIVES.get(name)!)
  const linked: Linked = {
    module,
    functions,
    natives,
    nativeValues: natives.map(nativeValue),
    globals: initialGlobals(module, functions),
    globalIndex: new Map(module.globals.map((global, index) => [global.name, index])),
    methods: implMethods(module.impls, functions),
    skills: new Map(module.manifest.skills.map((skill) => [skill.name, functions[skill.impl]!])),
    untrusted: new Set(module.manifest.skills.filter((skill) => skill.untrusted).map(({ name }) => name)),
  }
  return linked
}

function initialGlobals(module: Module, functions: readonly Closure[]): Value[] {
  const agents = new Map(module.manifest.agents.map(({ name, kind }) => [name, new AgentValue(kind, name)]))
  const initial = (global: GlobalDecl): Value => {
    if (global.is === 'function') return functions[global.function]!
    if (global.is === 'type') return typeValue(module.types[global.type]!)
    if (global.is === 'skill') return new SkillValue(global.name)
    return global.is === 'agent' ? agents.get(global.name)! : null
  }
  return module.globals.map(initial)
}

const typeValue = (type: TypeDecl): Value =>
  type.kind === 'struct' ? new StructTypeValue(type) : new SealedTypeValue(type)

/** Several tables may stand for one target; the later method of a name wins. */
function implMethods(
  impls: readonly ImplTable[],
  functions: readonly Closure[],
): ReadonlyMap<string, ReadonlyMap<string, ImplMethod>> {
  const tables = new Map<string, Map<string, ImplMethod>>()
  for (const { target, methods } of impls) {
    const table = tables.get(target) ?? new Map<string, ImplMethod>()
    tables.set(target, table)
    for (const [name, index] of Object.entries(methods)) {
      const closure = functions[index]!
      table.set(name, { closure, takesSelf: takesSelf(closure.proto) })
    }
  }
  return tables
}

const takesSelf = (proto: FunctionProto): boolean => proto.params[0] === 'self'

/** What a native's name stands for as a value. */
const nativeValue = (native: Native): Value =>
  native.mode === 'constant' ? native.value : new NativeValue(native.name)
