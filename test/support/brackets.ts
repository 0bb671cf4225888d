import { SourceFile } from '../../compiler/source/source-file.ts'
import type { Expr, Item, MapEntry, Spread } from '../../compiler/syntax/ast.ts'
import { parse } from '../../compiler/syntax/parse.ts'

/** The items of a text that must parse. */
export function itemsOf(text: string): readonly Item[] {
  const { program, diagnostics } = parse(new SourceFile('program.neam', text), 0)
  if (diagnostics.length > 0) throw new Error(diagnostics.map(({ message }) => message).join('\n'))
  return program.items
}

/** The one expression of `text`. */
export function exprOf(text: string): Expr {
  const [item] = itemsOf(`emit ${text};`)
  if (item?.kind !== 'emit') throw new Error(`no expression: ${text}`)
  return item.value
}

/** An expression with all its grouping made visible: `1 + 2 * 3` is `(+ 1 (* 2 3))`. */
export function bracketed(expr: Expr): string {
  const all = (exprs: readonly Expr[]) => exprs.map(bracketed).join(' ')
  switch (expr.kind) {
    case 'nil':
      return 'nil'
    case 'bool':
    case 'number':
      return String(expr.value)
    case 'string':
      return JSON.stringify(expr.value)
    case 'name':
      return expr.name
    case 'unary':
      return `(${expr.op} ${bracketed(expr.operand)})`
    case 'binary':
    case 'logical':
      return `(${expr.op} ${bracketed(expr.left)} ${bracketed(expr.right)})`
    case 'assign':
      return `(= ${bracketed(expr.target)} ${bracketed(expr.value)})`
    case 'call':
      return `(call ${all([expr.callee, ...expr.args])})`
    case 'construct':
      return `(new ${bracketed(expr.callee)} ${expr.args.map(({ name, value }) => `${name.text}:${bracketed(value)}`).join(' ')})`
    case 'with':
      return `(with ${bracketed(expr.base)} ${expr.args.map(({ name, value }) => `${name.text}:${bracketed(value)}`).join(' ')})`
    case 'member':
      return `(. ${bracketed(expr.base)} ${expr.name.text})`
    case 'index':
      return `(at ${bracketed(expr.base)} ${bracketed(expr.index)})`
    case 'slice':
      return `(slice ${bracketed(expr.base)} ${[expr.start, expr.end, expr.step].map((part) => (part === null ? '_' : bracketed(part))).join(' ')})`
    case 'try-value':
      return `(? ${bracketed(expr.operand)})`
    case 'tuple':
      return `(tuple ${all(expr.items)})`
    case 'list':
      return `[${expr.items.map(entryOf).join(' ')}]`
    case 'map':
      return `{${expr.entries.map(entryOf).join(' ')}}`
    case 'comprehension': {
      const { names, iterable, test } = expr.clause
      const head = `for ${names.map(({ text }) => text).join(',')} ${bracketed(iterable)}`
      return `(${expr.makes} ${entryOf(expr.item)} ${head}${test === null ? '' : ` if ${bracketed(test)}`})`
    }
    case 'format':
      return `(f ${expr.parts.map((part) => (typeof part === 'string' ? JSON.stringify(part) : bracketed(part))).join(' ')})`
    case 'spawn':
      return `(spawn ${expr.agent.text} ${all(expr.args)})`
    case 'lambda':
      return `(fn (${expr.params.map((param) => param.name.text).join(' ')}) ${expr.body.kind === 'block' ? `{${expr.body.items.length}}` : bracketed(expr.body)})`
    case 'match':
      return `(match ${bracketed(expr.subject)} ${expr.arms.length})`
  }
}

function entryOf(item: Expr | MapEntry | Spread): string {
  if (item.kind === 'spread') return `...${bracketed(item.value)}`
  return item.kind === 'entry' ? `${bracketed(item.key)}:${bracketed(item.value)}` : bracketed(item)
}
