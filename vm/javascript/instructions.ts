/**
 * Each instruction as JavaScript. The common case stands in the text, the rest is the machine's own functions, so that
 * both ways of running a program have one meaning.
 */
import { jumpTarget } from '../../bytecode/chunk.ts'
import type { StructType } from '../../bytecode/module.ts'
import { fieldNames, type OpcodeName } from '../../bytecode/opcode.ts'
import type { Linked } from '../machine/linked.ts'
import { type Subject, writeCall, writeCallGlobal, writeCallMethod, writeCallNative } from './calls.ts'
import { isFixed } from './fixed.ts'
import type { Step } from './shape.ts'
import type { Entry, Writer } from './writer.ts'

type Write = (writer: Writer, step: Step, subject: Subject) => void

const constant = (writer: Writer, subject: Subject, index: number): string =>
  writer.sites.hold(subject.linked.module.constants[index])

/** The block that a forward jump breaks out of. */
const target = (step: Step): string => `B${jumpTarget(step)}`

const truth = ({ text, kind }: Entry): string =>
  kind === 'bool' ? text : kind === 'number' ? 'true' : `(${text}!==null&&${text}!==false)`

const areNumbers = (...entries: readonly Entry[]): string[] =>
  entries.filter(({ kind }) => kind !== 'number').map(({ text }) => `typeof ${text}==='number'`)

