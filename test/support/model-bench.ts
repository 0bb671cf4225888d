import type { ModelMessage, ModelRequest, ToolSpec } from '../../agents/ports/model.ts'
import type { Clock, Timers } from '../../agents/ports/time.ts'
import { PRICES } from '../../agents/turn/prices.ts'
import type { StatelessDecl } from '../../bytecode/manifest.ts'
import { type ModelProvidersOptions, modelProviders } from '../../providers/registry.ts'
import { keepAliveTransport } from '../../providers/transport.ts'
import { realTimers } from './real-timers.ts'

export const agentDecl = (fields: Partial<StatelessDecl> = {}): StatelessDecl => ({
  kind: 'agent',
  name: 'Bot',
  provider: 'openai',
  model: 'gpt-4o',
  system: '',
  temperature: 0.7,
  skills: [],
  guards: [],
  budget: null,
  policy: null,
  apiKeyEnv: null,
  endpoint: null,
  contextWindow: null,
  traits: [],
  ...fields,
})

/** A clock that only sleeping moves, and then at once. Deadlines pass in real time. */
export function skippingTime(): { clock: Clock; timers: Timers; slept: number[] } {
  let now = Date.UTC(2026, 0, 2)
  const slept: number[] = []
  return {
    slept,
    clock: { now: () => now },
    timers: {
      deadline: realTimers.deadline,
      async sleep(ms, signal) {
        signal?.throwIfAborted()
        slept.push(ms)
        now += ms
      },
    },
  }
}

/** Of nobody. */
export const AWS_CREDENTIALS = { accessKeyId: 'AKIATEST', secretAccessKey: 'aws-canary-secret' }

/** Providers with a key, half-way random numbers and time that is skipped. */
export function modelBench(
  options: Partial<ModelProvidersOptions> & { readonly keys?: Readonly<Record<string, string>> } = {},
) {
  const { keys = { OPENAI_API_KEY: 'sk-test-canary-key' }, ...others } = options
  const time = skippingTime()
  const providers = modelProviders({
    fetch: keepAliveTransport({ connections: 8, proxies: null }).fetch,
    secrets: { get: async (name) => keys[name] ?? null },
    prices: PRICES,
    clock: time.clock,
    timers: time.timers,
    ids: { random: () => 0.5 },
    offline: false,
    openaiBaseUrl: null,
    anthropicBaseUrl: null,
    ollamaHost: null,
    aws: { region: 'us-west-2', credentials: AWS_CREDENTIALS },
    ...others,
  })
  return { providers, ...time }
}

export const modelRequest = (
  messages: readonly ModelMessage[] | string,
  fields: Partial<ModelRequest> = {},
): ModelRequest => ({
  model: 'gpt-4o',
  temperature: 0.3,
  messages: typeof messages === 'string' ? [{ role: 'user', content: messages }] : messages,
  tools: [],
  maxOutputTokens: null,
  ...fields,
})

export const toolSpec = (
  name: string,
  description: string,
  properties: ToolSpec['parameters']['properties'],
): ToolSpec => ({
  name,
  description,
  parameters: { type: 'object', properties, required: Object.keys(properties), additionalProperties: false },
})

export const LOOKUP_ORDER = toolSpec('lookup_order', 'Look up order status by order ID', {
  order_id: { type: 'string' },
})
export const ESCALATE = toolSpec('escalate', 'Escalate issue to human agent', { reason: { type: 'string' } })
export const WRITE_FILE = toolSpec('write_file', 'Write content to a file in the workspace', {
  path: { type: 'string' },
  content: { type: 'string' },
})
export const READ_FILE = toolSpec('read_file', 'Read a file from the workspace', { path: { type: 'string' } })
