import type { AgentDecl } from '../../bytecode/manifest.ts'

/** Turns texts into vectors of length 1, so that their dot product says how much alike two texts are. */
export interface Embedder {
  readonly model: string
  /**
   * One vector a text, all of the same dimension. One attempt. Throws Faults `provider_*`; rejects with the signal's
   * reason when aborted.
   */
  embed(
    texts: readonly string[],
    options: { readonly signal: AbortSignal; readonly deadlineAt: number },
  ): Promise<readonly Float32Array[]>
}

export interface Embedders {
  /**
   * Who embeds for an agent with a model; null = nobody, since the system is offline. Throws `provider_key_missing`.
   */
  for(agent: AgentDecl, model: string): Promise<Embedder | null>
}
