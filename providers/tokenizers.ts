import type {
  ChatCompletionFunctionDefinition,
  ChatCompletionFunctionProperty,
} from 'gpt-tokenizer/functionCalling'
import { lazily } from '../agents/ports/lazily.ts'
import type { ToolSpec } from '../agents/ports/model.ts'
import type { TokenCounter, Tokenizers } from '../agents/ports/tokens.ts'
import { pieces } from './text-pieces.ts'

type Encoding = 'o200k_base' | 'cl100k_base'
type Encoder = typeof import('gpt-tokenizer/encoding/o200k_base')

/** Models of OpenAI, and its open weights under Ollama's name, by the encoding that OpenAI publishes for them. */
const ENCODINGS: readonly (readonly [models: RegExp, Encoding])[] = [
  [/^(?:gpt-4o|gpt-4\.\d|gpt-5|gpt-oss|chatgpt-4o|o[134]\b)/, 'o200k_base'],
  [/^(?:gpt-4|gpt-3\.5)/, 'cl100k_base'],
]

/** What stands between the end of a request and the answer. */
const ANSWER_PRIMING = 3

/** No text of a conversation is a control sequence: `<|endoftext|>` is sent, and counted, as what it is. */
const AS_TEXT = { disallowedSpecial: new Set<string>() }

/** Tokenizers of OpenAI's models; other vendors publish none. One that is never asked for is never loaded. */
export function tokenizers(): Tokenizers {
  const counters: Readonly<Record<Encoding, () => Promise<TokenCounter>>> = {
    o200k_base: lazily(async () => await counterOf(await import('gpt-tokenizer/encoding/o200k_base'))),
    cl100k_base: lazily(async () => await counterOf(await import('gpt-tokenizer/encoding/cl100k_base'))),
  }
  return {
    async for(model) {
      const encoding = encodingOf(model)
      return encoding === null ? null : await counters[encoding]()
    },
  }
}

const encodingOf = (model: string): Encoding | null =>
  ENCODINGS.find(([models]) => models.test(model))?.[1] ?? null

/** Loading an encoding takes 0.2 s and some 50 MB of memory, once a process. */
async function counterOf({ countTokens }: Pick<Encoder, 'countTokens'>): Promise<TokenCounter> {
  const { estimateTokensInFunctions } = await import('gpt-tokenizer/functionCalling')
  const text = (whole: string): number => {
    let tokens = 0
    for (const piece of pieces(whole)) tokens += countTokens(piece, AS_TEXT)
    return tokens
  }
  return {
    text,
    tools: (tools) => estimateTokensInFunctions(tools.map(definition), text),
    perRequest: ANSWER_PRIMING,
  }
}

/** JSON schema on both sides; the package's types know fewer of its words. */
const definition = ({ name, description, parameters }: ToolSpec): ChatCompletionFunctionDefinition => ({
  name,
  description,
  parameters: {
    type: 'object',
    properties: parameters.properties as Record<
      string,
      { readonly [word: string]: unknown } & ChatCompletionFunctionProperty
    >,
    required: [...parameters.required],
  },
})
