/**
 * One call into a program, with the stack it runs on. It runs synchronously until the host answers with a promise; then
 * it is nothing but this object until the promise settles: no thread, and no promise an instruction. One that computes
 * for long pauses now and then, so that a server goes on serving.
 */
import { after, isLater } from '../awaitable.ts'
import { type Awaitable, type Host, HostError } from '../host.ts'
import { Arguments } from '../natives/arguments.ts'
import type { Native } from '../natives/native.ts'
import { NATIVES } from '../natives/table.ts'
import { ErrorValue, type TraceEntry } from '../values/error-value.ts'
import { RuntimeError } from '../values/runtime-error.ts'
import { textOf } from '../values/text.ts'
import { describe } from '../values/type-name.ts'
import {
  Cell,
  Closure,
  NativeValue,
  SealedTypeValue,
  SkillValue,
  StructTypeValue,
  type Value,
} from '../values/value.ts'
import { checkCount, defaultsFor } from './arity.ts'
import { calledSkill } from './called-skill.ts'
import type { Code, Result } from './code.ts'
import { structByPosition, variantOf } from './construct.ts'
import { CodeFrame, type Frame, type Handler, NativeFrame, type Slot } from './frame.ts'
import type { Linked } from './linked.ts'
import { builtInMethod, implMethod, isAgentMethod, noMethod } from './members.ts'
import type { Meter } from './meter.ts'
import { notCallable } from './operators.ts'
import { MAX_TRACE, ProgramError } from './program-error.ts'
import { ENTERED, FINISHED, type Progress, READY, SUSPENDED } from './progress.ts'
import { ownProperty } from './properties.ts'
import { runLoop } from './run-loop.ts'
import { Raised, UNWOUND, type Unwinding, type UnwoundCode } from './unwinding.ts'

/** Small functions that are sure to fit on JavaScript's stack, one called by the other, with much to spare. */
const MAX_ROOM = 500

/** What the fibers of one activation share. */
export interface Shared {
  readonly linked: Linked
  readonly host: Host
  readonly meter: Meter
  readonly globals: Value[]
}

export class Fiber {
  readonly shared: Shared
  readonly stack: Slot[] = []
  /** First free stack position. */
  sp = 0
  readonly frames: Frame[] = []
  readonly handlers: Handler[] = []
  /** What translated code on its way out has written down. */
  readonly unwinding: Unwinding = { calls: [], progress: ENTERED, failure: null }
  // as in `shared`: translated code reaches them in one step
  readonly host: Host
  readonly meter: Meter
  readonly globals: Value[]
  value: Value = null
  private pending: Promise<unknown> | null = null
  /** What is pending is no answer, but a pause. */
  private pausing = false

  constructor(shared: Shared) {
    this.shared = shared
    this.host = shared.host
    this.meter = shared.meter
    this.globals = shared.globals
  }

  /** Throws a ProgramError; whatever else the host throws comes through unchanged. */
  call(callee: Value, args: readonly Value[]): Awaitable<Value> {
    return this.start(() => this.begin(callee, this.push(args), 0))
  }

  private start(first: () => Progress): Awaitable<Value> {
    return this.advance(first) === FINISHED ? this.value : this.settle()
  }

  /** From suspension to suspension, until the call has returned. */
  private async settle(): Promise<Value> {
    for (;;) {
      const { pausing } = this
      this.pausing = false
      let next: () => Progress
      try {
        const value = (await this.pending) as Value
        next = () => (pausing ? ENTERED : this.ready(value))
      } catch (error) {
        next = () => {
          throw error
        }
      }
      this.meter.startTurn()
      if (this.advance(next) === FINISHED) return this.value
    }
  }

  private advance(first: () => Progress): typeof SUSPENDED | typeof FINISHED {
    let next = first
    for (;;) {
      try {
        const progress = this.deliver(next())
        const end = progress === ENTERED ? runLoop(this) : progress
        return end
      } catch (error) {
        this.recover(error)
        next = () => ENTERED
      }
    }
  }

  /** Hands a result that is ready to whoever waits for it, and so on until there is something else to do. */
  deliver(progress: Progress): Exclude<Progress, typeof READY> {
    let now = progress
    while (now === READY) {
      const top = this.frames.at(-1)
      if (top === undefined) return FINISHED
      if (top instanceof CodeFrame) {
        this.stack[this.sp++] = this.value
        return ENTERED
      }
      now = this.resume(top)
    }
    return now
  }

  /** Puts arguments on the stack; their number. */
  private push(args: readonly Value[]): number {
    for (const arg of args) this.stack[this.sp++] = arg
    return args.length
  }

  private ready(value: Value): typeof READY {
    this.value = value
    return READY
  }

