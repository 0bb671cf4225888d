/**
 * What stands on the stack while a function is written as JavaScript. Slot n is the variable `ln`, stack entry n the
 * variable `sn`; but a value that is short and has no effect stays a text until something needs it in its place.
 */
import type { Step } from './shape.ts'
import { Sites } from './sites.ts'

export interface Entry {
  readonly text: string
  readonly kind: 'any' | 'number' | 'bool'
  /** The slot it reads. */
  readonly local?: number
  /** A comparison that is written where it is used: the next instruction takes it, or it is settled. */
  readonly once?: true
}

export class Writer {
  readonly sites = new Sites()
  readonly lines: string[] = []
  /** Units of `room` that a call from here takes: its part of JavaScript's stack. */
  private readonly weight: number
  private entries: Entry[] = []
  /** Word that the variable `at` holds on every path to here. */
  private marked = -1

  constructor(weight: number) {
    this.weight = weight
  }

  emit(line: string): void {
    this.lines.push(line)
  }

  push(text: string, kind: Entry['kind'] = 'any'): void {
    this.entries.push({ text, kind })
  }

  pushLocal(slot: number): void {
    this.entries.push({ text: `l${slot}`, kind: 'any', local: slot })
  }

  pushTest(text: string): void {
    this.entries.push({ text, kind: 'bool', once: true })
  }

  get top(): Entry {
    return this.entries.at(-1)!
  }

  get topIsTest(): boolean {
    return this.entries.at(-1)?.once === true
  }

  pop(): Entry {
    return this.entries.pop()!
  }

  /** The topmost so many values, the lowest first. */
  take(count: number): string[] {
    return this.entries.splice(this.entries.length - count, count).map(({ text }) => text)
  }

  /** Computes a value into its stack variable. */
  set(expression: string, kind: Entry['kind'] = 'any'): void {
    const variable = `s${this.entries.length}`
    if (expression !== variable) this.emit(`${variable}=${expression};`)
    this.push(variable, kind)
  }

  /** Puts every value into its stack variable. */
  settle(): void {
    this.entries = this.entries.map((entry, i) => this.settled(entry, i))
  }

  /** The same for values that read a slot which is about to change. */
  settleReadersOf(slot: number): void {
    this.entries = this.entries.map((entry, i) => (entry.local === slot ? this.settled(entry, i) : entry))
  }

  private settled({ text, kind }: Entry, index: number): Entry {
    if (text !== `s${index}`) this.emit(`s${index}=${text};`)
    return { text: `s${index}`, kind }
  }

  /** Where paths meet, so many values stand in their variables. */
  join(height: number): void {
    this.settle()
    this.entries = numbered('s', height).map((text) => ({ text, kind: 'any' }))
    this.forgetMark()
  }

  /** No path leads on from here. */
  cut(): void {
    this.entries = []
  }

  /** Says which instruction is under way, for one that may fail. */
  mark({ at }: Step): void {
    if (this.marked === at) return
    this.emit(`at=${at};`)
    this.marked = at
  }

  forgetMark(): void {
    this.marked = -1
  }

  /** The room that a call from here leaves to what is called. */
  get room(): string {
    return `room-${this.weight}`
  }

  /** Writes down where the interpreter is to go on. */
  stopAt(pc: number): string {
    return `pc=${pc};h=${this.entries.length};`
  }

  /** A call: its result, or this function stops too. */
  call(step: Step, expression: string): void {
    const variable = `s${this.entries.length}`
    const settling = this.entries.map(({ text }, i) => (text === `s${i}` ? '' : `s${i}=${text};`)).join('')
    this.emit(`if((t=${expression})===UNWOUND){${settling}${this.stopAt(step.next)}break X}${variable}=t;`)
    this.push(variable)
  }
}

export const numbered = (letter: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${letter}${i}`)
