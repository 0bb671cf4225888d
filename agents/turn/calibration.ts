import type { Usage } from '../ports/model.ts'
import type { TokenCounter } from '../ports/tokens.ts'
import type { World } from '../world.ts'
import { ESTIMATE } from './tokens.ts'

/** Requests of fewer estimated tokens tell more about a vendor's overhead than about its tokenizer. */
const LEAST_ESTIMATE = 500
/** No text of a conversation is further from the estimate; a report that is says more about its server. */
const LEAST_RATIO = 0.75
const MOST_RATIO = 4
/** How far one report moves the ratio. */
const WEIGHT = 0.2

/** What models have reported, against what was estimated, since the process began. */
export class Calibration {
  /** Tokens reported for each that was estimated, by model. */
  readonly #ratios = new Map<string, number>()

  /** `estimated` = the estimate of the request whose `usage` the vendor reports. */
  reported(model: string, estimated: number, usage: Usage): void {
    if (usage.estimated || estimated < LEAST_ESTIMATE) return
    const seen = Math.min(Math.max(usage.inputTokens / estimated, LEAST_RATIO), MOST_RATIO)
    const before = this.#ratios.get(model) ?? seen
    this.#ratios.set(model, before + (seen - before) * WEIGHT)
  }

  /** What a request of so many estimated tokens may take: by the reports so far, never less than the estimate. */
  reservation(model: string, estimated: number): number {
    return Math.ceil(estimated * Math.max(1, this.#ratioOf(model)))
  }

  /** The estimate, corrected by what the model has reported so far. */
  counter(model: string): TokenCounter {
    const ratio = this.#ratioOf(model)
    return {
      text: (text) => Math.ceil(ESTIMATE.text(text) * ratio),
      tools: (tools) => Math.ceil(ESTIMATE.tools(tools) * ratio),
      perRequest: 0,
    }
  }

  #ratioOf(model: string): number {
    return this.#ratios.get(model) ?? 1
  }
}

const calibrations = new WeakMap<World, Calibration>()

/** The calibration of a world: it lives as long as it does. */
export function calibrationOf(world: World): Calibration {
  let found = calibrations.get(world)
  if (!found) {
    found = new Calibration()
    calibrations.set(world, found)
  }
  return found
}
