import type { ClawDecl, SemanticMemoryDecl } from '../../bytecode/manifest.ts'

/** What holds for an agent that has the skill `memory_search` and no `semantic_memory` block. */
const DEFAULTS: SemanticMemoryDecl = {
  backend: 'sqlite',
  embeddingModel: null,
  search: 'hybrid',
  topK: 5,
  flushOnCompact: true,
}

export const memoryOf = (agent: ClawDecl): SemanticMemoryDecl => agent.semanticMemory ?? DEFAULTS
