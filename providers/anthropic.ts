import type { ModelProvider } from '../agents/ports/model.ts'
import type { Connection, Endpoint } from './openai.ts'
import { type ModelCall, type RetryingOptions, retryingProvider } from './retrying.ts'

export interface AnthropicOptions extends Endpoint, Connection, RetryingOptions {
  /** Most tokens that a model (the vendor's id) writes in one call, null = not known. */
  readonly maxOutput: (model: string) => number | null
}

/** Anthropic's Messages API. The package is loaded at the first call. */
export function anthropicProvider(options: AnthropicOptions): ModelProvider {
  let call: ModelCall | null = null
  return retryingProvider(options, async (request, attempt) => {
    call ??= (await import('./anthropic-client.ts')).anthropicClient(options)
    return await call(request, attempt)
  })
}
