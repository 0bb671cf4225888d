/**
 * Writes a function as JavaScript. Slots and stack entries become variables, jumps become breaks, and the common case of
 * each instruction stands in the text; the rest is the machine's own functions. The text holds no word of the program:
 * names and texts are reached by number.
 */
import type { Capture, FunctionProto } from '../../bytecode/module.ts'
import { fieldNames, OP } from '../../bytecode/opcode.ts'
import type { Code } from '../machine/code.ts'
import type { Linked } from '../machine/linked.ts'
import type { Try } from '../machine/unwinding.ts'
import type { Native } from '../natives/native.ts'
import { callTarget, isFixed } from './fixed.ts'
import { type Shape, type Span, type Step, shapeOf } from './shape.ts'
import { Sites } from './sites.ts'

/** A value that has been computed but stands in no stack variable yet. */
interface Entry {
  /** Short, and without effect but for `once`. */
  readonly text: string
  readonly kind: 'any' | 'number' | 'bool'
  /** The slot it reads. */
  readonly local?: number
  /** A comparison that is written where it is used: the next instruction takes it or it is settled. */
  readonly once?: true
}

export interface FunctionText {
  /** A function of `library` and `links` that answers the function. */
  readonly text: string
  readonly sites: Sites
  readonly heads: ReadonlySet<number>
}

/** Null for a function that is left to the interpreter. */
export function functionText(code: Code, linked: Linked, entries: 'start' | 'heads'): FunctionText | null {
  const { constants } = linked.module
  const shape = shapeOf(code.proto, (constant) => constants[constant] as string, entries)
  if (shape === null) return null
  const writer = new Writer(code, linked, shape, entries)
  return { text: writer.write(), sites: writer.sites, heads: new Set(shape.heads.keys()) }
}

class Writer {
  readonly sites = new Sites()
  private readonly code: Code
  private readonly proto: FunctionProto
  private readonly linked: Linked
  private readonly shape: Shape
  private readonly entries: 'start' | 'heads'
  private readonly lines: string[] = []
  private entriesOnStack: Entry[] = []
  /** Word that the variable `at` holds on every path to here. */
  private marked = -1
  /** How much of the room a call from here takes: its part of JavaScript's stack, in units of a small function. */
  private readonly weight: number

  constructor(code: Code, linked: Linked, shape: Shape, entries: 'start' | 'heads') {
    this.code = code
    this.proto = code.proto
    this.linked = linked
    this.shape = shape
    this.entries = entries
    this.weight = 1 + ((this.proto.locals + shape.maxHeight) >> 4)
  }

  write(): string {
    this.body()
    const { locals, captures, params } = this.proto
    const slots = numbered('l', locals)
    const stack = numbered('s', this.shape.maxHeight)
    const self = this.sites.hold(this.code)
    const tries = this.sites.hold(this.tries())
    const state = `[${slots}],[${stack}]`
    const start = this.entries === 'start'
    const declared = start
      ? [...slots.slice(params.length).map((slot) => `${slot}=null`), ...stack]
      : this.loaded(slots, stack)
    return [
      ...this.sites.prelude(),
      start
        ? `return function run(${['fiber,cells,room', ...slots.slice(0, params.length)].join(',')}){`
        : 'return function resume(fiber,cells,room,go,stack,base){',
      'const meter=fiber.meter,G=fiber.globals;',
      start
        ? `if(--meter.slice<0&&meter.turnEnds()||room<=0)return entered(fiber,${self},cells,[${slots.slice(0, params.length)}]);`
        : '',
      `let ${[...declared, 'at=0', 'pc=0', 'h=0', 't'].join(',')};`,
      captures.length > 0 ? `const ${captures.map((_, i) => `c${i}=cells[${i}]`).join(',')};` : '',
      start ? this.proto.cellParams.map((slot) => `l${slot}=new Cell(l${slot});`).join('') : '',
      'try{X:{',
      ...this.lines,
      `}}catch(e){return failed(fiber,${self},cells,${tries},at,${state},e)}`,
      `return unwound(fiber,${self},cells,${tries},at,pc,h,${state});`,
      '}',
    ].join('\n')
  }

  /** The TRYs in force at each instruction that has any. */
  private tries(): ReadonlyMap<number, readonly Try[]> {
    return new Map(
      this.shape.steps.filter(({ tries }) => tries.length > 0).map(({ at, tries }) => [at, tries]),
    )
  }

