/** Tokens that a model reads and writes in one call, by the beginning of its id: the longest that fits wins. */
const WINDOWS: Readonly<Record<string, number>> = {
  'chatgpt-4o': 128_000,
  'gpt-3.5-turbo': 16_385,
  'gpt-3.5-turbo-instruct': 4096,
  'gpt-4': 8192,
  'gpt-4-0125': 128_000,
  'gpt-4-1106': 128_000,
  'gpt-4-32k': 32_768,
  'gpt-4-turbo': 128_000,
  'gpt-4.1': 1_047_576,
  'gpt-4.5': 128_000,
  'gpt-4o': 128_000,
  'gpt-5': 400_000,
  'gpt-5-chat': 128_000,
  'gpt-5.1-chat': 128_000,
  'gpt-5.2-chat': 128_000,
  'gpt-5.3-chat': 128_000,
  'gpt-5.4': 1_050_000,
  'gpt-5.4-mini': 400_000,
  'gpt-5.4-nano': 400_000,
  'gpt-5.5': 1_050_000,
  'gpt-5.6': 1_050_000,
  'gpt-5.6-cyber': 400_000,
  'gpt-oss': 131_072,
  o1: 200_000,
  'o1-mini': 128_000,
  'o1-preview': 128_000,
  o3: 200_000,
  o4: 200_000,

  claude: 200_000,
  'claude-2': 100_000,
  'claude-2.1': 200_000,
  'claude-instant': 100_000,

  'gemini-1.0': 32_768,
  'gemini-1.5': 1_048_576,
  'gemini-1.5-pro': 2_097_152,
  'gemini-2': 1_048_576,
  'gemini-3': 1_048_576,
  'gemini-flash': 1_048_576,
  'gemini-pro': 32_768,
  'gemini-pro-latest': 1_048_576,

  'nova-lite': 300_000,
  'nova-micro': 128_000,
  'nova-pro': 300_000,

  codellama: 16_384,
  codestral: 32_768,
  'command-r': 131_072,
  'deepseek-chat': 131_072,
  'deepseek-coder': 16_384,
  'deepseek-coder-v2': 163_840,
  'deepseek-r1': 131_072,
  'deepseek-reasoner': 131_072,
  'deepseek-v3': 163_840,
  gemma: 8192,
  gemma2: 8192,
  gemma3: 131_072,
  gemma3n: 32_768,
  'gemma3:1b': 32_768,
  'granite3.1': 131_072,
  'granite3.2': 131_072,
  'granite3.3': 131_072,
  granite4: 131_072,
  llama2: 4096,
  llama3: 8192,
  'llama3.1': 131_072,
  'llama3.2': 131_072,
  'llama3.3': 131_072,
  llama4: 1_048_576,
  mistral: 32_768,
  'mistral-large': 131_072,
  'mistral-nemo': 131_072,
  mixtral: 32_768,
  phi3: 131_072,
  phi4: 16_384,
  'phi4-mini': 131_072,
  qwen2: 32_768,
  'qwen2.5': 32_768,
  qwen3: 40_960,
  'qwen3-coder': 262_144,
  qwq: 40_960,
  smollm2: 8192,
  tinyllama: 2048,
}

/** `library/llama3`, `models/gemini-2.0-flash`, `us.anthropic.claude-...`: who serves the model is no part of its name. */
const SERVED_BY = /^(?:.*\/)?(?:[a-z]{2,}\.)*/

/** The window of a model; null = it is not known. */
export function windowOf(model: string): number | null {
  const name = model.toLowerCase().replace(SERVED_BY, '')
  let best = ''
  for (const id of Object.keys(WINDOWS)) {
    const isOfFamily = name.startsWith(id) && !/^[a-z0-9]/.test(name.slice(id.length))
    if (isOfFamily && id.length > best.length) best = id
  }
  return WINDOWS[best] ?? null
}
