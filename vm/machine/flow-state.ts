/** What is known at each place of a function's code while the verifier follows its paths. */
import type { FunctionProto } from '../../bytecode/module.ts'

/** What a stack entry or slot holds. A slot may be MIXED: a value on one path, a cell on another, unusable until set. */
export const VALUE = 0
export const CELL = 1
export const WALK = 2
const MIXED = 3

export interface State {
  /** Kinds above the slots, VALUE or WALK. */
  stack: number[]
  slots: Uint8Array
  /** TRYs in force, innermost last. */
  tries: readonly TryState[]
}

export interface TryState {
  readonly target: number
  /** Of the stack at TRY. */
  readonly height: number
  /** At the handler: as it was at TRY, and the error. */
  readonly stack: readonly number[]
}

/** Bounds on the verifier's own work: far above any program, far below harm. */
const MAX_STORED = 2 ** 26
const MAX_VISITS_A_WORD = 100

export class FlowStates {
  private readonly targets: ReadonlySet<number>
  private readonly refuse: (problem: string) => never
  private readonly known = new Map<number, State>()
  private readonly todo: number[] = []
  private stored = 0
  private visits: number

  constructor(proto: FunctionProto, targets: ReadonlySet<number>, refuse: (problem: string) => never) {
    this.targets = targets
    this.refuse = refuse
    this.visits = (proto.code.length + 1) * MAX_VISITS_A_WORD
    const slots = new Uint8Array(proto.locals)
    for (const slot of proto.cellParams) slots[slot] = CELL
    this.arrive(0, { stack: [], slots, tries: [] })
  }

  isTarget(at: number): boolean {
    return this.targets.has(at)
  }

  /** A place to follow from, with a state of its own to change; null when all is known. */
  take(): { at: number; state: State } | null {
    const at = this.todo.pop()
    return at === undefined ? null : { at, state: copy(this.known.get(at)!) }
  }

  visit(): void {
    this.visits -= 1
    if (this.visits < 0) this.refuse('has more paths than can be verified')
  }

  /** A path reaches a place in this state. All paths must agree on the stack and the TRYs in force. */
  arrive(at: number, state: State): void {
    const known = this.known.get(at)
    if (known === undefined) {
      this.stored += state.stack.length + state.slots.length
      if (this.stored > MAX_STORED) this.refuse('is too large to be verified')
      this.known.set(at, copy(state))
      this.todo.push(at)
      return
    }
    if (known.stack.length !== state.stack.length || known.stack.some((kind, i) => kind !== state.stack[i])) {
      this.refuse(`paths to word ${at} differ in what the stack holds`)
    }
    if (
      known.tries.length !== state.tries.length ||
      known.tries.some(({ target }, i) => target !== state.tries[i]!.target)
    ) {
      this.refuse(`paths to word ${at} differ in the TRYs in force`)
    }
    if (joinSlots(known.slots, state.slots)) this.todo.push(at)
  }

  /** A slot gets another kind; an error after it finds that kind in the handler, which may be that of any TRY in force. */
  assign(state: State, slot: number, kind: number): void {
    if (state.slots[slot] === kind) return
    state.slots[slot] = kind
    state.tries.forEach(({ target, stack }, i) => {
      this.arrive(target, { stack: [...stack], slots: state.slots, tries: state.tries.slice(0, i) })
    })
  }
}

const copy = ({ stack, slots, tries }: State): State => ({ stack: [...stack], slots: slots.slice(), tries })

/** Joins `slots` into `known`; whether that changed it. */
function joinSlots(known: Uint8Array, slots: Uint8Array): boolean {
  let changed = false
  for (let i = 0; i < known.length; i += 1) {
    if (known[i] === slots[i] || known[i] === MIXED) continue
    known[i] = MIXED
    changed = true
  }
  return changed
}
