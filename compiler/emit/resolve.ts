/**
 * Which variable each name means, and which variables are captured: known before the first instruction of a function is
 * written, because a captured variable lives in a cell from its declaration on.
 *
 * Scopes follow the blocks, and code sees what is declared above it. A function declared in a block is visible in the
 * whole block: it may be called before the variables that it captures are declared, and then finds nil in them.
 */
import type { Block, Expr, FunDecl, Item, LetStatement, Name, Param, Statement } from '../syntax/ast.ts'
import { isStatement } from '../syntax/statement-kinds.ts'
import { Variable } from './variable.ts'

/** What a block needs before its first statement. */
export interface BlockEntry {
  /** Captured by functions of the block: their cells are made at once. */
  readonly early: readonly Variable[]
  readonly functions: readonly FunDecl[]
}

/** A name that none of these maps knows is a global or a native. */
export interface Resolution {
  readonly declared: ReadonlyMap<Name, Variable>
  readonly used: ReadonlyMap<Expr, Variable>
  readonly entries: ReadonlyMap<Block, BlockEntry>
  /** `let f = fn ...` whose function calls itself: its cell is made before the function. */
  readonly recursive: ReadonlySet<LetStatement>
}

const namesOf = (params: readonly Param[]): Name[] => params.map((param) => param.name)

class Scope {
  readonly names = new Map<string, Variable>()
  readonly parent: Scope | null
  readonly owner: number
  /** Of a function declared in a block: the scope of that block. */
  readonly hoistedFrom: Scope | null

  constructor(parent: Scope | null, owner: number, hoistedFrom: Scope | null = null) {
    this.parent = parent
    this.owner = owner
    this.hoistedFrom = hoistedFrom
  }
}

/** The names of a function that stands alone: a top-level function, a method, a skill, a handler. */
export function resolveFunction(params: readonly Name[], body: Block | Expr): Resolution {
  const resolver = new Resolver()
  resolver.function(params, body)
  return resolver
}

/** The names of top-level code: what it declares outside blocks are globals. */
export function resolveTopLevel(items: readonly Item[]): Resolution {
  const resolver = new Resolver()
  for (const item of items) resolver.item(item)
  return resolver
}

class Resolver implements Resolution {
  readonly declared = new Map<Name, Variable>()
  readonly used = new Map<Expr, Variable>()
  readonly entries = new Map<Block, BlockEntry>()
  readonly recursive = new Set<LetStatement>()
  #scope: Scope | null = null
  #owner = 0
  #owners = 0

