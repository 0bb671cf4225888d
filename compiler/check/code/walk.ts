import type {
  Arm,
  Block,
  Expr,
  Item,
  LetTarget,
  MatchExpr,
  Name,
  Param,
  Pattern,
  Spread,
  Statement,
} from '../../syntax/ast.ts'
import { isStatement } from '../../syntax/statement-kinds.ts'
import type { Declarations } from '../declarations.ts'
import { globalScope, targetNames } from './globals.ts'
import { CONSTANT, Scope, VARIABLE } from './scope.ts'

export interface Place {
  readonly scope: Scope
  /** A loop of the same function is around it. */
  readonly inLoop: boolean
}

type Code = Expr | Statement

/**
 * What a rule wants to see, by kind of expression or statement. Called before the children, with the names visible at
 * that place.
 */
export type Visitor = {
  readonly [Kind in Code['kind']]?: (node: Extract<Code, { readonly kind: Kind }>, place: Place) => void
}

/** Walks all code of a program: statements, functions, methods, impls of skills, handlers, inline verify functions. */
export function walkCode(
  declarations: Declarations,
  natives: ReadonlySet<string>,
  visitors: readonly Visitor[],
): void {
  const walker = new Walker(visitors)
  const top: Place = { scope: globalScope(declarations, natives), inLoop: false }
  for (const item of declarations.items) walker.topItem(item, top)
}

class Walker {
  readonly #visits = new Map<string, ((node: Code, place: Place) => void)[]>()

  constructor(visitors: readonly Visitor[]) {
    for (const visitor of visitors) {
      for (const [kind, visit] of Object.entries(visitor)) {
        const others = this.#visits.get(kind)
        // Called with nodes of its own kind only.
        if (others === undefined) this.#visits.set(kind, [visit as (node: Code, place: Place) => void])
        else others.push(visit as (node: Code, place: Place) => void)
      }
    }
  }

