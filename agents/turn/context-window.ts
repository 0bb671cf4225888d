import type { AgentDecl } from '../../bytecode/manifest.ts'
import type { World } from '../world.ts'
import { windowOf } from './windows.ts'

/** What a model that nobody knows is taken to read and write in one call, tokens. */
const DEFAULT_WINDOW = 128_000

/** Part of the window that history may fill; the rest is for the answer and for tool traffic (chapter 24.5). */
const CONTEXT_SHARE = 0.8

/**
 * Tokens that an agent's model reads and writes in one call: what the agent says itself, else what is known of the
 * model, else the default, with a warning once a model.
 */
export function contextWindow(world: World, { contextWindow, model, provider }: AgentDecl): number {
  const known = contextWindow ?? windowOf(model)
  if (known !== null) return known
  // The stand-in has no window that could be too small.
  if (provider !== 'offline') warnOnce(world, model)
  return DEFAULT_WINDOW
}

/** Tokens that the assembled context of a turn may have. */
export const contextLimit = (world: World, agent: AgentDecl): number =>
  Math.floor(contextWindow(world, agent) * CONTEXT_SHARE)

const warned = new WeakMap<World, Set<string>>()

function warnOnce(world: World, model: string): void {
  const models = warned.get(world) ?? new Set()
  warned.set(world, models)
  if (models.has(model)) return
  models.add(model)
  world.output.warn(
    `the context window of model "${model}" is not known: taken for ${DEFAULT_WINDOW} tokens; state it as \`context_window\` of the agent`,
  )
}