  /** Variables as they stand on the fiber's stack at the head of a loop. */
  private loaded(slots: readonly string[], stack: readonly string[]): string[] {
    const height = Math.max(0, ...this.shape.heads.values())
    return [
      ...slots.map((slot, i) => `${slot}=stack[base+${i}]`),
      ...stack.map((entry, i) => (i < height ? `${entry}=stack[base+${slots.length + i}]` : entry)),
    ]
  }

  private body(): void {
    const { steps, spans } = this.shape
    const open: Span[] = []
    let next = 0
    let outside = this.entries === 'heads'
    const enterOutermost = () => {
      if (outside) this.enterLoops(null)
      outside = false
    }
    for (const step of steps) {
      if (step.height >= 0 && (step.isTarget || this.shape.heads.has(step.at))) this.join(step)
      while (open.length > 0 && open.at(-1)!.end <= step.at) this.close(open.pop()!)
      let loop: Span | null = null
      for (; next < spans.length && spans[next]!.start === step.at; next += 1) {
        if (spans[next]!.loop) {
          enterOutermost()
          loop = spans[next]!
        }
        this.open(spans[next]!)
        open.push(spans[next]!)
      }
      enterOutermost()
      if (loop !== null && this.entries === 'heads') this.enterLoops(loop)
      if (step.height >= 0) this.step(step)
      else this.entriesOnStack = []
    }
    while (open.length > 0) this.close(open.pop()!)
  }

  /** Where paths meet, every value stands in its stack variable. */
  private join(step: Step): void {
    this.settle()
    this.entriesOnStack = numbered('s', step.height).map((text) => ({ text, kind: 'any' }))
    this.marked = -1
  }

  private open(span: Span): void {
    this.emit(span.loop ? `L${span.start}:for(;;){` : `B${span.end}:{`)
  }

  /** On the way to the loop that is to be resumed: past all that comes before it. */
  private enterLoops(loop: Span | null): void {
    const loops = this.shape.spans.filter((span) => span.loop)
    const within = (inner: Span, outer: Span) => outer.start <= inner.start && inner.end <= outer.end
    const inside = loops.filter((inner) => inner !== loop && (loop === null || within(inner, loop)))
    const own = loop === null ? '' : `case ${loop.start}:go=-1;break;`
    const right = inside.filter((inner) => !inside.some((outer) => outer !== inner && within(inner, outer)))
    if (loop !== null && right.length === 0) {
      this.emit('go=-1;')
      return
    }
    const from = loop?.start ?? 0
    const cases = right
      .filter(({ start }) => start !== from)
      .map((to) => {
        const heads = loops.filter((inner) => within(inner, to)).map(({ start }) => `case ${start}:`)
        return `${heads.join('')}break B${to.start};`
      })
    this.emit(`if(go>=0)switch(go){${own}${cases.join('')}}`)
  }

  private close(_span: Span): void {
    this.emit('}')
    this.marked = -1
  }