  #within(scope: Scope, inside: () => void): void {
    const outer = this.#scope
    this.#scope = scope
    inside()
    this.#scope = outer
  }

  #inner(inside: () => void): void {
    this.#within(new Scope(this.#scope, this.#owner), inside)
  }

  /** At the top level, outside all scopes, nothing is declared: it is a global. */
  #declare(name: Name): Variable | null {
    if (this.#scope === null) return null
    let variable = this.#scope.names.get(name.text)
    if (variable === undefined) {
      variable = new Variable(name.text, this.#owner)
      this.#scope.names.set(name.text, variable)
    }
    this.declared.set(name, variable)
    return variable
  }

  #use(expr: Expr, name: string): void {
    let hoistedFrom: Set<Scope> | null = null
    for (let scope = this.#scope; scope !== null; scope = scope.parent) {
      const variable = scope.names.get(name)
      if (variable !== undefined) {
        this.used.set(expr, variable)
        if (variable.owner !== this.#owner) variable.captures++
        if (hoistedFrom?.has(scope)) variable.early = true
        return
      }
      if (scope.hoistedFrom !== null) {
        hoistedFrom ??= new Set()
        hoistedFrom.add(scope.hoistedFrom)
      }
    }
  }

  function(params: readonly Name[], body: Block | Expr, hoistedFrom: Scope | null = null): void {
    const outer = this.#owner
    this.#owner = ++this.#owners
    this.#within(new Scope(this.#scope, this.#owner, hoistedFrom), () => {
      for (const param of params) this.#declare(param)
      if (body.kind === 'block') this.block(body)
      else this.expression(body)
    })
    this.#owner = outer
  }

  block(block: Block): void {
    const scope = new Scope(this.#scope, this.#owner)
    this.#within(scope, () => {
      const functions = block.items.filter((item): item is FunDecl => item.kind === 'fun')
      for (const { name } of functions) this.#declare(name)
      for (const item of block.items) {
        if (item.kind === 'fun') this.function(namesOf(item.params), item.body, scope)
        else this.item(item)
      }
      const early = [...scope.names.values()].filter((variable) => variable.early)
      this.entries.set(block, { early, functions })
    })
  }

  /** Declarations stand alone; functions of a block are that block's business. */
  item(item: Item): void {
    if (isStatement(item)) this.statement(item)
  }

  statement(statement: Statement): void {
    switch (statement.kind) {
      case 'block':
        this.block(statement)
        return
      case 'let':
        this.#let(statement)
        return
      case 'emit':
      case 'throw':
        this.expression(statement.value)
        return
      case 'return':
        this.#optional(statement.value)
        return
      case 'expression':
        this.expression(statement.expr)
        return
      case 'if':
        this.expression(statement.test)
        this.#inner(() => this.statement(statement.then))
        if (statement.otherwise !== null) {
          const { otherwise } = statement
          this.#inner(() => this.statement(otherwise))
        }
        return
      case 'while':
        this.expression(statement.test)
        this.#inner(() => this.statement(statement.body))
        return
      case 'for':
        this.expression(statement.iterable)
        this.#inner(() => {
          for (const name of statement.names) this.#declare(name)
          this.block(statement.body)
        })
        return
      case 'try':
        this.block(statement.body)
        this.#inner(() => {
          if (statement.error !== null) this.#declare(statement.error)
          this.block(statement.handler)
        })
        return
      case 'break':
      case 'continue':
        return
      default:
        statement satisfies never
    }
  }

  #let(statement: LetStatement): void {
    const { target, value } = statement
    if (target.kind === 'name' && value.kind === 'lambda') {
      const variable = this.#declare(target.name)
      const before = variable?.captures ?? 0
      this.expression(value)
      if (variable !== null && variable.captures > before) this.recursive.add(statement)
      return
    }
    this.expression(value)
    if (target.kind === 'name') this.#declare(target.name)
    else for (const name of target.names) this.#declare(name)
    if (target.kind === 'list' && target.rest !== null) this.#declare(target.rest)
  }

  #optional(expr: Expr | null): void {
    if (expr !== null) this.expression(expr)
  }

  expression(expr: Expr): void {
    switch (expr.kind) {
      case 'nil':
      case 'bool':
      case 'number':
      case 'string':
        return
      case 'name':
        this.#use(expr, expr.name)
        return
      case 'format':
        for (const part of expr.parts) if (typeof part !== 'string') this.expression(part)
        return
      case 'list':
        for (const item of expr.items) this.expression(item.kind === 'spread' ? item.value : item)
        return
      case 'tuple':
        for (const item of expr.items) this.expression(item)
        return
      case 'map':
        for (const entry of expr.entries) {
          if (entry.kind === 'entry') this.expression(entry.key)
          this.expression(entry.value)
        }
        return
      case 'comprehension':
        this.#comprehension(expr)
        return
      case 'lambda':
        this.#lambda(expr)
        return
      case 'unary':
      case 'try-value':
        this.expression(expr.operand)
        return
      case 'binary':
      case 'logical':
        this.expression(expr.left)
        this.expression(expr.right)
        return
      case 'assign':
        this.expression(expr.target)
        this.expression(expr.value)
        return
      case 'call':
        this.expression(expr.callee)
        for (const arg of expr.args) this.expression(arg)
        return
      case 'construct':
        this.expression(expr.callee)
        for (const arg of expr.args) this.expression(arg.value)
        return
      case 'with':
        this.expression(expr.base)
        for (const arg of expr.args) this.expression(arg.value)
        return
      case 'member':
        this.expression(expr.base)
        return
      case 'index':
        this.expression(expr.base)
        this.expression(expr.index)
        return
      case 'slice':
        this.expression(expr.base)
        for (const part of [expr.start, expr.end, expr.step]) this.#optional(part)
        return
      case 'spawn':
        for (const arg of expr.args) this.expression(arg)
        return
      case 'match':
        this.expression(expr.subject)
        for (const arm of expr.arms) this.#inner(() => this.#arm(arm))
        return
      default:
        expr satisfies never
    }
  }

  #comprehension({ item, clause }: Expr & { readonly kind: 'comprehension' }): void {
    this.expression(clause.iterable)
    this.#inner(() => {
      for (const name of clause.names) this.#declare(name)
      this.#optional(clause.test)
      if (item.kind === 'entry') this.expression(item.key)
      this.expression(item.kind === 'entry' || item.kind === 'spread' ? item.value : item)
    })
  }

  #lambda(lambda: Expr & { readonly kind: 'lambda' }): void {
    this.function(namesOf(lambda.params), lambda.body)
  }

  #arm({ pattern, guard, body }: (Expr & { readonly kind: 'match' })['arms'][number]): void {
    if (pattern.kind === 'value') this.expression(pattern.value)
    if (pattern.kind === 'variant')
      for (const binding of pattern.bindings ?? []) if (binding !== null) this.#declare(binding)
    this.#optional(guard)
    if (isStatement(body)) this.statement(body)
    else this.expression(body)
  }
}
