import { Fault } from '../ports/fault.ts'
import type { TurnStep } from '../ports/sessions.ts'
import type { StepJournal } from './step-journal.ts'

export type ModelStep = Extract<TurnStep, { kind: 'model' }>
export type ToolStep = Extract<TurnStep, { kind: 'tool' }>

/** The steps of one turn in their order: recorded ones are handed out again, new ones are made and recorded. */
export class Steps {
  readonly #journal: StepJournal | null
  #next = 0

  constructor(journal: StepJournal | null) {
    this.#journal = journal
  }

  /** `make` gets the step's number. */
  async model(make: (index: number) => Promise<ModelStep>): Promise<ModelStep> {
    const index = this.#next++
    const earlier = this.#journal?.recorded[index]
    const step = earlier ?? (await this.#record(index, await make(index)))
    if (step.kind !== 'model') throw mismatch(index, 'model', step.kind)
    return step
  }

  /**
   * `make` gets the step's number and calls `begin` right before the tool itself starts. A call that was begun by an earlier try and never
   * finished is made again only when `repeatable`; otherwise `unknown` makes the step.
   */
  async tool(options: {
    readonly repeatable: boolean
    make(index: number, begin: () => Promise<void>): Promise<ToolStep>
    unknown(): ToolStep
  }): Promise<ToolStep> {
    const index = this.#next++
    const journal = this.#journal
    const earlier = journal?.recorded[index]
    if (earlier?.kind === 'model') throw mismatch(index, 'tool', earlier.kind)
    if (earlier) return earlier
    const interrupted = journal?.begun.has(index) && !options.repeatable
    const made = interrupted
      ? options.unknown()
      : await options.make(index, async () => {
          await journal?.begin(index)
        })
    const step = await this.#record(index, made)
    if (step.kind !== 'tool') throw mismatch(index, 'tool', step.kind)
    return step
  }

  async #record(index: number, step: TurnStep): Promise<TurnStep> {
    return this.#journal === null ? step : await this.#journal.record(index, step)
  }
}

const mismatch = (index: number, expected: string, found: string): Fault =>
  new Fault('record_damaged', {
    path: `step ${index} of the turn`,
    problem: `a ${expected} step was expected, found ${found}`,
  })
