import type { AgentDecl } from '../../bytecode/manifest.ts'
import { Fault } from '../ports/fault.ts'
import type { ModelProvider } from '../ports/model.ts'
import type { World } from '../world.ts'
import { type Price, priceOf } from './prices.ts'

/** What offline, replay and ollama cost: nothing, by declaration (design 9.14). */
const FREE: Price = { input: 0, output: 0, cached: 0 }

/** An agent's model, ready to be called. */
export interface ModelAccess {
  readonly provider: ModelProvider
  /** Null = not known: no cost can be stated and no cost limit kept. */
  readonly price: Price | null
}

/** Throws `provider_not_supported`, `provider_key_missing` or `provider_setup_missing`. */
export async function modelAccess(world: World, agent: AgentDecl): Promise<ModelAccess> {
  const provider = await world.models.for(agent)
  return { provider, price: provider.free ? FREE : priceOf(world.prices, agent.model) }
}

/** The price of an agent's model where a cost limit, by its name, must be kept. Throws `price_unknown`. */
export async function requirePrice(world: World, agent: AgentDecl, limit: string): Promise<Price> {
  const { price } = await modelAccess(world, agent)
  if (price === null) throw new Fault('price_unknown', { model: agent.model, limit })
  return price
}
