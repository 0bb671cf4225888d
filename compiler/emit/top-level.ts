/** The code outside functions: `main`, which is all of it, and the initialisers, which every loader runs. */
import type { Module } from '../../bytecode/module.ts'
import type { Item, LetStatement, Statement } from '../syntax/ast.ts'
import { isStatement } from '../syntax/statement-kinds.ts'
import type { Context } from './declarations.ts'
import { emitCode } from './emitter.ts'
import { letNames } from './globals.ts'
import { resolveTopLevel } from './resolve.ts'

/**
 * All statements of the top level in order. A function knows one file, so what an imported file runs is a function of
 * its own that main calls; a `return` there ends that file only.
 */
export function emitMain(context: Context, items: readonly Item[]): number {
  const { module } = context
  const statements = items.filter(isStatement)
  const unit = { ...context, names: resolveTopLevel(statements) }
  const runs = runsByFile(statements).map(({ file, statements }) => ({
    file,
    statements,
    function: file === 0 ? null : emitTopLevel(context, '<main>', file, statements),
  }))
  const proto = emitCode(unit, { name: '<main>', file: 0 }, (emitter) => {
    for (const run of runs) {
      if (run.function === null) for (const statement of run.statements) emitter.statement(statement)
      else {
        emitter.code.emit('CLOSURE', run.function)
        emitter.code.emit('CALL', 0)
        emitter.code.emit('POP')
      }
    }
    emitter.code.emit('NIL')
  })
  return module.addFunction(proto)
}

function runsByFile(statements: readonly Statement[]): { file: number; statements: Statement[] }[] {
  const runs: { file: number; statements: Statement[] }[] = []
  for (const statement of statements) {
    const { file } = statement.span
    const last = runs.at(-1)
    if (last?.file === file) last.statements.push(statement)
    else runs.push({ file, statements: [statement] })
  }
  return runs
}

export const emitInitialisers = (context: Context, items: readonly Item[]): Module['initialisers'] =>
  items
    .filter((item): item is LetStatement => item.kind === 'let')
    .map((statement) => {
      const names = letNames(statement.target)
      const title = `<let ${names.join(', ')}>`
      return { names, function: emitTopLevel(context, title, statement.span.file, [statement]) }
    })

function emitTopLevel(
  context: Context,
  name: string,
  file: number,
  statements: readonly Statement[],
): number {
  const unit = { ...context, names: resolveTopLevel(statements) }
  const proto = emitCode(unit, { name, file }, (emitter) => {
    for (const statement of statements) emitter.statement(statement)
    emitter.code.emit('NIL')
  })
  return context.module.addFunction(proto)
}
