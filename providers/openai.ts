import type { OpenAI } from 'openai'
import type { ModelProvider, ModelRequest, TextListener } from '../agents/ports/model.ts'
import { sdkFailure, unreadable } from './failure.ts'
import { gathered } from './openai-stream.ts'
import { fromWire, toWire } from './openai-wire.ts'
import { MAX_TIMER_MS, type RetryingOptions, retryingProvider } from './retrying.ts'

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
  const { name, clock } = options
  let client: Promise<OpenAI> | null = null
  return retryingProvider(options, async (request, signal, listener) => {
    client ??= connect(options)
    const sdk = await client
    let answer: unknown
    try {
      answer = await (listener ? listen(sdk, request, { signal, listener }) : send(sdk, request, signal))
    } catch (error) {
      if (signal.aborted) throw error
      return { kind: 'failed', ...sdkFailure(name, error, clock.now()) }
    }
    const reply = fromWire(answer, request)
    return reply === null ? { kind: 'failed', ...unreadable(name) } : { kind: 'answer', answer: reply }
  })
}

/** Everything that the package would otherwise take from the environment is given. */
export async function connect({ baseURL, apiKey, fetch }: Endpoint & Connection): Promise<OpenAI> {
  const { OpenAI } = await import('openai')
  return new OpenAI({
    baseURL,
    apiKey,
    fetch,
    organization: null,
    project: null,
    maxRetries: 0,
    timeout: MAX_TIMER_MS,
    logLevel: 'off',
  })
}

const send = (sdk: OpenAI, request: ModelRequest, signal: AbortSignal) =>
  sdk.chat.completions.create(toWire(request), { signal })

/** The same with the text as it is written. */
async function listen(
  sdk: OpenAI,
  request: ModelRequest,
  { signal, listener }: { readonly signal: AbortSignal; readonly listener: TextListener },
): Promise<unknown> {
  const body = { ...toWire(request), stream: true, stream_options: { include_usage: true } } as const
  const answer = await gathered(await sdk.chat.completions.create(body, { signal }), listener)
  // An aborted stream just ends.
  signal.throwIfAborted()
  return answer
}
