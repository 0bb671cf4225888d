import type { Item } from './ast.ts'
import { type Expectation, parse as generated } from './generated/parser.js'

/** What the generated parser says when it is asked for as much as it can read. */
export interface Reading {
  readonly items: readonly Item[]
  /** Where the text begins that is no item; the text's length if all was read. */
  readonly end: number
  /** The farthest place that any rule reached, and what was expected there. */
  readonly farthest: number
  readonly expected: readonly Expectation[]
}

interface LibraryResult {
  readonly peg$result: readonly Item[]
  readonly peg$currPos: number
  readonly peg$maxFailPos: number
  readonly peg$maxFailExpected: readonly Expectation[]
}

/** Reads items from an offset on. Throws RangeError where the text nests deeper than the call stack holds. */
export function readItems(text: string, file: number, from: number): Reading {
  const result: LibraryResult = generated(text, { file, peg$library: true, peg$currPos: from })
  return {
    items: result.peg$result,
    end: result.peg$currPos,
    farthest: result.peg$maxFailPos,
    expected: result.peg$maxFailExpected,
  }
}
