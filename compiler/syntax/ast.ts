/**
 * The syntax tree. Nodes carry offsets into their file, nothing derived: lines and columns are the business of
 * `source/`. Names carry their own span, so that a diagnostic can point at the word.
 */

/** Half-open range of UTF-16 offsets in one source file. */
export interface Span {
  readonly file: number
  readonly start: number
  readonly end: number
}

export interface Name {
  readonly text: string
  readonly span: Span
}

export interface ProgramNode {
  readonly items: readonly Item[]
  /** Blocks of code at any depth, in no promised order. */
  readonly blocks: readonly Block[]
  /** Functions, methods and lambdas at any depth, in no promised order. */
  readonly callables: readonly (FunDecl | Lambda)[]
}

export type Item = Declaration | Statement

export type Declaration =
  | FunDecl
  | StructDecl
  | SealedDecl
  | TraitDecl
  | ImplDecl
  | AgentNode
  | ChannelNode
  | SkillNode
  | GuardNode
  | GuardChainNode
  | BudgetNode
  | PolicyNode
  | ImportDecl

export interface FunDecl {
  readonly kind: 'fun'
  readonly name: Name
  readonly params: readonly Param[]
  readonly body: Block
  readonly span: Span
}

export interface Param {
  readonly name: Name
  /** EXPECTED-: a constant default. */
  readonly initial: Expr | null
}

export interface StructDecl {
  readonly kind: 'struct'
  readonly name: Name
  readonly mutable: boolean
  readonly fields: readonly { readonly name: Name; readonly initial: Expr | null }[]
  readonly span: Span
}

export interface SealedDecl {
  readonly kind: 'sealed'
  readonly name: Name
  readonly variants: readonly { readonly name: Name; readonly fields: readonly Name[] }[]
  readonly span: Span
}

export interface TraitDecl {
  readonly kind: 'trait'
  readonly name: Name
  readonly supers: readonly Name[]
  /** `body` null = required. */
  readonly methods: readonly {
    readonly name: Name
    readonly params: readonly Param[]
    readonly body: Block | null
    readonly span: Span
  }[]
  readonly span: Span
}

export interface ImplDecl {
  readonly kind: 'impl'
  /** null: `impl T { ... }` or `extend T { ... }`. */
  readonly trait: Name | null
  readonly target: Name
  readonly methods: readonly FunDecl[]
  readonly span: Span
}

/** `agent`, `claw agent`, `forge agent`: a generic list of fields; what may stand in it is the checks' business. */
export interface AgentNode {
  readonly kind: 'agent'
  readonly agent: 'agent' | 'claw' | 'forge'
  readonly name: Name
  readonly fields: readonly Field[]
  readonly span: Span
}

export interface Field {
  readonly name: Name
  readonly value: FieldValue
  readonly span: Span
}

export type FieldValue =
  | { readonly kind: 'literal'; readonly value: null | boolean | number | string; readonly span: Span }
  /** In budgets: `$2.5`, `30min`. */
  | {
      readonly kind: 'amount'
      readonly value: number
      readonly unit: '$' | 'ms' | 's' | 'min' | 'h'
      readonly span: Span
    }
  /** A lone identifier: `verify: check_tests`, `checkpoint: git`. */
  | { readonly kind: 'name'; readonly name: Name; readonly span: Span }
  /** `[a, b]` of identifiers or string literals. */
  | {
      readonly kind: 'names'
      readonly items: readonly (Name & { readonly quoted: boolean })[]
      readonly span: Span
    }
  | { readonly kind: 'block'; readonly fields: readonly Field[]; readonly span: Span }
  /** Anything else, e.g. an inline verify function. */
  | { readonly kind: 'expr'; readonly expr: Expr; readonly span: Span }

export interface ChannelNode {
  readonly kind: 'channel'
  readonly name: Name
  readonly fields: readonly Field[]
  readonly span: Span
}

export interface BudgetNode {
  readonly kind: 'budget'
  readonly name: Name
  readonly fields: readonly Field[]
  readonly span: Span
}

