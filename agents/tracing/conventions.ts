/** Names of OpenTelemetry's semantic conventions for generative AI that our spans have; ours begin with `neam.`. */
export const GEN_AI = {
  operation: 'gen_ai.operation.name',
  provider: 'gen_ai.provider.name',
  agent: 'gen_ai.agent.name',
  conversation: 'gen_ai.conversation.id',
  requestModel: 'gen_ai.request.model',
  temperature: 'gen_ai.request.temperature',
  maxTokens: 'gen_ai.request.max_tokens',
  finishReasons: 'gen_ai.response.finish_reasons',
  inputTokens: 'gen_ai.usage.input_tokens',
  outputTokens: 'gen_ai.usage.output_tokens',
  cachedTokens: 'gen_ai.usage.cache_read.input_tokens',
  tool: 'gen_ai.tool.name',
  toolType: 'gen_ai.tool.type',
  toolCall: 'gen_ai.tool.call.id',
  toolArguments: 'gen_ai.tool.call.arguments',
  toolResult: 'gen_ai.tool.call.result',
  inputMessages: 'gen_ai.input.messages',
  outputMessages: 'gen_ai.output.messages',
  systemInstructions: 'gen_ai.system_instructions',
} as const

/** Attributes of our own. */
export const NEAM = {
  /** Text of strangers is in it (docs/untrusted-text.md). */
  tainted: 'neam.tainted',
} as const

/** Providers that the conventions call otherwise. */
const PROVIDERS: Readonly<Record<string, string>> = { gemini: 'gcp.gemini', bedrock: 'aws.bedrock' }

export const providerName = (provider: string): string => PROVIDERS[provider] ?? provider
