import type { ToolSpec } from './model.ts'

/** Tokens of the parts of a request. A message takes what its texts take and an overhead that all models share. */
export interface TokenCounter {
  text(text: string): number
  /** The declarations of tools, as the vendor shows them to the model. Not called without tools. */
  tools(tools: readonly ToolSpec[]): number
  /** What the vendor adds to every request. */
  readonly perRequest: number
}

export interface Tokenizers {
  /** The counter of a model whose tokenizer is public, loaded on first use; null = its vendor publishes none. */
  for(model: string): Promise<TokenCounter | null>
}
