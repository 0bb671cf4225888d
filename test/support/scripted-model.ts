import type {
  ModelProvider,
  ModelProviders,
  ModelReply,
  ModelRequest,
  ToolCall,
} from '../../agents/ports/model.ts'
import type { AgentDecl } from '../../bytecode/manifest.ts'

/** An answer, or a function that makes one from the request; an Error is thrown. */
export type Answer = Partial<ModelReply> | Error | ((request: ModelRequest) => Answer | Promise<Answer>)

/** A plain answer. */
export const says = (text: string): Answer => ({ text })

/** An answer that asks for tools; arguments that are no string are written as JSON. */
export const calls = (...wanted: readonly (readonly [name: string, args: unknown])[]): Answer => ({
  stopReason: 'tool_calls',
  toolCalls: wanted.map(
    ([name, args], index): ToolCall => ({
      id: `call-${index + 1}`,
      name,
      arguments: typeof args === 'string' ? args : JSON.stringify(args),
    }),
  ),
})

/** What the scripted model reports for each call. */
export const CALL_USAGE = { inputTokens: 100, outputTokens: 20, cachedTokens: 0, estimated: false }

/** A model that gives prepared answers in order and keeps what it was asked. It fails when it has none left. */
export class ScriptedModel implements ModelProviders {
  readonly requests: ModelRequest[] = []
  /** By name, of each request. */
  readonly agents: string[] = []
  readonly #free: boolean
  readonly #answers: Answer[] = []

  constructor(options: { readonly free?: boolean } = {}) {
    this.#free = options.free ?? false
  }

  /** Further answers. */
  answer(...answers: readonly Answer[]): this {
    this.#answers.push(...answers)
    return this
  }

  /** Contents of the newest request's messages. */
  get lastContents(): readonly string[] {
    return this.requests.at(-1)?.messages.map(({ content }) => content) ?? []
  }

  async for(agent: AgentDecl): Promise<ModelProvider> {
    return {
      free: this.#free,
      complete: async (request, { signal }) => {
        signal.throwIfAborted()
        this.requests.push(structuredClone(request))
        this.agents.push(agent.name)
        const answer = await settled(this.#answers.shift(), request)
        return {
          text: answer.text ?? '',
          toolCalls: answer.toolCalls ?? [],
          usage: answer.usage ?? CALL_USAGE,
          stopReason: answer.stopReason ?? 'stop',
        }
      },
    }
  }
}

async function settled(answer: Answer | undefined, request: ModelRequest): Promise<Partial<ModelReply>> {
  if (answer === undefined)
    throw new Error(`no answer is left for ${JSON.stringify(request.messages.at(-1))}`)
  if (answer instanceof Error) throw answer
  return typeof answer === 'function' ? await settled(await answer(request), request) : answer
}
