import type { Usage } from '../ports/model.ts'
import { namesOf } from './served-by.ts'

/** USD per million tokens. `alias` is the vendor's id for a name the chapters print. */
export interface Price {
  readonly input: number
  readonly output: number
  readonly cached: number
  readonly alias?: string
  /** Most tokens that the vendor lets one call write; absent = not known. */
  readonly maxOutput?: number
}

/** By model id; the longest id that the model starts with wins. Of Bedrock's ids one may leave out what is before the model. */
export type PriceTable = Readonly<Record<string, Price>>

/** Built-in prices; a file named by NEAM_PRICES adds or overrides rows. */
export const PRICES: PriceTable = {
  'gpt-4o': { input: 2.5, output: 10, cached: 1.25, maxOutput: 16_384 },
  'gpt-4o-mini': { input: 0.15, output: 0.6, cached: 0.075, maxOutput: 16_384 },
  'gpt-4.1': { input: 2, output: 8, cached: 0.5, maxOutput: 32_768 },
  'gpt-4.1-mini': { input: 0.4, output: 1.6, cached: 0.1, maxOutput: 32_768 },
  'gpt-4.1-nano': { input: 0.1, output: 0.4, cached: 0.025, maxOutput: 32_768 },
  'gpt-5': { input: 1.25, output: 10, cached: 0.125, maxOutput: 128_000 },
  'gpt-5-mini': { input: 0.25, output: 2, cached: 0.025, maxOutput: 128_000 },
  'gpt-5-nano': { input: 0.05, output: 0.4, cached: 0.005, maxOutput: 128_000 },
  'gpt-5-chat': { input: 1.25, output: 10, cached: 0.125, maxOutput: 16_384 },
  'gpt-5-pro': { input: 15, output: 120, cached: 15, maxOutput: 272_000 },
  'gpt-5.1': { input: 1.25, output: 10, cached: 0.125, maxOutput: 128_000 },
  'gpt-5.1-chat': { input: 1.25, output: 10, cached: 0.125, maxOutput: 16_384 },
  'gpt-5.2': { input: 1.75, output: 14, cached: 0.175, maxOutput: 128_000 },
  'gpt-5.2-chat': { input: 1.75, output: 14, cached: 0.175, maxOutput: 16_384 },
  'gpt-5.2-pro': { input: 21, output: 168, cached: 21, maxOutput: 128_000 },
  'gpt-4': { input: 30, output: 60, cached: 30, maxOutput: 8192 },
  'gpt-4-32k': { input: 60, output: 120, cached: 60, maxOutput: 32_768 },
  'gpt-4-0125': { input: 10, output: 30, cached: 10, maxOutput: 4096 },
  'gpt-4-1106': { input: 10, output: 30, cached: 10, maxOutput: 4096 },
  'chatgpt-4o': { input: 5, output: 15, cached: 5, maxOutput: 16_384 },
  'gpt-4-turbo': { input: 10, output: 30, cached: 10, maxOutput: 4096 },
  'gpt-3.5-turbo': { input: 0.5, output: 1.5, cached: 0.5, maxOutput: 4096 },
  o1: { input: 15, output: 60, cached: 7.5, maxOutput: 100_000 },
  'o1-pro': { input: 150, output: 600, cached: 150, maxOutput: 100_000 },
  'o1-preview': { input: 15, output: 60, cached: 7.5, maxOutput: 32_768 },
  'o1-mini': { input: 3, output: 12, cached: 1.5, maxOutput: 65_536 },
  o3: { input: 2, output: 8, cached: 0.5, maxOutput: 100_000 },
  'o3-mini': { input: 1.1, output: 4.4, cached: 0.55, maxOutput: 100_000 },
  'o3-pro': { input: 20, output: 80, cached: 20, maxOutput: 100_000 },
  'o3-deep-research': { input: 10, output: 40, cached: 2.5, maxOutput: 100_000 },
  'o4-mini': { input: 1.1, output: 4.4, cached: 0.275, maxOutput: 100_000 },
  'o4-mini-deep-research': { input: 2, output: 8, cached: 0.5, maxOutput: 100_000 },
  'claude-opus-4-5': { input: 5, output: 25, cached: 0.5, maxOutput: 64_000 },
  'claude-haiku-4-5': { input: 1, output: 5, cached: 0.1, maxOutput: 64_000 },
  'claude-3-7-sonnet': { input: 3, output: 15, cached: 0.3, maxOutput: 64_000 },
  'claude-3-opus': { input: 15, output: 75, cached: 1.5, maxOutput: 4096 },
  'claude-sonnet-4': {
    input: 3,
    output: 15,
    cached: 0.3,
    alias: 'claude-sonnet-4-20250514',
    maxOutput: 64_000,
  },
  'claude-opus-4': { input: 15, output: 75, cached: 1.5, alias: 'claude-opus-4-20250514', maxOutput: 32_000 },
  'claude-3-5-sonnet': {
    input: 3,
    output: 15,
    cached: 0.3,
    alias: 'claude-3-5-sonnet-20241022',
    maxOutput: 8192,
  },
  'claude-3-5-haiku': {
    input: 0.8,
    output: 4,
    cached: 0.08,
    alias: 'claude-3-5-haiku-20241022',
    maxOutput: 8192,
  },
  'claude-3-haiku': {
    input: 0.25,
    output: 1.25,
    cached: 0.03,
    alias: 'claude-3-haiku-20240307',
    maxOutput: 4096,
  },
  'gemini-2.5-pro': { input: 1.25, output: 10, cached: 0.31, maxOutput: 65_536 },
  'gemini-2.5-flash': { input: 0.3, output: 2.5, cached: 0.075, maxOutput: 65_536 },
  'gemini-2.5-flash-lite': { input: 0.1, output: 0.4, cached: 0.025, maxOutput: 65_536 },
  'gemini-2.0-flash-lite': { input: 0.075, output: 0.3, cached: 0.075, maxOutput: 8192 },
  'gemini-2.0-flash': { input: 0.1, output: 0.4, cached: 0.025, maxOutput: 8192 },
  'gemini-1.5-pro': { input: 1.25, output: 5, cached: 0.3125, maxOutput: 8192 },
  'gemini-1.5-flash': { input: 0.075, output: 0.3, cached: 0.01875, maxOutput: 8192 },

  // Bedrock, on demand, in us-east-1 and us-west-2. Anthropic's models from 4.5 on cost a tenth more wherever AWS keeps
  // them to a region or a geography.
  'anthropic.claude-sonnet-4': { input: 3.3, output: 16.5, cached: 0.33, maxOutput: 64_000 },
  'anthropic.claude-sonnet-4-20250514': { input: 3, output: 15, cached: 0.3, maxOutput: 64_000 },
  'anthropic.claude-haiku-4-5': { input: 1.1, output: 5.5, cached: 0.11, maxOutput: 64_000 },
  'anthropic.claude-opus-4-5': { input: 5.5, output: 27.5, cached: 0.55, maxOutput: 64_000 },
  'global.anthropic.claude-sonnet-4': { input: 3, output: 15, cached: 0.3, maxOutput: 64_000 },
  'global.anthropic.claude-haiku-4-5': { input: 1, output: 5, cached: 0.1, maxOutput: 64_000 },
  'global.anthropic.claude-opus-4-5': { input: 5, output: 25, cached: 0.5, maxOutput: 64_000 },
  'amazon.nova-micro': { input: 0.035, output: 0.14, cached: 0.00875 },
  'amazon.nova-lite': { input: 0.06, output: 0.24, cached: 0.015 },
  'amazon.nova-pro': { input: 0.8, output: 3.2, cached: 0.2 },
  'meta.llama3-1-8b-instruct': { input: 0.22, output: 0.22, cached: 0.22 },
  'meta.llama3-1-70b-instruct': { input: 0.72, output: 0.72, cached: 0.72 },
  'meta.llama3-3-70b-instruct': { input: 0.72, output: 0.72, cached: 0.72 },
  'mistral.mistral-7b-instruct': { input: 0.15, output: 0.2, cached: 0.15 },
  'mistral.mixtral-8x7b-instruct': { input: 0.45, output: 0.7, cached: 0.45 },
  'mistral.mistral-large-2402': { input: 4, output: 12, cached: 4 },
}

/** The price of a model, null when it is unknown (then no cost limit can be kept). */
export function priceOf(table: PriceTable, model: string): Price | null {
  for (const name of namesOf(model)) {
    const id = longestId(table, name)
    if (id !== null) return table[id]!
  }
  return null
}

function longestId(table: PriceTable, name: string): string | null {
  let best: string | null = null
  for (const id of Object.keys(table)) {
    const matches = name === id || (name.startsWith(id) && /^[-:@]/.test(name.slice(id.length)))
    if (matches && (best === null || id.length > best.length)) best = id
  }
  return best
}

/** USD of a call. */
export const costOf = (price: Price, usage: Usage): number =>
  ((usage.inputTokens - usage.cachedTokens) * price.input +
    usage.cachedTokens * price.cached +
    usage.outputTokens * price.output) /
  1e6
