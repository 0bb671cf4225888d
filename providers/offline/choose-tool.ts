import type { ToolSpec } from '../../agents/ports/model.ts'
import { type Filled, fillArguments } from './arguments.ts'
import { identifiers, wordsOf } from './words.ts'

export interface Choice {
  readonly tool: ToolSpec
  readonly arguments: Filled['arguments']
}

/** The tool that has most in common with what was said and whose parameters can be filled from it. */
export function chooseTool(tools: readonly ToolSpec[], text: string): Choice | null {
  let best: (Choice & { readonly score: number }) | null = null
  for (const tool of tools) {
    const filled = fillArguments(tool.parameters, text)
    if (filled === null) continue
    const common = inCommon(tool, text)
    if (common === 0) continue
    const score = 2 * common + filled.recognised
    if (best === null || score > best.score) best = { tool, arguments: filled.arguments, score }
  }
  return best
}

/**
 * Words of the text that also stand in the tool's name, description or parameters. The letters of an identifier
 * count as a word that they begin: `ORD` in `ORD-12345` speaks for a tool about orders.
 */
function inCommon(tool: ToolSpec, text: string): number {
  const about = wordsOf([tool.name, tool.description, ...Object.keys(tool.parameters.properties)].join(' '))
  const said = wordsOf(text)
  const shared = [...said].filter((word) => about.has(word)).length
  const prefixes = identifiers(text).map((id) => /^\p{L}{2,}/u.exec(id)?.[0].toLowerCase())
  const hinted = prefixes.some((prefix) => prefix && [...about].some((word) => word.startsWith(prefix)))
  return shared + (hinted ? 1 : 0)
}
