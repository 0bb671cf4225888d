import type { AgentDecl } from '../../bytecode/manifest.ts'

export interface ToolCall {
  readonly id: string
  readonly name: string
  /** The model's arguments as it wrote them: JSON text, possibly malformed. */
  readonly arguments: string
}

export type ModelMessage =
  | { readonly role: 'system' | 'user'; readonly content: string }
  | { readonly role: 'assistant'; readonly content: string; readonly toolCalls?: readonly ToolCall[] }
  | { readonly role: 'tool'; readonly callId: string; readonly name: string; readonly content: string }

/** A tool as the model sees it; `parameters` is a JSON schema of type object. */
export interface ToolSpec {
  readonly name: string
  readonly description: string
  readonly parameters: ToolParameters
}

export interface ToolParameters {
  readonly type: 'object'
  readonly properties: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly required: readonly string[]
  readonly additionalProperties: false
}

export interface ModelRequest {
  readonly model: string
  readonly temperature: number
  readonly messages: readonly ModelMessage[]
  readonly tools: readonly ToolSpec[]
  /** Output limit in tokens, null = the vendor's own. */
  readonly maxOutputTokens: number | null
}

/** Tokens of one call. `cachedTokens` are part of `inputTokens`. */
export interface Usage {
  readonly inputTokens: number
  readonly outputTokens: number
  readonly cachedTokens: number
  /** True when the vendor did not report and the numbers are our estimate. */
  readonly estimated: boolean
}

export interface ModelReply {
  readonly text: string
  readonly toolCalls: readonly ToolCall[]
  readonly usage: Usage
  readonly stopReason: 'stop' | 'tool_calls' | 'length' | 'content_filter'
}

/** Who wants to know what a model writes, while it writes. */
export interface TextListener {
  delta(text: string): void
  /** What came so far does not count: the call failed, or is made again. */
  reset(): void
}

export interface CallOptions {
  readonly signal: AbortSignal
  /** Milliseconds since 1970. */
  readonly deadlineAt: number
  /** With one the answer is streamed where the vendor can; what counts is the reply. Null or left out = nobody. */
  readonly listener?: TextListener | null
}

export interface ModelProvider {
  /** Who answers, where it is not the provider that the agent names. */
  readonly name?: string
  /**
   * One model call, retries included (at most 3 attempts in total, Retry-After honoured when it fits before the
   * deadline). Throws Faults `provider_*` and `prompt_too_long`; rejects with the signal's reason when aborted.
   */
  complete(request: ModelRequest, options: CallOptions): Promise<ModelReply>
  /** Costs nothing by declaration: offline, replay, ollama. */
  readonly free: boolean
}

export interface ModelProviders {
  /** The provider of an agent, loaded on first use. Throws `provider_not_supported`, `provider_key_missing` or `provider_setup_missing`. */
  for(agent: AgentDecl): Promise<ModelProvider>
}
