/**
 * Turns the text of a function into a function. Where a process allows no code from text, nothing is translated and
 * programs run as they are.
 */
import type { Code, Resume, Run } from '../machine/code.ts'
import type { Linked } from '../machine/linked.ts'
import { LIBRARY } from './library.ts'
import { type FunctionText, functionText } from './text.ts'

/** Null for a function that is left to the interpreter. */
export function translateRun(code: Code, linked: Linked): Run | null {
  const text = functionText(code, linked, 'start')
  return text === null ? null : (made(text) as Run | null)
}

/** The same, to be entered at the heads of its loops. */
export function translateResume(
  code: Code,
  linked: Linked,
): { readonly resume: Resume; readonly heads: ReadonlySet<number> } | null {
  const text = functionText(code, linked, 'heads')
  if (text === null || text.heads.size === 0) return null
  const resume = made(text) as Resume | null
  return resume === null ? null : { resume, heads: text.heads }
}

function made({ text, held }: FunctionText): unknown {
  try {
    const maker = new Function('held', ...Object.keys(LIBRARY), `'use strict';${text}`)
    return maker(held, ...Object.values(LIBRARY))
  } catch (error) {
    // code from text is forbidden, or the text nests deeper than the engine's parser goes
    if (error instanceof EvalError || error instanceof RangeError) return null
    throw error
  }
}