  private step(step: Step): unknown {
    const top = this.entriesOnStack.at(-1)
    if (top?.once && step.opcode !== OP.JUMP_IF_FALSE && step.opcode !== OP.NOT) this.settle()
    const [a = 0, b = 0, c = 0] = step.operands
    switch (step.opcode) {
      case OP.CONST:
        return this.constant(a)
      case OP.NIL:
        return this.push('null')
      case OP.TRUE:
        return this.push('true', 'bool')
      case OP.FALSE:
        return this.push('false', 'bool')
      case OP.POP:
        this.pop()
        return
      case OP.DUP: {
        this.settle()
        const { text, kind } = this.entriesOnStack.at(-1)!
        return this.push(text, kind)
      }
      case OP.GET_LOCAL:
        this.entriesOnStack.push({ text: `l${a}`, kind: 'any', local: a })
        return
      case OP.SET_LOCAL:
      case OP.NEW_CELL: {
        const { text } = this.pop()
        this.settleReadersOf(a)
        return this.emit(`l${a}=${step.opcode === OP.NEW_CELL ? `new Cell(${text})` : text};`)
      }
      case OP.GET_CELL:
        return this.set(`l${a}.value`)
      case OP.SET_CELL:
        return this.emit(`l${a}.value=${this.pop().text};`)
      case OP.GET_UPVALUE:
        return this.set(`c${a}.value`)
      case OP.SET_UPVALUE:
        return this.emit(`c${a}.value=${this.pop().text};`)
      case OP.GET_GLOBAL:
        return isFixed(this.linked, a)
          ? this.push(this.sites.hold(this.linked.globals[a]))
          : this.set(`G[${a}]`)
      case OP.SET_GLOBAL:
        return this.emit(`G[${a}]=${this.pop().text};`)
      case OP.NATIVE:
        return this.push(this.sites.hold(this.linked.nativeValues[a]))

      case OP.ADD:
        return this.arithmetic(step, '+', 'add(A,B,meter)', 'any')
      case OP.SUB:
        return this.arithmetic(step, '-', 'subtract(A,B)', 'number')
      case OP.MUL:
        return this.arithmetic(step, '*', 'multiply(A,B,meter)', 'any')
      case OP.DIV:
        return this.arithmetic(step, '/', 'divide(A,B)', 'number')
      case OP.MOD:
        return this.arithmetic(step, '%', 'remainder(A,B)', 'number')
      case OP.NEG: {
        const { text } = this.pop()
        this.mark(step)
        return this.set(`typeof ${text}==='number'?-${text}:negate(${text})`, 'number')
      }
      case OP.NOT: {
        const entry = this.pop()
        this.entriesOnStack.push({ text: `!${truth(entry)}`, kind: 'bool', once: true })
        return
      }
      case OP.EQ:
        return this.equality(step, '')
      case OP.NE:
        return this.equality(step, '!')
      case OP.LT:
        return this.comparison(step, '<')
      case OP.LE:
        return this.comparison(step, '<=')
      case OP.GT:
        return this.comparison(step, '>')
      case OP.GE:
        return this.comparison(step, '>=')
      case OP.IN: {
        const [element, container] = this.take(2)
        this.mark(step)
        return this.set(`contains(${container},${element},meter)`, 'bool')
      }

      case OP.JUMP:
        this.settle()
        return this.emit(`break B${step.next + a};`)
      case OP.JUMP_IF_FALSE: {
        const test = truth(this.pop())
        this.settle()
        return this.emit(`if(!${test})break B${step.next + a};`)
      }
      case OP.AND:
      case OP.OR: {
        this.settle()
        const test = truth(this.pop())
        return this.emit(`if(${step.opcode === OP.AND ? '!' : ''}${test})break B${step.next + a};`)
      }
      case OP.LOOP:
        return this.loop(step, step.next - a)
      case OP.RETURN:
        return this.emit(`return ${this.pop().text};`)
      case OP.THROW:
        this.mark(step)
        return this.emit(`throw new Raised(${this.pop().text});`)
      case OP.TRY:
        // the handler finds what stands below it
        return this.settle()
      case OP.END_TRY:
        return

      case OP.CALL:
        return this.call(step, a)
      case OP.CALL_GLOBAL:
        return this.callGlobal(step, a, b)
      case OP.CALL_NATIVE:
        return this.callNative(step, a, b)
      case OP.CALL_METHOD:
        return this.callMethod(step, a, b)
      case OP.CLOSURE:
        return this.closure(a)
      case OP.SPAWN: {
        const { text } = this.pop()
        this.mark(step)
        return this.result(step, `spawn(fiber,${this.sites.hold(this.linked.module.constants[a])},${text})`)
      }

      case OP.LIST:
        return this.set(`[${this.take(a)}]`)
      case OP.TUPLE:
        return this.set(`new TupleValue([${this.take(a)}])`)
      case OP.MAP: {
        const parts = this.take(2 * a)
        if (a > 0) this.mark(step)
        return this.set(a === 0 ? 'new Map()' : `mapOf([${parts}],meter)`)
      }
      case OP.LIST_PUSH:
        return this.fill(step, 1, ([list, value]) => `listToFill(${list},meter).push(${value})`)
      case OP.LIST_SPREAD:
        return this.fill(step, 1, ([list, value]) => `spreadInto(listToFill(${list},meter),${value},meter)`)
      case OP.MAP_SET:
        return this.fill(step, 2, ([map, key, value]) => `setKey(mapToFill(${map}),${key},${value},meter)`)
      case OP.MAP_SPREAD:
        return this.fill(step, 1, ([map, value]) => `spreadEntries(mapToFill(${map}),${value},meter)`)
      case OP.GET_INDEX: {
        const [base, index] = this.take(2)
        this.mark(step)
        return this.set(`${inList(base!, index!)}?${base}[${index}]:getIndex(${base},${index})`)
      }
      case OP.SET_INDEX: {
        const [base, index, value] = this.take(3)
        this.mark(step)
        this.emit(
          `if(${inList(base!, index!)})${base}[${index}]=${value};else setIndex(${base},${index},${value},meter);`,
        )
        return this.set(value!)
      }
      case OP.GET_PROPERTY: {
        const { text } = this.pop()
        const site = this.sites.hold({ name: this.linked.module.constants[a], type: null, index: 0 })
        this.mark(step)
        return this.set(
          `${text} instanceof StructValue&&${text}.type===${site}.type?${text}.fields[${site}.index]:property(fiber,${site},${text})`,
        )
      }
      case OP.SET_PROPERTY: {
        const [base, value] = this.take(2)
        this.mark(step)
        this.emit(`setProperty(${base},${this.sites.hold(this.linked.module.constants[a])},${value},meter);`)
        return this.set(value!)
      }
      case OP.SLICE: {
        const parts = this.take(4)
        this.mark(step)
        return this.set(`slice(${parts},meter)`)
      }
      case OP.FORMAT: {
        const parts = this.take(a)
        this.mark(step)
        return this.set(`joinTexts([${parts}],meter)`)
      }
      case OP.UNPACK:
      case OP.UNPACK_REST: {
        const { text } = this.pop()
        const rest = step.opcode === OP.UNPACK_REST
        this.mark(step)
        this.emit(`t=unpackable(${text},${a},${rest});`)
        if (rest) this.set(`t.slice(${a})`)
        for (let i = a - 1; i >= 0; i -= 1) this.set(`t[${i}]`)
        return
      }

      case OP.ITER: {
        const { text } = this.pop()
        this.mark(step)
        return this.set(`walk(${text},meter)`)
      }
      case OP.ITER_NEXT:
      case OP.ITER_NEXT_PAIR: {
        this.settle()
        const walk = this.entriesOnStack.at(-1)!.text
        this.emit(`if(!${walk}.next())break B${step.next + a};`)
        if (step.opcode === OP.ITER_NEXT) return this.set(`${walk}.single()`)
        this.set(`${walk}.value`)
        return this.set(`${walk}.key`)
      }

      case OP.CONSTRUCT:
      case OP.COPY_WITH: {
        const made = step.opcode === OP.CONSTRUCT
        const names = fieldNames(this.linked.module.constants[made ? b : a] as string)
        const base = made ? this.sites.hold(this.linked.module.types[a]) : null
        const values = this.take(names.length)
        const subject = base ?? this.pop().text
        this.mark(step)
        return this.set(
          `${made ? 'structByName' : 'copyWith'}(${subject},${this.sites.hold(names)},[${values}])`,
        )
      }
      case OP.VARIANT: {
        const values = this.take(c)
        this.mark(step)
        return this.set(`makeVariant(${this.sites.hold(this.linked.module.types[a])},${b},[${values}])`)
      }
      case OP.MATCH_VARIANT: {
        this.settle()
        const name = this.sites.hold(this.linked.module.constants[a])
        this.mark(step)
        return this.emit(
          `if(!matchesVariant(${this.entriesOnStack.at(-1)!.text},${name},${b - 1}))break B${step.next + c};`,
        )
      }
      case OP.VARIANT_FIELD: {
        this.settle()
        this.mark(step)
        return this.set(`variantField(${this.entriesOnStack.at(-1)!.text},${a})`)
      }
      case OP.NO_MATCH:
        this.mark(step)
        return this.emit(`throw noMatch(${this.pop().text});`)
      case OP.EMIT: {
        const { text } = this.pop()
        this.mark(step)
        return this.emit(`fiber.host.emit(joinTexts([${text}],meter));`)
      }
      default:
        throw new TypeError(`opcode ${step.opcode} has no translation`)
    }
  }

