/** What is said to Bedrock through its package. */
import {
  type BedrockRuntimeClient,
  ConverseCommand,
  type ConverseCommandInput,
  ConverseStreamCommand,
  ValidationException,
} from '@aws-sdk/client-bedrock-runtime'
import type { TextListener } from '../agents/ports/model.ts'
import { type BedrockEndpoint, connect, identified } from './bedrock-connection.ts'
import { bedrockFailure } from './bedrock-failure.ts'
import { bedrockId } from './bedrock-models.ts'
import { gathered } from './bedrock-stream.ts'
import { fromConverse, toConverse } from './bedrock-wire.ts'
import type { Connection } from './openai.ts'
import type { ModelCall, RetryingOptions } from './retrying.ts'
import { sdkCall } from './sdk-call.ts'

export interface BedrockClient {
  /** One attempt. */
  readonly call: ModelCall
  /** Throws as `identified` does. */
  ready(): Promise<void>
}

interface Attempt {
  readonly signal: AbortSignal
  readonly listener: TextListener
}

/** A client of the endpoint. */
export function bedrockClient(
  options: BedrockEndpoint & Connection & Pick<RetryingOptions, 'clock' | 'timers'>,
): BedrockClient {
  const client = connect(options)
  /** Models that call no tools while they are streamed. */
  const unstreamed = new Set<string>()
  const streamed = async (body: ConverseCommandInput, attempt: Attempt): Promise<unknown> => {
    try {
      return await listen(client, body, attempt)
    } catch (error) {
      if (!isUnstreamable(error)) throw error
      unstreamed.add(body.modelId ?? '')
      return await send(client, body, attempt.signal)
    }
  }
  const call = sdkCall(
    options,
    async (request, { signal, listener }) => {
      const region = await identified(client, { ...options, signal })
      const modelId = bedrockId(request.model, region)
      const body = toConverse(request, modelId)
      if (listener === null || unstreamed.has(modelId)) return await send(client, body, signal)
      return await streamed(body, { signal, listener })
    },
    fromConverse,
    bedrockFailure,
  )
  return { call, ready: async () => void (await identified(client, { ...options, signal: null })) }
}

const send = (client: BedrockRuntimeClient, body: ConverseCommandInput, signal: AbortSignal) =>
  client.send(new ConverseCommand(body), { abortSignal: signal })

/** The same with the text as it is written. */
async function listen(
  client: BedrockRuntimeClient,
  body: ConverseCommandInput,
  { signal, listener }: Attempt,
): Promise<unknown> {
  const { stream } = await client.send(new ConverseStreamCommand(body), { abortSignal: signal })
  const answer = stream === undefined ? null : await gathered(stream, listener)
  // An aborted stream may just end.
  signal.throwIfAborted()
  return answer
}

/** Some models (Llama 3, Mistral) answer as a stream, but not with tools. */
const isUnstreamable = (error: unknown): boolean =>
  error instanceof ValidationException && /tool use in streaming mode/i.test(error.message)
