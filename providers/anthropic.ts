import type { Anthropic } from '@anthropic-ai/sdk'
import type { MessageCreateParamsNonStreaming } from '@anthropic-ai/sdk/resources/messages'
import type { ModelProvider, TextListener } from '../agents/ports/model.ts'
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
  return retryingProvider(options, async (request, signal, listener) => {
    client ??= connect(options)
    const sdk = await client
    let answer: unknown
    try {
      const body = toAnthropic(request, options.maxOutput(request.model))
      answer = await (listener ? listen(sdk, body, { signal, listener }) : send(sdk, body, signal))
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

/** The same with the text as it is written. */
const listen = (
  sdk: Anthropic,
  body: MessageCreateParamsNonStreaming,
  { signal, listener }: { readonly signal: AbortSignal; readonly listener: TextListener },
): Promise<unknown> =>
  sdk.messages
    .stream(body, { signal })
    .on('text', (text) => listener.delta(text))
    .finalMessage()