  // the stack of values

  private push(text: string, kind: Entry['kind'] = 'any'): void {
    this.entriesOnStack.push({ text, kind })
  }

  private pop(): Entry {
    return this.entriesOnStack.pop()!
  }

  /** The topmost so many values, the lowest first. */
  private take(count: number): string[] {
    return this.entriesOnStack.splice(this.entriesOnStack.length - count, count).map(({ text }) => text)
  }

  /** Computes a value into its stack variable. */
  private set(expression: string, kind: Entry['kind'] = 'any'): void {
    const variable = `s${this.entriesOnStack.length}`
    if (expression !== variable) this.emit(`${variable}=${expression};`)
    this.push(variable, kind)
  }

  private settle(): void {
    this.entriesOnStack = this.entriesOnStack.map((entry, i) => this.settled(entry, i))
  }

  private settleReadersOf(slot: number): void {
    this.entriesOnStack = this.entriesOnStack.map((entry, i) =>
      entry.local === slot ? this.settled(entry, i) : entry,
    )
  }

  private settled({ text, kind }: Entry, index: number): Entry {
    if (text !== `s${index}`) this.emit(`s${index}=${text};`)
    return { text: `s${index}`, kind }
  }

  private emit(line: string): void {
    this.lines.push(line)
  }

  /** Says which instruction is under way, for one that may fail. */
  private mark({ at }: Step): void {
    if (this.marked === at) return
    this.emit(`at=${at};`)
    this.marked = at
  }

