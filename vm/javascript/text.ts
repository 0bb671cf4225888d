/**
 * Writes a function as JavaScript. Slots and stack entries become variables, jumps become breaks, loops become loops. The
 * text holds no word of the program: names and texts are reached by number.
 */
import type { FunctionProto } from '../../bytecode/module.ts'
import type { Code } from '../machine/code.ts'
import type { Linked } from '../machine/linked.ts'
import type { Try } from '../machine/unwinding.ts'
import type { Subject } from './calls.ts'
import { INSTRUCTIONS } from './instructions.ts'
import { type Shape, type Span, type Step, shapeOf } from './shape.ts'
import { numbered, Writer } from './writer.ts'

export interface FunctionText {
  /** Body of a function of the library's names and `held`, which answers the function. */
  readonly text: string
  readonly held: readonly unknown[]
  /** Words at which it may be entered, when it is to be entered at the heads of its loops. */
  readonly heads: ReadonlySet<number>
}

/** Null for a function that is left to the interpreter. */
export function functionText(code: Code, linked: Linked, entries: 'start' | 'heads'): FunctionText | null {
  const { constants } = linked.module
  const shape = shapeOf(code.proto, (constant) => constants[constant] as string, entries)
  if (shape === null) return null
  const subject = { code, linked, isRun: entries === 'start' }
  const { text, held } = new FunctionWriter(subject, shape).write()
  return { text, held, heads: new Set(shape.heads.keys()) }
}

/** Stack entries of a function that JavaScript's stack holds at about the cost of a call. */
const ENTRIES_A_CALL = 16

class FunctionWriter {
  private readonly subject: Subject
  private readonly proto: FunctionProto
  private readonly shape: Shape
  private readonly loops: readonly Span[]
  private readonly writer: Writer

  constructor(subject: Subject, shape: Shape) {
    this.subject = subject
    this.proto = subject.code.proto
    this.shape = shape
    this.loops = shape.spans.filter(({ loop }) => loop)
    this.writer = new Writer(1 + Math.floor((this.proto.locals + shape.maxHeight) / ENTRIES_A_CALL))
  }

  write(): { text: string; held: readonly unknown[] } {
    this.body()
    const { sites, lines } = this.writer
    const slots = numbered('l', this.proto.locals)
    const stack = numbered('s', this.shape.maxHeight)
    const self = sites.hold(this.subject.code)
    const tries = sites.hold(this.tries())
    const text = [
      ...(this.subject.isRun ? this.runHead(self, slots, stack) : this.resumeHead(slots, stack)),
      ...this.proto.captures.map((_, cell) => `const c${cell}=cells[${cell}];`),
      'try{X:{',
      ...lines,
      `}}catch(e){return failed(fiber,${self},cells,${tries},at,[${slots}],[${stack}],e)}`,
      `return unwound(fiber,${self},cells,${tries},at,pc,h,[${slots}],[${stack}]);}`,
    ]
    return { text: [...sites.prelude(), ...text].join('\n'), held: sites.held }
  }

  private runHead(self: string, slots: readonly string[], stack: readonly string[]): string[] {
    const { params, cellParams } = this.proto
    const given = slots.slice(0, params.length)
    const others = slots.slice(params.length).map((slot) => `${slot}=null`)
    return [
      `return function run(${['fiber', 'cells', 'room', ...given]}){`,
      'const meter=fiber.meter,G=fiber.globals;',
      `if(--meter.slice<0&&meter.turnEnds()||room<=0)return entered(fiber,${self},cells,[${given}]);`,
      `let ${[...others, ...stack, ...WORKING]};`,
      ...cellParams.map((slot) => `l${slot}=new Cell(l${slot});`),
    ]
  }

  /** Finds its variables as they stand on the fiber's stack at the head of a loop. */
  private resumeHead(slots: readonly string[], stack: readonly string[]): string[] {
    const height = Math.max(0, ...this.shape.heads.values())
    const loaded = [...slots, ...stack.slice(0, height)].map((name, i) => `${name}=stack[base+${i}]`)
    return [
      'return function resume(fiber,cells,room,go,stack,base){',
      'const meter=fiber.meter,G=fiber.globals;',
      `let ${[...loaded, ...stack.slice(height), ...WORKING]};`,
    ]
  }

  /** The TRYs in force at each instruction that has any. */
  private tries(): ReadonlyMap<number, readonly Try[]> {
    const steps = this.shape.steps.filter(({ tries }) => tries.length > 0)
    return new Map(steps.map(({ at, tries }) => [at, tries]))
  }

  private body(): void {
    const { steps, spans } = this.shape
    const open: Span[] = []
    let next = 0
    for (const step of steps) {
      const isReached = step.height >= 0
      if (isReached && (step.isTarget || this.shape.heads.has(step.at))) this.writer.join(step.height)
      while (open.length > 0 && open.at(-1)!.end <= step.at) this.close(open.pop()!)
      const starting: Span[] = []
      for (; spans[next]?.start === step.at; next += 1) starting.push(spans[next]!)
      this.openAll(starting, step.at)
      open.push(...starting)
      if (isReached) this.step(step)
      else this.writer.cut()
    }
    while (open.length > 0) this.close(open.pop()!)
  }

  /** On the way to a loop that is to be resumed, all that comes before it is passed over. */
  private openAll(spans: readonly Span[], at: number): void {
    const loop = spans.findIndex((span) => span.loop)
    const before = loop < 0 ? spans : spans.slice(0, loop)
    for (const { end } of before) this.writer.emit(`B${end}:{`)
    if (at === 0 && !this.subject.isRun) this.passTo(null)
    if (loop < 0) return
    this.writer.emit(`L${at}:for(;;){`)
    for (const { end } of spans.slice(loop + 1)) this.writer.emit(`B${end}:{`)
    if (!this.subject.isRun) this.passTo(spans[loop]!)
  }

  /** Goes on to the loops right within this one, or within none: to the one that holds the loop to be resumed. */
  private passTo(loop: Span | null): void {
    const inside = this.loops.filter((inner) => inner !== loop && (loop === null || isWithin(inner, loop)))
    const nearest = inside.filter(
      (inner) => !inside.some((outer) => outer !== inner && isWithin(inner, outer)),
    )
    const cases = nearest
      .filter(({ start }) => start !== (loop?.start ?? 0))
      .map((near) => {
        const heads = this.loops.filter((inner) => isWithin(inner, near)).map(({ start }) => `case ${start}:`)
        return `${heads.join('')}break B${near.start};`
      })
    const arrived = loop === null ? '' : `case ${loop.start}:go=-1;break;`
    this.writer.emit(
      cases.length === 0 && loop !== null ? 'go=-1;' : `switch(go){${arrived}${cases.join('')}}`,
    )
  }

  private close(_span: Span): void {
    this.writer.emit('}')
    this.writer.forgetMark()
  }

  private step(step: Step): void {
    const { name } = step.op
    if (this.writer.topIsTest && name !== 'JUMP_IF_FALSE' && name !== 'NOT') this.writer.settle()
    INSTRUCTIONS[name](this.writer, step, this.subject)
  }
}

/** Instruction under way; where to go on, and with how many values on the stack; a value between two steps. */
const WORKING = ['at=0', 'pc=0', 'h=0', 't']

const isWithin = (inner: Span, outer: Span): boolean => outer.start <= inner.start && inner.end <= outer.end
