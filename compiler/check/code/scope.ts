import type { AgentNode, FunDecl, SealedDecl, SkillNode, StructDecl } from '../../syntax/ast.ts'

/** What a name stands for. */
export type Binding =
  | { readonly kind: 'variable'; readonly constant: boolean }
  | { readonly kind: 'function'; readonly decl: FunDecl }
  | { readonly kind: 'struct'; readonly decl: StructDecl }
  | { readonly kind: 'sealed'; readonly decl: SealedDecl }
  | { readonly kind: 'trait' }
  | { readonly kind: 'agent'; readonly decl: AgentNode }
  /** null: a built-in one. */
  | { readonly kind: 'skill'; readonly decl: SkillNode | null }
  | { readonly kind: 'native' }

export const VARIABLE: Binding = { kind: 'variable', constant: false }
export const CONSTANT: Binding = { kind: 'variable', constant: true }

/** Names visible at one place: those of a block and, behind them, of everything around it. */
export class Scope {
  readonly #names = new Map<string, Binding>()
  readonly #parent: Scope | null

  constructor(parent: Scope | null) {
    this.#parent = parent
  }

  /** A later declaration of the same name replaces the earlier one. */
  declare(name: string, binding: Binding): void {
    this.#names.set(name, binding)
  }

  find(name: string): Binding | null {
    return this.#names.get(name) ?? this.#parent?.find(name) ?? null
  }

  /** All visible names, for suggestions. */
  *names(): Generator<string> {
    yield* this.#names.keys()
    if (this.#parent) yield* this.#parent.names()
  }
}
