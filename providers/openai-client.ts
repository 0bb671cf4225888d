/** The `openai` package and what is said through it; loaded at the first call. */
import { OpenAI } from 'openai'
import type { ModelRequest, TextListener } from '../agents/ports/model.ts'
import type { Connection, Endpoint, OpenAIOptions } from './openai.ts'
import { gathered } from './openai-stream.ts'
import { fromWire, toWire } from './openai-wire.ts'
import { MAX_TIMER_MS, type ModelCall } from './retrying.ts'
import { sdkCall } from './sdk-call.ts'

/** Everything that the package would otherwise take from the environment is given. */
export const connect = ({ baseURL, apiKey, fetch }: Endpoint & Connection): OpenAI =>
  new OpenAI({
    baseURL,
    apiKey,
    fetch,
    organization: null,
    project: null,
    maxRetries: 0,
    timeout: MAX_TIMER_MS,
    logLevel: 'off',
  })

/** A client of the endpoint; each call is one attempt. */
export function openaiClient(options: OpenAIOptions): ModelCall {
  const sdk = connect(options)
  return sdkCall(
    options,
    (request, { signal, listener }) =>
      listener ? listen(sdk, request, { signal, listener }) : send(sdk, request, signal),
    fromWire,
  )
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
