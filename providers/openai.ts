import type { OpenAI } from 'openai'
import { Fault } from '../agents/ports/fault.ts'
import type { ModelProvider, ModelReply, ModelRequest } from '../agents/ports/model.ts'
import type { Clock, Timers } from '../agents/ports/time.ts'
import { connectionFailure, type Failure, httpFailure, unreadable } from './failure.ts'
import { fromWire, toWire } from './openai-wire.ts'
import { type Attempt, withRetries } from './retry.ts'

/** Where an endpoint is reached, and with which key. */
export interface Endpoint {
  /** Name of the provider, for faults. */
  readonly name: string
  readonly baseURL: string
  readonly apiKey: string
}

export interface OpenAIOptions extends Endpoint {
  readonly free: boolean
  readonly clock: Clock
  readonly timers: Timers
  /** 0 <= x < 1. */
  readonly random: () => number
  /** The vendor's id for a model name of the program. */
  readonly modelId: (model: string) => string
}

/** The longest time a timer can run. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** Anything that speaks OpenAI's chat completions. The package is loaded at the first call. */
export function openaiProvider(options: OpenAIOptions): ModelProvider {
  const { name, clock, timers, random, free } = options
  let client: Promise<OpenAI> | null = null

  const attempt = async (request: ModelRequest, signal: AbortSignal): Promise<Attempt<ModelReply>> => {
    client ??= connect(options)
    const sdk = await client
    let answer: Awaited<ReturnType<typeof send>>
    try {
      answer = await send(sdk, request, signal)
    } catch (error) {
      if (signal.aborted) throw error
      return { kind: 'failed', ...failureOf(name, error, clock.now()) }
    }
    const reply = fromWire(answer, request)
    return reply === null ? { kind: 'failed', ...unreadable(name) } : { kind: 'answer', answer: reply }
  }

  return {
    free,
    async complete(asked, { signal, deadlineAt }) {
      signal.throwIfAborted()
      const left = deadlineAt - clock.now()
      if (left <= 0) throw new Fault('provider_timeout', { provider: name })
      const request = { ...asked, model: options.modelId(asked.model) }
      const deadline = timers.deadline(Math.min(left, MAX_TIMER_MS))
      const either = AbortSignal.any([signal, deadline.signal])
      try {
        return await withRetries(() => attempt(request, either), {
          clock,
          timers,
          random,
          signal: either,
          deadlineAt,
        })
      } catch (error) {
        signal.throwIfAborted()
        if (deadline.signal.aborted) throw new Fault('provider_timeout', { provider: name })
        throw error
      } finally {
        deadline.cancel()
      }
    },
  }
}

/** Everything that the package would otherwise take from the environment is given. */
export async function connect({ baseURL, apiKey }: Endpoint): Promise<OpenAI> {
  const { OpenAI } = await import('openai')
  return new OpenAI({
    baseURL,
    apiKey,
    organization: null,
    project: null,
    maxRetries: 0,
    timeout: MAX_TIMER_MS,
    logLevel: 'off',
  })
}

const send = (sdk: OpenAI, request: ModelRequest, signal: AbortSignal) =>
  sdk.chat.completions.create(toWire(request), { signal })

/** Why a call of the package failed. */
export function failureOf(provider: string, error: unknown, now: number): Failure {
  if (typeof error !== 'object' || error === null) return connectionFailure(provider, error)
  if ('status' in error && typeof error.status === 'number') {
    const headers = 'headers' in error && error.headers instanceof Headers ? error.headers : undefined
    return httpFailure(
      provider,
      { status: error.status, headers, code: 'code' in error ? error.code : null },
      now,
    )
  }
  return error instanceof SyntaxError ? unreadable(provider) : connectionFailure(provider, error)
}