/** A divisor that is written in the program and is not 0. */
const isNonzero = ({ text }: Entry): boolean => /^\([1-9]/.test(text)

/** `slow` is the call that does the rest: `add(A,B,meter)`. */
const arithmetic =
  (operator: string, slow: string, kind: Entry['kind']): Write =>
  (writer, step) => {
    const [right, left] = [writer.pop(), writer.pop()]
    const checks = areNumbers(left, right)
    if ('/%'.includes(operator) && !isNonzero(right)) checks.push(`${right.text}!==0`)
    const fast = `${left.text}${operator}${right.text}`
    if (checks.length === 0) {
      writer.set(fast, 'number')
      return
    }
    writer.mark(step)
    const rest = slow.replace('A', left.text).replace('B', right.text)
    writer.set(`${checks.join('&&')}?${fast}:${rest}`, kind)
  }

const comparison =
  (operator: string): Write =>
  (writer, step) => {
    const [right, left] = [writer.pop(), writer.pop()]
    const checks = areNumbers(left, right)
    const fast = `${left.text}${operator}${right.text}`
    const slow = `compare(${left.text},${right.text})${operator}0`
    writer.mark(step)
    writer.pushTest(checks.length === 0 ? `(${fast})` : `(${checks.join('&&')}?${fast}:${slow})`)
  }

const equality =
  (not: '' | '!'): Write =>
  (writer, step) => {
    const [a, b] = writer.take(2)
    writer.mark(step)
    const deep = `typeof ${a}==='object'&&typeof ${b}==='object'&&equal(${a},${b},meter)`
    writer.pushTest(`${not}(${a}===${b}||${deep})`)
  }

/** Takes values and computes one of them. */
const computes =
  (count: number, expression: (...values: string[]) => string, kind: Entry['kind'] = 'any'): Write =>
  (writer, step) => {
    const values = writer.take(count)
    writer.mark(step)
    writer.set(expression(...values), kind)
  }

/** Changes the value under the topmost `count`, and keeps it. */
const fills =
  (count: number, change: (...values: string[]) => string): Write =>
  (writer, step) => {
    const values = writer.take(count + 1)
    writer.mark(step)
    writer.emit(`${change(...values)};`)
    writer.set(values[0]!)
  }

/** Tests the top and leaves it where it is when it jumps. */
const keeps =
  (not: '' | '!'): Write =>
  (writer, step) => {
    writer.settle()
    writer.emit(`if(${not}${truth(writer.pop())})break ${target(step)};`)
  }

const unpacks =
  (rest: boolean): Write =>
  (writer, step) => {
    const [count = 0] = step.operands
    const { text } = writer.pop()
    writer.mark(step)
    writer.emit(`t=unpackable(${text},${count},${rest});`)
    if (rest) writer.set(`t.slice(${count})`)
    for (let i = count - 1; i >= 0; i -= 1) writer.set(`t[${i}]`)
  }

/** Whether a place of a list is meant that exists. */
const inList = (base: string, index: string): string =>
  `Array.isArray(${base})&&typeof ${index}==='number'&&(${index}>>>0)===${index}&&${index}<${base}.length`

export const INSTRUCTIONS: Readonly<Record<OpcodeName, Write>> = {
  CONST: (writer, { operands: [index = 0] }, subject) => {
    const isNumber = typeof subject.linked.module.constants[index] === 'number'
    writer.push(constant(writer, subject, index), isNumber ? 'number' : 'any')
  },
  NIL: (writer) => writer.push('null'),
  TRUE: (writer) => writer.push('true', 'bool'),
  FALSE: (writer) => writer.push('false', 'bool'),
  POP: (writer) => {
    writer.pop()
  },
  DUP: (writer) => {
    writer.settle()
    writer.push(writer.top.text, writer.top.kind)
  },

  GET_LOCAL: (writer, { operands: [slot = 0] }) => writer.pushLocal(slot),
  SET_LOCAL: (writer, { operands: [slot = 0] }) => {
    const { text } = writer.pop()
    writer.settleReadersOf(slot)
    writer.emit(`l${slot}=${text};`)
  },
  NEW_CELL: (writer, { operands: [slot = 0] }) => {
    const { text } = writer.pop()
    writer.settleReadersOf(slot)
    writer.emit(`l${slot}=new Cell(${text});`)
  },
  GET_CELL: (writer, { operands: [slot] }) => writer.set(`l${slot}.value`),
  SET_CELL: (writer, { operands: [slot] }) => writer.emit(`l${slot}.value=${writer.pop().text};`),
  GET_UPVALUE: (writer, { operands: [cell] }) => writer.set(`c${cell}.value`),
  SET_UPVALUE: (writer, { operands: [cell] }) => writer.emit(`c${cell}.value=${writer.pop().text};`),
  GET_GLOBAL: (writer, { operands: [global = 0] }, { linked }) => {
    if (isFixed(linked, global)) writer.push(writer.sites.hold(linked.globals[global]))
    else writer.set(`G[${global}]`)
  },
  SET_GLOBAL: (writer, { operands: [global] }) => writer.emit(`G[${global}]=${writer.pop().text};`),
  NATIVE: (writer, { operands: [index = 0] }, { linked }) =>
    writer.push(writer.sites.hold(linked.nativeValues[index])),

  ADD: arithmetic('+', 'add(A,B,meter)', 'any'),
  SUB: arithmetic('-', 'subtract(A,B)', 'number'),
  MUL: arithmetic('*', 'multiply(A,B,meter)', 'any'),
  DIV: arithmetic('/', 'divide(A,B)', 'number'),
  MOD: arithmetic('%', 'remainder(A,B)', 'number'),
  NEG: computes(1, (value) => `typeof ${value}==='number'?-${value}:negate(${value})`, 'number'),
  NOT: (writer) => writer.pushTest(`!${truth(writer.pop())}`),
  EQ: equality(''),
  NE: equality('!'),
  LT: comparison('<'),
  LE: comparison('<='),
  GT: comparison('>'),
  GE: comparison('>='),
  IN: computes(2, (element, container) => `contains(${container},${element},meter)`, 'bool'),

  JUMP: (writer, step) => {
    writer.settle()
    writer.emit(`break ${target(step)};`)
  },
  JUMP_IF_FALSE: (writer, step) => {
    const test = truth(writer.pop())
    writer.settle()
    writer.emit(`if(!${test})break ${target(step)};`)
  },
  AND: keeps('!'),
  OR: keeps(''),
  LOOP: (writer, step) => {
    const head = jumpTarget(step)!
    writer.settle()
    const turn = `if(--meter.slice<0&&(at=${step.at},meter.turnEnds()))`
    writer.emit(`${turn}{${writer.stopAt(head)}pauses(fiber);break X}continue L${head};`)
  },
  RETURN: (writer) => writer.emit(`return ${writer.pop().text};`),
  THROW: (writer, step) => {
    writer.mark(step)
    writer.emit(`throw new Raised(${writer.pop().text});`)
  },
  // the handler finds what stands below it
  TRY: (writer) => writer.settle(),
  END_TRY: () => {},

  CALL: (writer, step) => {
    const args = writer.take(step.operands[0]!)
    writeCall(writer, step, writer.pop().text, args)
  },
  CALL_GLOBAL: writeCallGlobal,
  CALL_NATIVE: writeCallNative,
  CALL_METHOD: writeCallMethod,
  CLOSURE: (writer, { operands: [index = 0] }, { linked }) => {
    const { code } = linked.functions[index]!
    const cells = code.proto.captures.map(({ from, index: cell }) => `${from === 'local' ? 'l' : 'c'}${cell}`)
    writer.set(`new Closure(${writer.sites.hold(code)},[${cells}])`)
  },
  SPAWN: (writer, step, subject) => {
    const { text } = writer.pop()
    writer.mark(step)
    writer.call(step, `spawn(fiber,${constant(writer, subject, step.operands[0]!)},${text})`)
  },

  LIST: (writer, { operands: [count = 0] }) => writer.set(`[${writer.take(count)}]`),
  TUPLE: (writer, { operands: [count = 0] }) => writer.set(`new TupleValue([${writer.take(count)}])`),
  MAP: (writer, step) => {
    const entries = writer.take(2 * step.operands[0]!)
    writer.mark(step)
    writer.set(entries.length === 0 ? 'new Map()' : `mapOf([${entries}],meter)`)
  },
  LIST_PUSH: fills(1, (list, value) => `listToFill(${list},meter).push(${value})`),
  LIST_SPREAD: fills(1, (list, value) => `spreadInto(listToFill(${list},meter),${value},meter)`),
  MAP_SET: fills(2, (map, key, value) => `setKey(mapToFill(${map}),${key},${value},meter)`),
  MAP_SPREAD: fills(1, (map, value) => `spreadEntries(mapToFill(${map}),${value},meter)`),
  GET_INDEX: computes(
    2,
    (base, index) => `${inList(base!, index!)}?${base}[${index}]:getIndex(${base},${index},meter)`,
  ),
  SET_INDEX: (writer, step) => {
    const [base, index, value] = writer.take(3)
    writer.mark(step)
    const otherwise = `setIndex(${base},${index},${value},meter)`
    writer.emit(`if(${inList(base!, index!)})${base}[${index}]=${value};else ${otherwise};`)
    writer.set(value!)
  },
  GET_PROPERTY: (writer, step, { linked }) => {
    const { text } = writer.pop()
    const name = linked.module.constants[step.operands[0]!] as string
    const known = structsWith(linked, name).map(
      ({ type, index }) => `${text}.type===${writer.sites.hold(type)}?${text}.fields[${index}]:`,
    )
    const slow = `property(fiber,${writer.sites.hold(name)},${text})`
    writer.mark(step)
    writer.set(known.length === 0 ? slow : `${text} instanceof StructValue?${known.join('')}${slow}:${slow}`)
  },
  SET_PROPERTY: (writer, step, { linked }) => {
    const [base, value] = writer.take(2)
    const name = linked.module.constants[step.operands[0]!] as string
    const known = structsWith(linked, name)
      .filter(({ type }) => type.mutable)
      .map(
        ({ type, index }) =>
          `if(${base} instanceof StructValue&&${base}.type===${writer.sites.hold(type)})${base}.fields[${index}]=${value};else `,
      )
    writer.mark(step)
    writer.emit(`${known.join('')}setProperty(${base},${writer.sites.hold(name)},${value},meter);`)
    writer.set(value!)
  },
  SLICE: computes(4, (...parts) => `slice(${parts},meter)`),
  FORMAT: (writer, step) => {
    const values = writer.take(step.operands[0]!)
    writer.mark(step)
    writer.set(`joinTexts([${values}],meter)`)
  },
  UNPACK: unpacks(false),
  UNPACK_REST: unpacks(true),

  ITER: computes(1, (value) => `walk(${value},meter)`),
  ITER_NEXT: (writer, step) => {
    writer.settle()
    const { text } = writer.top
    writer.emit(`if(!${text}.next())break ${target(step)};`)
    writer.set(`${text}.single()`)
  },
  ITER_NEXT_PAIR: (writer, step) => {
    writer.settle()
    const { text } = writer.top
    writer.emit(`if(!${text}.next())break ${target(step)};`)
    writer.set(`${text}.value`)
    writer.set(`${text}.key`)
  },

  CONSTRUCT: (writer, step, { linked: { module } }) => {
    const [type = 0, list = 0] = step.operands
    const names = fieldNames(module.constants[list] as string)
    const values = writer.take(names.length)
    const { sites } = writer
    writer.mark(step)
    writer.set(`structByName(${sites.hold(module.types[type])},${sites.hold(names)},[${values}])`)
  },
  COPY_WITH: (writer, step, { linked: { module } }) => {
    const names = fieldNames(module.constants[step.operands[0]!] as string)
    const values = writer.take(names.length)
    const { text } = writer.pop()
    writer.mark(step)
    writer.set(`copyWith(${text},${writer.sites.hold(names)},[${values}])`)
  },
  VARIANT: (writer, step, { linked: { module } }) => {
    const [type = 0, tag = 0, count = 0] = step.operands
    const values = writer.take(count)
    writer.mark(step)
    writer.set(`makeVariant(${writer.sites.hold(module.types[type])},${tag},[${values}])`)
  },
  MATCH_VARIANT: (writer, step, subject) => {
    const [name = 0, flags = 0] = step.operands
    writer.settle()
    writer.mark(step)
    const fits = `matchesVariant(${writer.top.text},${constant(writer, subject, name)},${flags - 1})`
    writer.emit(`if(!${fits})break ${target(step)};`)
  },
  VARIANT_FIELD: (writer, step) => {
    writer.settle()
    writer.mark(step)
    writer.set(`variantField(${writer.top.text},${step.operands[0]})`)
  },
  NO_MATCH: (writer, step) => {
    writer.mark(step)
    writer.emit(`throw noMatch(${writer.pop().text});`)
  },
  EMIT: (writer, step) => {
    const { text } = writer.pop()
    writer.mark(step)
    writer.emit(`fiber.host.emit(joinTexts([${text}],meter));`)
  },
}

/** More types than this are looked for one by one at run time. */
const MAX_TYPES = 2

/** The structs of a module that have a field of a name, and where it stands in them; none when they are many. */
function structsWith(linked: Linked, name: string): readonly { type: StructType; index: number }[] {
  const found = linked.module.types.flatMap((type) => {
    const index = type.kind === 'struct' ? type.fields.findIndex((field) => field.name === name) : -1
    return type.kind === 'struct' && index >= 0 ? [{ type, index }] : []
  })
  return found.length > MAX_TYPES ? [] : found
}
