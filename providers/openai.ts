import type { ModelProvider } from '../agents/ports/model.ts'
import { type ModelCall, type RetryingOptions, retryingProvider } from './retrying.ts'

/** Where an endpoint is reached, and with which key. */
export interface Endpoint {
  /** Name of the provider, for faults. */
  readonly name: string
  readonly baseURL: string
  readonly apiKey: string
}

/** How an endpoint is reached. */
export interface Connection {
  readonly fetch: typeof fetch
}

export type OpenAIOptions = Endpoint & Connection & RetryingOptions

/** Anything that speaks OpenAI's chat completions. The package is loaded at the first call. */
export function openaiProvider(options: OpenAIOptions): ModelProvider {
  let call: ModelCall | null = null
  return retryingProvider(options, async (request, attempt) => {
    call ??= (await import('./openai-client.ts')).openaiClient(options)
    return await call(request, attempt)
  })
}
