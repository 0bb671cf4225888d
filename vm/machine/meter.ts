import { RuntimeError } from '../values/runtime-error.ts'
import type { Limits } from './limits.ts'

/** Steps between two looks at the clock. */
const SLICE = 4096

/** Milliseconds of running at a stretch, after which the process gets to do other things. */
const TURN_MS = 50

/** Looks at the clock between two looks at the memory, which cost more. */
const LOOKS_AT_CLOCK = 16

/** Texts cost a step for so many characters. */
const CHARACTERS_A_STEP = 64

/** Measures one activation against its limits. */
export class Meter {
  readonly limits: Limits
  /** The activation has run for long without a pause. */
  turnIsOver = false
  /** Null until the clock is looked at in this turn. */
  private turnEndsAt: number | null = null
  private readonly now: () => number
  private readonly isShortOfMemory: () => boolean
  private untilMemory = LOOKS_AT_CLOCK
  /** Steps left beyond the current slice. */
  private fuel: number
  /** Steps left in the current slice. Translated code counts down here itself. */
  slice = 0

  constructor(limits: Limits, world: { now(): number; isShortOfMemory(): boolean }) {
    this.limits = limits
    this.now = () => world.now()
    this.isShortOfMemory = () => world.isShortOfMemory()
    this.fuel = limits.fuel
  }

  /** One step. */
  tick(): void {
    this.slice -= 1
    if (this.slice < 0) this.refill()
  }

  /** Something was waited for: the process has had its turn. */
  startTurn(): void {
    this.turnIsOver = false
    this.turnEndsAt = null
  }

  /** Work of so many steps at once. */
  charge(steps: number): void {
    this.slice -= steps
    if (this.slice < 0) this.refill()
  }

  /** A text of this length is about to be made. */
  text(length: number): void {
    if (length > this.limits.maxTextLength) {
      throw new RuntimeError('limit', `a text would be longer than ${this.limits.maxTextLength} characters`)
    }
    this.walk(length)
  }

  /** A text of this length is walked through. */
  walk(length: number): void {
    if (length >= CHARACTERS_A_STEP) this.charge(Math.floor(length / CHARACTERS_A_STEP))
  }

  /** A collection of this size is about to be made. */
  items(count: number): void {
    if (count > this.limits.maxItems) {
      throw new RuntimeError('limit', `a collection would have more than ${this.limits.maxItems} elements`)
    }
  }

  /** To be called when the slice is used up; whether the turn is over then. */
  turnEnds(): boolean {
    this.refill()
    return this.turnIsOver
  }

  /** To be called when the slice is used up. */
  refill(): void {
    if (this.fuel + this.slice < 0) {
      throw new RuntimeError('fuel', `stopped after ${this.limits.fuel} steps; is there an endless loop?`)
    }
    const { deadlineAt } = this.limits
    const now = this.now()
    this.turnEndsAt ??= now + TURN_MS
    this.turnIsOver = now >= this.turnEndsAt
    if (deadlineAt !== null && now >= deadlineAt) throw new RuntimeError('deadline', 'out of time')
    this.lookAtMemory()
    this.fuel += this.slice
    // The next step looks again: where it can, it pauses.
    this.slice = this.turnIsOver ? 0 : Math.min(SLICE, this.fuel)
    this.fuel -= this.slice
  }

  /** Limits of single texts and collections do not bound their number. */
  private lookAtMemory(): void {
    this.untilMemory -= 1
    if (this.untilMemory > 0) return
    this.untilMemory = LOOKS_AT_CLOCK
    if (this.isShortOfMemory()) {
      throw new RuntimeError(
        'memory',
        'stopped: the process is running out of memory; does the program keep too much?',
      )
    }
  }
}
