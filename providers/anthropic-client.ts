/** The `@anthropic-ai/sdk` package and what is said through it; loaded at the first call. */
import { Anthropic } from '@anthropic-ai/sdk'
import type { MessageCreateParamsNonStreaming } from '@anthropic-ai/sdk/resources/messages'
import type { TextListener } from '../agents/ports/model.ts'
import type { AnthropicOptions } from './anthropic.ts'
import { fromAnthropic, toAnthropic } from './anthropic-wire.ts'
import { sdkFailure, unreadable } from './failure.ts'
import type { Connection, Endpoint } from './openai.ts'
import { MAX_TIMER_MS, type ModelCall } from './retrying.ts'

/** Everything that the package would otherwise take from the environment or from files is given. */
const connect = ({ baseURL, apiKey, fetch }: Endpoint & Connection): Anthropic =>
  new Anthropic({
    baseURL,
    apiKey,
    fetch,
    authToken: null,
    webhookKey: null,
    maxRetries: 0,
    timeout: MAX_TIMER_MS,
    logLevel: 'off',
  })

/** A client of the endpoint; each call is one attempt. */
export function anthropicClient(options: AnthropicOptions): ModelCall {
  const { name, clock } = options
  const sdk = connect(options)
  return async (request, { signal, listener }) => {
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
  }
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