  // instructions

  private constant(index: number): void {
    const value = this.linked.module.constants[index]!
    this.push(this.sites.hold(value), typeof value === 'number' ? 'number' : 'any')
  }

  private arithmetic(step: Step, operator: string, otherwise: string, kind: Entry['kind']): void {
    const right = this.pop()
    const left = this.pop()
    const checks = [left, right]
      .filter((entry) => entry.kind !== 'number')
      .map(({ text }) => `typeof ${text}==='number'`)
    if ((operator === '/' || operator === '%') && !/^\([1-9]/.test(right.text))
      checks.push(`${right.text}!==0`)
    const fast = `${left.text}${operator}${right.text}`
    if (checks.length === 0) return this.set(fast, 'number')
    this.mark(step)
    const slow = otherwise.replace('A', left.text).replace('B', right.text)
    this.set(`${checks.join('&&')}?${fast}:${slow}`, kind)
  }

  private comparison(step: Step, operator: string): void {
    const right = this.pop()
    const left = this.pop()
    const checks = [left, right]
      .filter((entry) => entry.kind !== 'number')
      .map(({ text }) => `typeof ${text}==='number'`)
    const fast = `${left.text}${operator}${right.text}`
    this.mark(step)
    const text =
      checks.length === 0
        ? `(${fast})`
        : `(${checks.join('&&')}?${fast}:compare(${left.text},${right.text})${operator}0)`
    this.entriesOnStack.push({ text, kind: 'bool', once: true })
  }

  private equality(step: Step, not: string): void {
    const right = this.pop().text
    const left = this.pop().text
    this.mark(step)
    const deep = `typeof ${left}==='object'&&typeof ${right}==='object'&&equal(${left},${right},meter)`
    this.entriesOnStack.push({ text: `${not}(${left}===${right}||${deep})`, kind: 'bool', once: true })
  }

  private loop(step: Step, head: number): void {
    this.settle()
    this.emit(
      `if(--meter.slice<0&&(at=${step.at},meter.turnEnds())){${this.stopAt(head)}pauses(fiber);break X}continue L${head};`,
    )
  }

  /** Writes down where the interpreter is to go on. All values must stand in their variables. */
  private stopAt(pc: number): string {
    return `pc=${pc};h=${this.entriesOnStack.length};`
  }

  /** A call: its result, or this function stops too. */
  private result(step: Step, expression: string): void {
    const variable = `s${this.entriesOnStack.length}`
    const settling = this.entriesOnStack
      .map(({ text }, i) => (text === `s${i}` ? '' : `s${i}=${text};`))
      .join('')
    this.emit(`if((t=${expression})===UNWOUND){${settling}${this.stopAt(step.next)}break X}${variable}=t;`)
    this.push(variable)
  }

  private call(step: Step, count: number): void {
    const args = this.take(count)
    const callee = this.pop().text
    this.mark(step)
    const direct = `${callee}.code.run(${['fiber', `${callee}.cells`, this.room(), ...args].join(',')})`
    this.result(
      step,
      `${callee} instanceof Closure&&${callee}.direct===${count}?${direct}:callValue(fiber,${callee},[${args}],${this.room()})`,
    )
  }

  private callGlobal(step: Step, global: number, count: number): void {
    const args = this.take(count)
    const target = callTarget(this.linked, global)
    this.mark(step)
    if (target === null) {
      this.emit(`t=G[${global}];`)
      const direct = `t.code.run(${['fiber', 't.cells', this.room(), ...args].join(',')})`
      this.result(
        step,
        `t instanceof Closure&&t.direct===${count}?${direct}:callValue(fiber,t,[${args}],${this.room()})`,
      )
    } else if (target.kind === 'struct') {
      this.set(`structByPosition(${this.sites.hold(target.type)},[${args}])`)
    } else {
      this.callCode(step, target.code, args)
    }
  }

  /** Calls a function that is known and captures nothing. */
  private callCode(step: Step, code: Code, args: readonly string[]): void {
    const { defaults = [], params } = code.proto
    const missing = params.length - args.length
    if (missing < 0 || missing > defaults.length) {
      return this.result(step, `invoke(fiber,${this.sites.hold(code)},NO_CELLS,[${args}],${this.room()})`)
    }
    const given = [
      ...args,
      ...defaults.slice(defaults.length - missing).map((value) => this.sites.hold(value)),
    ]
    const run = code === this.code && this.entries === 'start' ? 'run' : `${this.sites.hold(code)}.run`
    this.result(step, `${run}(${['fiber', 'NO_CELLS', this.room(), ...given].join(',')})`)
  }

  private callNative(step: Step, index: number, count: number): void {
    const native = this.linked.natives[index]!
    const args = this.take(count)
    this.mark(step)
    if (native.mode !== 'plain' || count < native.min || count > native.max) {
      return this.result(
        step,
        `callNative(fiber,${this.sites.hold(native)},${count},[${args}],${this.room()})`,
      )
    }
    this.emit('if(--meter.slice<0)meter.refill();')
    const general = `plain(fiber,${this.sites.hold(native)},[${args}])`
    const short = shortcut(native, args)
    this.set(short === null ? general : `${short}:${general}`)
  }

  private callMethod(step: Step, nameIndex: number, count: number): void {
    const args = this.take(count + 1)
    const receiver = args[0]!
    const site = this.sites.hold(this.sites.method(this.linked.module.constants[nameIndex] as string))
    this.mark(step)
    const direct = `${site}.code.run(${['fiber', 'NO_CELLS', this.room(), ...args].join(',')})`
    this.result(
      step,
      `${receiver} instanceof StructValue&&${receiver}.type===${site}.type&&${site}.arity===${count + 1}?${direct}:callMethod(fiber,${site},[${args}],${this.room()})`,
    )
  }

  private closure(index: number): void {
    const { code } = this.linked.functions[index]!
    const cells = code.proto.captures.map(
      ({ from, index: cell }: Capture) => `${from === 'local' ? 'l' : 'c'}${cell}`,
    )
    this.set(`new Closure(${this.sites.hold(code)},[${cells}])`)
  }

  /** Changes the value under the topmost `count`, and keeps it. */
  private fill(step: Step, count: number, change: (parts: readonly string[]) => string): void {
    const parts = this.take(count + 1)
    this.mark(step)
    this.emit(`${change(parts)};`)
    this.set(parts[0]!)
  }

  private room(): string {
    return `room-${this.weight}`
  }
}

const numbered = (letter: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${letter}${i}`)

const truth = ({ text, kind }: Entry): string =>
  kind === 'bool' ? text : kind === 'number' ? 'true' : `(${text}!==null&&${text}!==false)`

/** Whether a place of a list is meant that exists. */
const inList = (base: string, index: string): string =>
  `Array.isArray(${base})&&typeof ${index}==='number'&&(${index}>>>0)===${index}&&${index}<${base}.length`

/** The common case of the natives that loops are made of, up to its `:`. */
function shortcut(native: Native, args: readonly string[]): string | null {
  const [first, second] = args
  if (native.name === 'len') return `Array.isArray(${first})?${first}.length`
  if (native.name === 'push') {
    return `Array.isArray(${first})&&${first}.length<meter.limits.maxItems?(${first}.push(${second}),${first})`
  }
  return null
}
