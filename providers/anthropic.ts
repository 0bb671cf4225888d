import type { Anthropic } from '@anthropic-ai/sdk'
import type { MessageCreateParamsNonStreaming } from '@anthropic-ai/sdk/resources/messages'
import type { ModelProvider } from '../agents/ports/model.ts'
import { fromAnthropic, toAnthropic } from './anthropic-wire.ts'
import { sdkFailure, unreadable } from './failure.ts'
import type { Connection, Endpoint } from './openai.ts'
import { MAX_TIMER_MS, type RetryingOptions, retryingProvider } from './retrying.ts'

export interface AnthropicOptions extends Endpoint, Connection, RetryingOptions {
  /** Most tokens that a model (the vendor's id) writes in one call, null = not known. */
  readonly maxOutput: (model: string) => number | null
}

/** Anthropic's Messages API. The package is loaded at the first call. */
export function anthropicProvider(options: AnthropicOptions): ModelProvider {
  const { name, clock } = options
  let client: Promise<Anthropic> | null = null
  return retryingProvider(options, async (request, signal) => {
    client ??= connect(options)
    const sdk = await client
    let answer: Awaited<ReturnType<typeof send>>
    try {
      answer = await send(sdk, toAnthropic(request, options.maxOutput(request.model)), signal)
    } catch (error) {
      if (signal.aborted) throw error
      return { kind: 'failed', ...sdkFailure(name, error, clock.now()) }
    }
    const reply = fromAnthropic(answer, request)
    return reply === null ? { kind: 'failed', ...unreadable(name) } : { kind: 'answer', answer: reply }
  })
}

/** Everything that the package would otherwise take from the environment or from files is given. */
async function connect({ baseURL, apiKey, fetch }: Endpoint & Connection): Promise<Anthropic> {
  const { Anthropic } = await import('@anthropic-ai/sdk')
  return new Anthropic({
    baseURL,
    apiKey,
    fetch,
    authToken: null,
    webhookKey: null,
    maxRetries: 0,
    timeout: MAX_TIMER_MS,
    logLevel: 'off',
  })
}

const send = (sdk: Anthropic, body: MessageCreateParamsNonStreaming, signal: AbortSignal) =>
  sdk.messages.create(body, { signal })
