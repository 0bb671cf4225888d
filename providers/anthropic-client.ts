/** The `@anthropic-ai/sdk` package and what is said through it; loaded at the first call. */
import { Anthropic } from '@anthropic-ai/sdk'
import type { MessageCreateParamsNonStreaming } from '@anthropic-ai/sdk/resources/messages'
import type { TextListener } from '../agents/ports/model.ts'
import type { AnthropicOptions } from './anthropic.ts'
import { fromAnthropic, toAnthropic } from './anthropic-wire.ts'
import type { Connection, Endpoint } from './openai.ts'
import { MAX_TIMER_MS, type ModelCall } from './retrying.ts'
import { sdkCall } from './sdk-call.ts'

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
  const sdk = connect(options)
  return sdkCall(
    options,
    // What cannot be said to the vendor is a failure of the attempt, too.
    async (request, { signal, listener }) => {
      const body = toAnthropic(request, options.maxOutput(request.model))
      return await (listener ? listen(sdk, body, { signal, listener }) : send(sdk, body, signal))
    },
    fromAnthropic,
  )
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
