/** Strings as the language sees them: sequences of Unicode code points, never of UTF-16 units. */

const SURROGATE = /[\ud800-\udfff]/

/** Whether every UTF-16 unit is a code point of its own, so that units can be counted and cut directly. */
const isPlain = (text: string): boolean => !SURROGATE.test(text)

export const codePoints = (text: string): string[] => (isPlain(text) ? text.split('') : Array.from(text))

export function codePointCount(text: string): number {
  if (isPlain(text)) return text.length
  let count = 0
  for (let unit = 0; unit < text.length; unit += unitsAt(text, unit)) count += 1
  return count
}

/** How many UTF-16 units the code point at a unit has: 2 for a surrogate pair; a lone surrogate stands for itself. */
const unitsAt = (text: string, unit: number): 1 | 2 =>
  isBetween(text.charCodeAt(unit), 0xd800, 0xdbff) && isBetween(text.charCodeAt(unit + 1), 0xdc00, 0xdfff)
    ? 2
    : 1

/** False for NaN, which stands behind the end of a text. */
const isBetween = (unit: number, first: number, last: number): boolean => unit >= first && unit <= last

/** Where, in UTF-16 units, a code point begins that is so many after the one at `from`. */
function unitOf(text: string, points: number, from = 0): number {
  let unit = from
  for (let left = points; left > 0 && unit < text.length; left -= 1) unit += unitsAt(text, unit)
  return unit
}

/** The code point at an index from 0; undefined beyond either end. */
export const codePointAt = (text: string, index: number): string | undefined =>
  isPlain(text) ? text[index] : index < 0 ? undefined : codePointSlice(text, index, index + 1) || undefined

/** From `start` to before `end`, both within 0 .. count. */
export function codePointSlice(text: string, start: number, end: number): string {
  if (isPlain(text)) return text.slice(start, end)
  const from = unitOf(text, start)
  return text.slice(from, unitOf(text, end - start, from))
}

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