  /**
   * Calls `callee` with the topmost `count` values. Afterwards, and before the result is pushed, the stack ends at
   * `resultAt`.
   */
  begin(callee: Value, count: number, resultAt: number): Progress {
    if (callee instanceof Closure) {
      const base = this.sp - count
      if (callee.self !== undefined) {
        this.stack[this.sp++] = null
        this.stack.copyWithin(base + 1, base, this.sp - 1)
        this.stack[base] = callee.self
      }
      return this.enter(callee, base, resultAt)
    }
    if (callee instanceof NativeValue) {
      const native = NATIVES.get(callee.name)!
      return this.beginNative(native, count, this.sp - count, resultAt)
    }
    if (callee instanceof SkillValue) {
      const { linked, host } = this.shared
      return this.enter(calledSkill(linked, host, callee.name), this.sp - count, resultAt)
    }
    if (callee instanceof StructTypeValue) {
      const value = structByPosition(callee.type, this.values(this.sp - count))
      this.sp = resultAt
      return this.ready(value)
    }
    throw notCallable(describe(callee))
  }

  /** Calls a method of the value under the topmost `count` values; the result goes to that value's place. */
  beginMethod(name: string, count: number): Progress {
    const { linked, host } = this.shared
    const at = this.sp - count - 1
    const receiver = this.stack[at] as Value
    const native = builtInMethod(receiver, name)
    if (native !== undefined) return this.beginNative(native, count, at, at)
    if (isAgentMethod(receiver, name)) {
      const args = this.values(at + 1)
      this.sp = at
      return this.await(host.agentMethod(receiver, name, args))
    }
    const method = implMethod(linked, receiver, name)
    if (method !== undefined) return this.enter(method.closure, method.takesSelf ? at : at + 1, at)
    if (receiver instanceof SealedTypeValue) {
      const variant = variantOf(receiver.type, name, this.values(at + 1))
      if (variant === undefined) throw noMethod(receiver, name)
      this.sp = at
      return this.ready(variant)
    }
    const own = ownProperty(receiver, name)
    if (own === undefined || own === null) throw noMethod(receiver, name)
    return this.begin(own, count, at)
  }

  /** Enters a function whose arguments stand at `base` and above. */
  enter({ code, cells }: Closure, base: number, resultAt: number): Progress {
    const given = this.sp - base
    if (given !== code.arity) this.push(defaultsFor(code.proto, given))
    if (code.runsTranslated()) {
      return this.returned(code.run(this, cells, this.room, ...this.values(base)), base, resultAt)
    }
    this.deepen()
    this.pushFrame(code, cells, base, resultAt)
    return ENTERED
  }

  /** A frame for a function whose arguments stand on the stack. */
  private pushFrame(code: Code, cells: readonly Cell[], base: number, resultAt: number): void {
    const { proto } = code
    const free = this.sp
    this.sp = base + proto.locals
    for (let slot = free; slot < this.sp; slot += 1) this.stack[slot] = null
    for (const slot of proto.cellParams) this.stack[base + slot] = new Cell(this.stack[base + slot] as Value)
    this.frames.push(new CodeFrame(code, cells, base, resultAt))
  }

  /**
   * Calls that translated code may nest before it must unwind: as many as the depth limit leaves, and no more than
   * JavaScript's own stack holds for certain.
   */
  private get room(): number {
    return Math.min(this.meter.limits.maxDepth - this.frames.length, MAX_ROOM)
  }

  /** Goes on in translated code, at the head of a loop that the frame on top has come to. */
  resumeTranslated(frame: CodeFrame): typeof ENTERED | typeof SUSPENDED | typeof FINISHED {
    this.frames.pop()
    this.dropHandlers()
    const { function: code, cells, pc, base, resultAt } = frame
    const result = code.resume!(this, cells, this.room, pc, this.stack, base)
    return this.deliver(this.returned(result, base, resultAt))
  }

  /** Handlers of frames that are gone. */
  dropHandlers(): void {
    const { handlers, frames } = this
    while (handlers.length > 0 && handlers[handlers.length - 1]!.frames > frames.length) handlers.pop()
  }

  /** What has come of translated code whose frame would stand at `base`. */
  private returned(result: Result, base: number, resultAt: number): Progress {
    if (result === UNWOUND) return this.rebuild(base, resultAt)
    this.sp = resultAt
    return this.ready(result)
  }

  /** Makes frames of what translated code has written down. */
  private rebuild(base: number, resultAt: number): Progress {
    const { calls, progress, failure } = this.unwinding
    this.sp = base
    for (let i = calls.length - 1; i >= 0; i -= 1) {
      const call = calls[i]!
      const at = this.sp
      const result = i === calls.length - 1 ? resultAt : at
      if (call.entered && this.frames.length >= this.meter.limits.maxDepth) {
        calls.length = 0
        throw this.tooDeep()
      }
      if ('steps' in call) this.frames.push(new NativeFrame(call.steps, result))
      else this.rebuildCode(call, at, result)
    }
    calls.length = 0
    this.unwinding.failure = null
    if (failure !== null) throw failure.error
    return progress === READY ? this.deliver(READY) : progress
  }