  #visit(node: Code, place: Place): void {
    const visits = this.#visits.get(node.kind)
    if (visits !== undefined) for (const visit of visits) visit(node, place)
  }

  topItem(item: Item, place: Place): void {
    switch (item.kind) {
      case 'fun':
        this.#function(item.params, item.body, place)
        break
      case 'struct':
        for (const { initial } of item.fields) if (initial) this.#expr(initial, place)
        break
      case 'impl':
        for (const { params, body } of item.methods) this.#function(params, body, place)
        break
      case 'trait':
        for (const { params, body } of item.methods) if (body) this.#function(params, body, place)
        break
      case 'skill':
        if (item.impl) this.#body(item.impl.params, item.impl.body, place)
        break
      case 'guard':
        for (const { params, body } of item.handlers) this.#body(params, body, place)
        break
      case 'agent':
        for (const { value } of item.fields) if (value.kind === 'expr') this.#expr(value.expr, place)
        break
      case 'sealed':
      case 'channel':
      case 'guardchain':
      case 'budget':
      case 'policy':
      case 'import':
        break
      case 'let':
        // Its names are global: they are in the scope already.
        this.#visit(item, place)
        this.#expr(item.value, place)
        break
      default:
        this.#statement(item, place)
    }
  }

  #function(params: readonly Param[], body: Block | Expr, place: Place): void {
    for (const { initial } of params) if (initial) this.#expr(initial, place)
    this.#body(
      params.map((param) => param.name),
      body,
      place,
    )
  }

  #body(params: readonly Name[], body: Block | Expr, place: Place): void {
    const inside: Place = { scope: new Scope(place.scope), inLoop: false }
    for (const { text } of params) inside.scope.declare(text, VARIABLE)
    if (body.kind === 'block') this.#items(body.items, inside)
    else this.#expr(body, inside)
  }

  /** The items of a block, whose scope `place` already holds. Functions are known in the whole block. */
  #items(items: readonly Item[], place: Place): void {
    for (const item of items) {
      if (item.kind === 'fun') place.scope.declare(item.name.text, { kind: 'function', decl: item })
    }
    for (const item of items) {
      if (item.kind === 'let') this.#let(item, place)
      else if (isStatement(item)) this.#statement(item, place)
      else this.topItem(item, place)
    }
  }

  #let(item: Statement & { kind: 'let' }, place: Place): void {
    this.#visit(item, place)
    // A function may call itself by the name it is given.
    const recursive = item.target.kind === 'name' && item.value.kind === 'lambda'
    if (recursive) this.#declare(item.target, item.constant, place)
    this.#expr(item.value, place)
    if (!recursive) this.#declare(item.target, item.constant, place)
  }

  #declare(target: LetTarget, constant: boolean, { scope }: Place): void {
    for (const { text } of targetNames(target)) scope.declare(text, constant ? CONSTANT : VARIABLE)
  }

  #statement(statement: Statement, place: Place): void {
    if (statement.kind === 'let') {
      this.#let(statement, place)
      return
    }
    this.#visit(statement, place)
    switch (statement.kind) {
      case 'block':
        this.#items(statement.items, inner(place))
        break
      case 'emit':
      case 'throw':
        this.#expr(statement.value, place)
        break
      case 'return':
        if (statement.value) this.#expr(statement.value, place)
        break
      case 'if':
        this.#expr(statement.test, place)
        this.#statement(statement.then, inner(place))
        if (statement.otherwise) this.#statement(statement.otherwise, inner(place))
        break
      case 'while':
        this.#expr(statement.test, place)
        this.#statement(statement.body, { ...inner(place), inLoop: true })
        break
      case 'for': {
        this.#expr(statement.iterable, place)
        const inside = { ...inner(place), inLoop: true }
        for (const { text } of statement.names) inside.scope.declare(text, VARIABLE)
        this.#items(statement.body.items, inside)
        break
      }
      case 'try': {
        this.#items(statement.body.items, inner(place))
        const inside = inner(place)
        if (statement.error) inside.scope.declare(statement.error.text, VARIABLE)
        this.#items(statement.handler.items, inside)
        break
      }
      case 'expression':
        this.#expr(statement.expr, place)
        break
      case 'break':
      case 'continue':
        break
    }
  }

  #expr(expr: Expr, place: Place): void {
    this.#visit(expr, place)
    switch (expr.kind) {
      case 'nil':
      case 'bool':
      case 'number':
      case 'string':
      case 'name':
        break
      case 'format':
        for (const part of expr.parts) if (typeof part !== 'string') this.#expr(part, place)
        break
      case 'list':
      case 'tuple':
        this.#exprs(expr.items, place)
        break
      case 'map':
        for (const entry of expr.entries) {
          if (entry.kind === 'entry') this.#expr(entry.key, place)
          this.#expr(entry.value, place)
        }
        break
      case 'comprehension':
        this.#comprehension(expr, place)
        break
      case 'lambda':
        this.#function(expr.params, expr.body, place)
        break
      case 'unary':
      case 'try-value':
        this.#expr(expr.operand, place)
        break
      case 'binary':
      case 'logical':
        this.#expr(expr.left, place)
        this.#expr(expr.right, place)
        break
      case 'assign':
        this.#expr(expr.target, place)
        this.#expr(expr.value, place)
        break
      case 'call':
        this.#expr(expr.callee, place)
        this.#exprs(expr.args, place)
        break
      case 'construct':
        this.#expr(expr.callee, place)
        for (const { value } of expr.args) this.#expr(value, place)
        break
      case 'with':
        this.#expr(expr.base, place)
        for (const { value } of expr.args) this.#expr(value, place)
        break
      case 'member':
        this.#expr(expr.base, place)
        break
      case 'index':
        this.#expr(expr.base, place)
        this.#expr(expr.index, place)
        break
      case 'slice':
        this.#expr(expr.base, place)
        for (const part of [expr.start, expr.end, expr.step]) if (part) this.#expr(part, place)
        break
      case 'spawn':
        this.#exprs(expr.args, place)
        break
      case 'match':
        this.#match(expr, place)
        break
    }
  }

  #exprs(exprs: readonly (Expr | Spread)[], place: Place): void {
    for (const expr of exprs) this.#expr(expr.kind === 'spread' ? expr.value : expr, place)
  }

  #comprehension({ item, clause }: Expr & { kind: 'comprehension' }, place: Place): void {
    this.#expr(clause.iterable, place)
    const inside = inner(place)
    for (const { text } of clause.names) inside.scope.declare(text, VARIABLE)
    if (clause.test) this.#expr(clause.test, inside)
    if (item.kind === 'entry') this.#expr(item.key, inside)
    this.#expr(item.kind === 'entry' || item.kind === 'spread' ? item.value : item, inside)
  }

  #match({ subject, arms }: MatchExpr, place: Place): void {
    this.#expr(subject, place)
    for (const arm of arms) this.#arm(arm, place)
  }

  #arm({ pattern, guard, body }: Arm, place: Place): void {
    const inside = inner(place)
    for (const name of bindingsOf(pattern)) inside.scope.declare(name.text, VARIABLE)
    if (guard) this.#expr(guard, inside)
    if (isStatement(body)) this.#statement(body, inside)
    else this.#expr(body, inside)
  }
}

const inner = ({ scope, inLoop }: Place): Place => ({ scope: new Scope(scope), inLoop })

function bindingsOf(pattern: Pattern): readonly Name[] {
  return pattern.kind === 'variant' ? (pattern.bindings ?? []).filter((name) => name !== null) : []
}