export interface PolicyNode {
  readonly kind: 'policy'
  readonly name: Name
  readonly fields: readonly Field[]
  readonly span: Span
}

export interface SkillNode {
  readonly kind: 'skill'
  readonly name: Name
  /** `description`, `sensitive`, `idempotent` and whatever else was written. */
  readonly fields: readonly Field[]
  readonly params: readonly SkillParam[]
  readonly impl: { readonly params: readonly Name[]; readonly body: Block; readonly span: Span } | null
  /** Where a second `params` or `impl` stands; the first one counts. */
  readonly repeated: readonly Name[]
  readonly span: Span
}

export interface SkillParam {
  readonly name: Name
  /** `string`, `int`, `float`, `number`, `bool`, `list`, `map`, `any`. */
  readonly type: Name
  readonly enum: readonly string[] | null
  /** What a call that leaves it out gets; null = it must be given. */
  readonly initial: Expr | null
  readonly description: string | null
  /** What it was written as in the list form: `{ name: "id", schema: { type: "string" } }`. */
  readonly fields: readonly Field[] | null
  readonly span: Span
}

export interface GuardNode {
  readonly kind: 'guard'
  readonly name: Name
  readonly fields: readonly Field[]
  readonly handlers: readonly {
    readonly event: Name
    readonly params: readonly Name[]
    readonly body: Block
    readonly span: Span
  }[]
  readonly span: Span
}

export interface GuardChainNode {
  readonly kind: 'guardchain'
  readonly name: Name
  readonly guards: readonly Name[]
  readonly span: Span
}

export interface ImportDecl {
  readonly kind: 'import'
  /** As written between the quotes, e.g. `./skills.neam`. */
  readonly path: string
  readonly pathSpan: Span
  readonly span: Span
}

// statements

export type Statement =
  | Block
  | LetStatement
  | { readonly kind: 'emit'; readonly value: Expr; readonly span: Span }
  | { readonly kind: 'return'; readonly value: Expr | null; readonly span: Span }
  | {
      readonly kind: 'if'
      readonly test: Expr
      readonly then: Statement
      readonly otherwise: Statement | null
      readonly span: Span
    }
  | { readonly kind: 'while'; readonly test: Expr; readonly body: Statement; readonly span: Span }
  | ForStatement
  | { readonly kind: 'break'; readonly span: Span }
  | { readonly kind: 'continue'; readonly span: Span }
  | {
      readonly kind: 'try'
      readonly body: Block
      readonly error: Name | null
      readonly handler: Block
      readonly span: Span
    }
  | { readonly kind: 'throw'; readonly value: Expr; readonly span: Span }
  /** A `match` in statement position is an expression statement whose expression is the match. */
  | { readonly kind: 'expression'; readonly expr: Expr; readonly span: Span }

export interface Block {
  readonly kind: 'block'
  readonly items: readonly Item[]
  readonly span: Span
}

export interface LetStatement {
  readonly kind: 'let'
  readonly constant: boolean
  readonly target: LetTarget
  readonly value: Expr
  readonly span: Span
}

export type LetTarget =
  | { readonly kind: 'name'; readonly name: Name }
  /** `[a, b, ...rest]` or `(a, b)`. */
  | { readonly kind: 'list'; readonly names: readonly Name[]; readonly rest: Name | null }
  | { readonly kind: 'map'; readonly names: readonly Name[] }

export interface ForStatement {
  readonly kind: 'for'
  /** One name, or two for key and value. */
  readonly names: readonly Name[]
  readonly iterable: Expr
  readonly body: Block
  readonly span: Span
}

// expressions

