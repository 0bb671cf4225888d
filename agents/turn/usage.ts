import type { Usage } from '../ports/model.ts'

export const NO_USAGE: Usage = { inputTokens: 0, outputTokens: 0, cachedTokens: 0, estimated: false }

export const addUsage = (a: Usage, b: Usage): Usage => ({
  inputTokens: a.inputTokens + b.inputTokens,
  outputTokens: a.outputTokens + b.outputTokens,
  cachedTokens: a.cachedTokens + b.cachedTokens,
  estimated: a.estimated || b.estimated,
})

/** Tokens in and out. */
export const totalTokens = (usage: Usage): number => usage.inputTokens + usage.outputTokens