  private rebuildCode(call: UnwoundCode, base: number, resultAt: number): void {
    this.push(call.values as readonly Value[])
    if (call.entered) {
      this.pushFrame(call.code, call.cells, base, resultAt)
      return
    }
    const frame = new CodeFrame(call.code, call.cells, base, resultAt)
    frame.at = call.at
    frame.pc = call.pc
    this.frames.push(frame)
    const { locals } = call.code.proto
    for (const { target, height } of call.tries) {
      this.handlers.push({ frames: this.frames.length, sp: base + locals + height, target })
    }
  }

  /** Calls a native with the values from stack position `from`; `count` of them are arguments. */
  beginNative(native: Native, count: number, from: number, resultAt: number): Progress {
    if (native.mode === 'constant') throw notCallable(native.name)
    checkCount(native, count)
    const { host, meter } = this.shared
    meter.tick()
    const call = new Arguments(native, this.values(from), host, meter)
    this.sp = resultAt
    if (native.mode === 'plain') return this.ready(native.run(call))
    if (native.mode === 'host') return this.await(native.run(call))
    this.deepen()
    const frame = new NativeFrame(native.run(call), resultAt)
    this.frames.push(frame)
    return this.resume(frame)
  }

  /** Lets a native on top go on with `this.value`, the result of what it called. */
  private resume(frame: NativeFrame): Progress {
    for (;;) {
      const step = frame.steps.next(this.value)
      if (step.done) {
        this.frames.pop()
        this.sp = frame.resultAt
        return this.ready(step.value)
      }
      const { callee, args } = step.value
      const resultAt = this.sp
      const progress = this.begin(callee, this.push(args), resultAt)
      if (progress !== READY) return progress
    }
  }

  /** The host's answer: here already, or to come. */
  await(answer: Awaitable<Value>): Progress {
    if (!isLater(answer)) return this.ready(answer)
    this.pending = answer
    return SUSPENDED
  }

  /** Lets the process do other things; whether there is something to wait for. */
  pause(): boolean {
    this.shared.meter.startTurn()
    this.pausing = this.await(after(this.shared.host.sleep(0), () => null)) === SUSPENDED
    return this.pausing
  }

  values(from: number): Value[] {
    return this.stack.slice(from, this.sp) as Value[]
  }

  private deepen(): void {
    const { meter } = this.shared
    meter.tick()
    if (this.frames.length >= meter.limits.maxDepth) throw this.tooDeep()
  }

  private tooDeep(): RuntimeError {
    const { maxDepth } = this.meter.limits
    return new RuntimeError(
      'stack_overflow',
      `stack overflow: more than ${maxDepth} nested calls; is there an endless recursion?`,
    )
  }

  /** Goes on in the handler of an error of the language; throws every other error, and an uncaught one as ProgramError. */
  private recover(error: unknown): void {
    if (error instanceof Raised) this.raise(error.value)
    else if (error instanceof RuntimeError) {
      const value = new ErrorValue(error.kind, error.message, this.trace())
      if (!error.catchable) throw uncaught(value, value.trace)
      this.raise(value)
    } else if (error instanceof HostError)
      this.raise(new ErrorValue(error.kind, error.message, this.trace(), error))
    else throw error
  }

  /** Throws a value of the language: to the innermost handler, else out as a ProgramError. */
  raise(value: Value): void {
    const handler = this.handlers.pop()
    if (handler === undefined) throw uncaught(value, value instanceof ErrorValue ? value.trace : this.trace())
    this.frames.length = handler.frames
    const frame = this.frames[handler.frames - 1] as CodeFrame
    frame.pc = handler.target
    this.stack[handler.sp] = value
    this.sp = handler.sp + 1
  }

  private trace(): TraceEntry[] {
    const { files } = this.shared.linked.module
    const trace: TraceEntry[] = []
    for (let i = this.frames.length - 1; i >= 0 && trace.length < MAX_TRACE; i -= 1) {
      const frame = this.frames[i]!
      if (frame instanceof CodeFrame) trace.push(frame.place(files))
    }
    return trace
  }
}

function uncaught(value: Value, trace: readonly TraceEntry[]): ProgramError {
  if (!(value instanceof ErrorValue)) return new ProgramError('thrown', textOf(value), value, trace)
  const kind = value.get('kind')
  return new ProgramError(typeof kind === 'string' ? kind : 'thrown', textOf(value), value, trace, {
    cause: value.cause ?? undefined,
  })
}