export type Expr =
  | { readonly kind: 'nil'; readonly span: Span }
  | { readonly kind: 'bool'; readonly value: boolean; readonly span: Span }
  | { readonly kind: 'number'; readonly value: number; readonly span: Span }
  | { readonly kind: 'string'; readonly value: string; readonly span: Span }
  /** Literal parts and holes, in order. */
  | { readonly kind: 'format'; readonly parts: readonly (string | Expr)[]; readonly span: Span }
  | { readonly kind: 'name'; readonly name: string; readonly span: Span }
  | { readonly kind: 'list'; readonly items: readonly (Expr | Spread)[]; readonly span: Span }
  | { readonly kind: 'tuple'; readonly items: readonly Expr[]; readonly span: Span }
  | { readonly kind: 'map'; readonly entries: readonly (MapEntry | Spread)[]; readonly span: Span }
  /** `[e for x in xs if test]` or `{k: e for x in xs}`. */
  | {
      readonly kind: 'comprehension'
      readonly makes: 'list' | 'map'
      /** An entry in a map only. */
      readonly item: Expr | MapEntry | Spread
      readonly clause: ForClause
      readonly span: Span
    }
  | {
      readonly kind: 'lambda'
      readonly params: readonly Param[]
      readonly body: Block | Expr
      readonly span: Span
    }
  | { readonly kind: 'unary'; readonly op: '-' | 'not'; readonly operand: Expr; readonly span: Span }
  | {
      readonly kind: 'binary'
      readonly op: BinaryOp
      readonly left: Expr
      readonly right: Expr
      readonly opSpan: Span
      readonly span: Span
    }
  | {
      readonly kind: 'logical'
      readonly op: 'and' | 'or'
      readonly left: Expr
      readonly right: Expr
      readonly span: Span
    }
  | { readonly kind: 'assign'; readonly target: Expr; readonly value: Expr; readonly span: Span }
  | { readonly kind: 'call'; readonly callee: Expr; readonly args: readonly Expr[]; readonly span: Span }
  /** `T(a: 1)`, also after `Type.Variant(`. */
  | {
      readonly kind: 'construct'
      readonly callee: Expr
      readonly args: readonly NamedArg[]
      readonly span: Span
    }
  | { readonly kind: 'with'; readonly base: Expr; readonly args: readonly NamedArg[]; readonly span: Span }
  | { readonly kind: 'member'; readonly base: Expr; readonly name: Name; readonly span: Span }
  | { readonly kind: 'index'; readonly base: Expr; readonly index: Expr; readonly span: Span }
  | {
      readonly kind: 'slice'
      readonly base: Expr
      readonly start: Expr | null
      readonly end: Expr | null
      readonly step: Expr | null
      readonly span: Span
    }
  /** `e?`: EXPECTED-. */
  | { readonly kind: 'try-value'; readonly operand: Expr; readonly span: Span }
  | { readonly kind: 'spawn'; readonly agent: Name; readonly args: readonly Expr[]; readonly span: Span }
  | MatchExpr

export type Lambda = Expr & { readonly kind: 'lambda' }

export type BinaryOp = '+' | '-' | '*' | '/' | '%' | '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'not in'

/* A pipe `x |> f(a)` is parsed straight into the call it stands for. */

/** What a comprehension goes over. */
export interface ForClause {
  /** One name, or two for key and value. */
  readonly names: readonly Name[]
  readonly iterable: Expr
  readonly test: Expr | null
}

export interface Spread {
  readonly kind: 'spread'
  readonly value: Expr
  readonly span: Span
}

export interface MapEntry {
  readonly kind: 'entry'
  readonly key: Expr
  readonly value: Expr
}

export interface NamedArg {
  readonly name: Name
  readonly value: Expr
}

export interface MatchExpr {
  readonly kind: 'match'
  readonly subject: Expr
  readonly arms: readonly Arm[]
  readonly span: Span
}

export interface Arm {
  readonly pattern: Pattern
  readonly guard: Expr | null
  /** A statement arm (`emit x`, `return`, `throw`, `break`, `continue`), a block, or an expression. */
  readonly body: Statement | Expr
  readonly span: Span
}

export type Pattern =
  | { readonly kind: 'wildcard'; readonly span: Span }
  /** `bindings` null = written without parentheses; a binding null = `_`. */
  | {
      readonly kind: 'variant'
      readonly type: Name | null
      readonly name: Name
      readonly bindings: readonly (Name | null)[] | null
      readonly span: Span
    }
  | { readonly kind: 'value'; readonly value: Expr; readonly span: Span }
