import type { TokenCounter } from '../ports/tokens.ts'
import type { World } from '../world.ts'
import { calibrationOf } from './calibration.ts'
import { ESTIMATE, UPPER_BOUND } from './tokens.ts'

/**
 * By which to decide what fits into `limit`. Where all fits for certain, whatever the tokenizer, the estimate that
 * costs nothing; where it is in doubt, the model's own tokenizer, else the estimate calibrated by reported usage.
 * `total` counts everything that is to be decided upon.
 */
export async function tokenCounter(
  world: World,
  model: string,
  total: (counter: TokenCounter) => number,
  limit: number,
): Promise<TokenCounter> {
  if (total(UPPER_BOUND) <= limit) return ESTIMATE
  return (await world.tokenizers.for(model)) ?? calibrationOf(world).counter(model)
}
