/**
 * The control flow of a function, found again: which spans of its code are blocks to break out of, which are loops, how
 * high the stack is and which TRYs are in force at each instruction. Verified code only.
 */
import {
  endsFlow,
  heightAtTarget,
  type Instruction,
  instructionAt,
  jumpTarget,
} from '../../bytecode/chunk.ts'
import type { FunctionProto } from '../../bytecode/module.ts'
import { OP, stackEffect } from '../../bytecode/opcode.ts'
import type { Try } from '../machine/unwinding.ts'

export interface Step extends Instruction {
  /** Stack height before the instruction; -1 where no path leads. */
  readonly height: number
  readonly tries: readonly Try[]
  /** Another instruction jumps here. */
  readonly isTarget: boolean
}

/** `loop`: turns from `start` until something breaks out; otherwise a jump to `end` breaks out of it. */
export interface Span {
  readonly loop: boolean
  readonly start: number
  readonly end: number
}

export interface Shape {
  readonly steps: readonly Step[]
  /** Properly nested; outer before inner. */
  readonly spans: readonly Span[]
  readonly maxHeight: number
  /** Stack height at the head of each loop. */
  readonly heads: ReadonlyMap<number, number>
}

interface Arrival {
  readonly height: number
  readonly tries: readonly Try[]
}

/** Code of more words is left to the interpreter: nobody writes it, and engines take long over it. */
const MAX_WORDS = 20_000
/** Spans within spans: what a JavaScript parser takes without complaint. */
const MAX_NESTING = 500

/** Null for code that has no such shape, which no compiler of ours makes. `nameText` reads a string constant. */
export function shapeOf(
  proto: FunctionProto,
  nameText: (constant: number) => string,
  entries: 'start' | 'heads',
): Shape | null {
  if (proto.code.length > MAX_WORDS) return null
  const { steps, jumps, maxHeight } = walk(proto, nameText)
  const loops = loopsOf(jumps)
  if (entries === 'heads') jumps.push(...entryJumps(loops))
  const spans = nested(blocksOf(jumps, loops), loops)
  if (spans === null) return null
  const heights = new Map(steps.map(({ at, height }) => [at, height]))
  return { steps, spans, maxHeight, heads: new Map(loops.map(({ start }) => [start, heights.get(start)!])) }
}

interface Jump {
  readonly from: number
  readonly to: number
}

/** Follows the code once from top to bottom: all jumps but LOOP go forward. */
function walk(proto: FunctionProto, nameText: (constant: number) => string) {
  const { code } = proto
  const arrivals = new Map<number, Arrival>()
  const steps: Step[] = []
  const jumps: Jump[] = []
  let state: Arrival | null = { height: 0, tries: [] }
  let maxHeight = 0
  for (let at = 0; at < code.length; ) {
    const instruction: Instruction = instructionAt(code, at)!
    const opcode = code[at]!
    const arrival = arrivals.get(at)
    state = arrival ?? state
    steps.push({
      ...instruction,
      height: state?.height ?? -1,
      tries: state?.tries ?? [],
      isTarget: arrival !== undefined,
    })
    if (state !== null) {
      const { height, tries }: Arrival = state
      const { pops, pushes } = stackEffect(code, at, nameText)
      const after = height - pops + pushes
      maxHeight = Math.max(maxHeight, height, after)
      const to = jumpTarget(instruction)
      if (opcode === OP.TRY) state = { height, tries: [...tries, { target: to!, height }] }
      else {
        const next = { height: after, tries: opcode === OP.END_TRY ? tries.slice(0, -1) : tries }
        if (to !== null) {
          jumps.push({ from: at, to })
          if (to > at) arrivals.set(to, { ...next, height: heightAtTarget(opcode, height, after) })
        }
        state = endsFlow(opcode) ? null : next
      }
    }
    at = instruction.next
  }
  return { steps, jumps, maxHeight }
}

/** A loop reaches from its head to behind the last LOOP that goes back to it. */
function loopsOf(jumps: readonly Jump[]): Span[] {
  const ends = new Map<number, number>()
  for (const { from, to } of jumps) {
    if (to <= from) ends.set(to, Math.max(ends.get(to) ?? 0, from + 2))
  }
  return [...ends].map(([start, end]) => ({ loop: true, start, end })).sort(outerFirst)
}

/** From the start to each outermost loop, and from each loop to those right inside it. */
function entryJumps(loops: readonly Span[]): Jump[] {
  return loops
    .map((loop) => ({ from: parentOf(loop, loops)?.start ?? 0, to: loop.start }))
    .filter(({ from, to }) => from !== to)
}

const parentOf = (inner: Span, loops: readonly Span[]): Span | undefined =>
  loops.filter((outer) => outer !== inner && contains(outer, inner)).at(-1)

const contains = (outer: Span, inner: Span): boolean => outer.start <= inner.start && inner.end <= outer.end

/** One block for each place that is jumped to, starting early enough to hold all the jumps. */
function blocksOf(jumps: readonly Jump[], loops: readonly Span[]): Span[] {
  const starts = new Map<number, number>()
  for (const { from, to } of jumps) {
    if (to > from) starts.set(to, Math.min(starts.get(to) ?? from, outside(from, to, loops)))
  }
  const blocks: { loop: false; start: number; end: number }[] = []
  for (const [end, start] of [...starts].sort(([a], [b]) => a - b)) {
    const block = { loop: false as const, start, end }
    // one that starts within an earlier block and ends behind it must start where that one starts
    for (let i = blocks.length - 1; i >= 0 && blocks[i]!.end > block.start; i -= 1) {
      block.start = outside(Math.min(block.start, blocks[i]!.start), end, loops)
    }
    blocks.push(block)
  }
  return blocks
}

/** The place to start from so that the block does not begin inside a loop that it leaves. */
function outside(from: number, to: number, loops: readonly Span[]): number {
  const left = loops.find((loop) => loop.start < from && from < loop.end && to >= loop.end)
  return left?.start ?? from
}

const outerFirst = (a: Span, b: Span): number =>
  a.start - b.start || b.end - a.end || Number(a.loop) - Number(b.loop)

/** All spans, outer before inner; null when two of them cross. */
function nested(blocks: readonly Span[], loops: readonly Span[]): Span[] | null {
  const spans = [...blocks, ...loops].sort(outerFirst)
  const open: Span[] = []
  for (const span of spans) {
    while (open.length > 0 && open.at(-1)!.end <= span.start) open.pop()
    if (open.length > 0 && span.end > open.at(-1)!.end) return null
    open.push(span)
    if (open.length > MAX_NESTING) return null
  }
  return spans
}
