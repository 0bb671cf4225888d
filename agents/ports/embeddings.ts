import type { AgentDecl } from '../../bytecode/manifest.ts'

/** The model that needs no network: it is what a memory has that names none, and what every memory has offline. */
export const LOCAL_MODEL = 'local'

/** How the vectors of a model are to be used. */
export interface VectorTraits {
  /** Name that vectors are kept under: those of one name can be compared. */
  readonly model: string
  /** Two texts that are less alike have nothing to do with each other. */
  readonly leastSimilarity: number
  /** Share of the similarity in the score of a hybrid search, 0 to 1; the rest is for the words. */
  readonly share: number
}

/**
 * Turns texts into vectors of length 1, so that their dot product says how much alike two texts are; nothing but zeros
 * is the vector of a text without words.
 */
export interface Embedder extends VectorTraits {
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
  /** Who embeds for an agent with a model. Throws `provider_key_missing`. */
  for(agent: AgentDecl, model: string): Promise<Embedder>
}
