/** Calls, written as JavaScript: directly where it is known what is called, through the library elsewhere. */
import type { Code } from '../machine/code.ts'
import type { Linked } from '../machine/linked.ts'
import { callTarget } from './fixed.ts'
import type { Step } from './shape.ts'
import { methodSite } from './sites.ts'
import type { Writer } from './writer.ts'

/** The function that is being written. */
export interface Subject {
  readonly code: Code
  readonly linked: Linked
  /** Its text may call itself as `run`. */
  readonly isRun: boolean
}

/** `callee(args)`, where `callee` is a variable. */
export function writeCall(writer: Writer, step: Step, callee: string, args: readonly string[]): void {
  const { room } = writer
  const direct = `${callee}.code.run(${['fiber', `${callee}.cells`, room, ...args]})`
  const other = `callValue(fiber,${callee},[${args}],${room})`
  writer.mark(step)
  writer.call(step, `${callee} instanceof Closure&&${callee}.direct===${args.length}?${direct}:${other}`)
}

export function writeCallGlobal(writer: Writer, step: Step, subject: Subject): void {
  const [global = 0, count = 0] = step.operands
  const args = writer.take(count)
  const target = callTarget(subject.linked, global)
  writer.mark(step)
  if (target === null) {
    writer.emit(`t=G[${global}];`)
    writeCall(writer, step, 't', args)
  } else if (target.kind === 'struct') {
    writer.set(`structByPosition(${writer.sites.hold(target.type)},[${args}])`)
  } else {
    writer.call(step, callOf(writer, subject, target.code, args))
  }
}

/** Calls a function that is known and captures nothing. */
function callOf({ sites, room }: Writer, subject: Subject, code: Code, args: readonly string[]): string {
  const { defaults = [], params } = code.proto
  const missing = params.length - args.length
  if (missing < 0 || missing > defaults.length) {
    return `invoke(fiber,${sites.hold(code)},NO_CELLS,[${args}],${room})`
  }
  const left = defaults.slice(defaults.length - missing).map((value) => sites.hold(value))
  const run = code === subject.code && subject.isRun ? 'run' : `${sites.hold(code)}.run`
  return `${run}(${['fiber', 'NO_CELLS', room, ...args, ...left]})`
}

export function writeCallNative(writer: Writer, step: Step, { linked }: Subject): void {
  const [index = 0, count = 0] = step.operands
  const native = linked.natives[index]!
  const args = writer.take(count)
  const held = writer.sites.hold(native)
  writer.mark(step)
  if (native.mode !== 'plain' || count < native.min || count > native.max) {
    writer.call(step, `callNative(fiber,${held},${count},[${args}],${writer.room})`)
    return
  }
  writer.emit('if(--meter.slice<0)meter.refill();')
  writer.set(`${SHORTCUTS[native.name]?.(...args) ?? ''}plain(fiber,${held},[${args}])`)
}

/** The common case of the natives that loops are made of. */
const SHORTCUTS: Readonly<Record<string, (...args: string[]) => string>> = {
  len: (list) => `Array.isArray(${list})?${list}.length:`,
  push: (list, value) =>
    `Array.isArray(${list})&&${list}.length<meter.limits.maxItems?(${list}.push(${value}),${list}):`,
  math_abs: (x) => `typeof ${x}==='number'?Math.abs(${x}):`,
  math_floor: (x) => `typeof ${x}==='number'?Math.floor(${x}):`,
  math_sqrt: (x) => `typeof ${x}==='number'?Math.sqrt(${x}):`,
}

export function writeCallMethod(writer: Writer, step: Step, { linked }: Subject): void {
  const [name = 0, count = 0] = step.operands
  const values = writer.take(count + 1)
  const receiver = values[0]!
  const site = writer.sites.hold(methodSite(linked.module.constants[name] as string))
  const { room } = writer
  const known = `${receiver} instanceof StructValue&&${receiver}.type===${site}.type&&${site}.arity===${count + 1}`
  const direct = `${site}.code.run(${['fiber', 'NO_CELLS', room, ...values]})`
  writer.mark(step)
  writer.call(step, `${known}?${direct}:callMethod(fiber,${site},[${values}],${room})`)
}
