/** Tokens that a model reads and writes in one call, by model id; the longest id that the model starts with wins. */
const WINDOWS: Readonly<Record<string, number>> = {
  'gpt-4o': 128_000,
  'gpt-4-turbo': 128_000,
  'gpt-4': 8_192,
  'gpt-4.1': 1_000_000,
  'gpt-5': 400_000,
  'gpt-3.5-turbo': 16_385,
  o1: 200_000,
  'o1-mini': 128_000,
  o3: 200_000,
  claude: 200_000,
  'gemini-1.5': 1_000_000,
  'gemini-2': 1_000_000,
  'llama3.2': 128_000,
  'llama3.1': 128_000,
  llama3: 8_192,
}

const DEFAULT_WINDOW = 128_000

/** Part of the window that history may fill; the rest is for the answer and for tool traffic (chapter 24.5). */
const CONTEXT_SHARE = 0.8

export function contextWindow(model: string): number {
  let best = ''
  for (const id of Object.keys(WINDOWS)) {
    if (model.startsWith(id) && id.length > best.length) best = id
  }
  return WINDOWS[best] ?? DEFAULT_WINDOW
}

/** Tokens that the assembled context of a turn may have. */
export const contextLimit = (model: string): number => Math.floor(contextWindow(model) * CONTEXT_SHARE)
