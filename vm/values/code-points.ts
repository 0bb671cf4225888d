/** Strings as the language sees them: sequences of Unicode code points, never of UTF-16 units. */

const SURROGATE = /[\ud800-\udfff]/

/** Whether every UTF-16 unit is a code point of its own, so that units can be counted and cut directly. */
const isPlain = (text: string): boolean => !SURROGATE.test(text)

export const codePoints = (text: string): string[] => (isPlain(text) ? text.split('') : Array.from(text))

export function codePointCount(text: string): number {
  if (isPlain(text)) return text.length
  let count = 0
  for (const _ of text) count += 1
  return count
}

/** The code point at an index from 0; undefined beyond either end. */
export const codePointAt = (text: string, index: number): string | undefined =>
  isPlain(text) ? text[index] : Array.from(text)[index]

/** From `start` to before `end`, both within 0 .. count. */
export const codePointSlice = (text: string, start: number, end: number): string =>
  isPlain(text) ? text.slice(start, end) : Array.from(text).slice(start, end).join('')

/** Index of the first occurrence of `part`, in code points; -1 when there is none. */
export function codePointIndexOf(text: string, part: string): number {
  const unit = text.indexOf(part)
  return unit < 0 ? -1 : codePointCount(text.slice(0, unit))
}

/** Order by code points: UTF-16 order but for surrogates, which stand for code points above all others. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i += 1) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return rank(x) - rank(y)
  }
  return a.length - b.length
}

const rank = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit)
