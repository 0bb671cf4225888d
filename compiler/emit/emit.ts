/** CheckedProgram in, Module out. The program is right by now: what is thrown here is a fault of the compiler. */
import type { Module } from '../../bytecode/module.ts'
import type { CheckedProgram } from '../check/program.ts'
import type { Position } from '../source/source-file.ts'
import type { Span } from '../syntax/ast.ts'
import { emitFunctions, emitGuards, emitImpls, emitSkills, emitVerify } from './declarations.ts'
import { declareGlobals } from './globals.ts'
import { manifestOf } from './manifest.ts'
import { ModuleBuilder } from './module-builder.ts'
import { emitInitialisers, emitMain } from './top-level.ts'

export interface EmitOptions {
  /** Names of all natives of the machine. */
  readonly natives: ReadonlySet<string>
  /** Line and column of a span's start, 1-based. */
  readonly locate: (span: Span) => Position
}

export function emit(program: CheckedProgram, { natives, locate }: EmitOptions): Module {
  const module = new ModuleBuilder(natives)
  const context = { module, locate }
  const functions = declareGlobals(program, module)
  emitFunctions(context, functions)
  const impls = emitImpls(context, program.impls)
  const skills = emitSkills(context, program.skills)
  const guards = emitGuards(context, program.guards)
  const verify = emitVerify(context, program.verifyOf)
  const main = emitMain(context, program.items)
  const initialisers = emitInitialisers(context, program.items)
  return {
    manifest: manifestOf(program, { skills, guards, verify }),
    files: program.files,
    constants: module.constants,
    globals: module.globals,
    natives: module.natives,
    types: module.types,
    impls,
    functions: module.functions(),
    main,
    initialisers,
  }
}
