/**
 * A number as the language prints it (language.md 3.1): no point for whole numbers, otherwise at most 12 significant
 * digits, which hides the noise of 0.1 + 0.2.
 */
export function numberText(n: number): string {
  if (Number.isInteger(n) && Math.abs(n) < 1e15) return String(n)
  if (Number.isNaN(n)) return 'nan'
  if (!Number.isFinite(n)) return n > 0 ? 'inf' : '-inf'
  return String(Number(n.toPrecision(12)))
}

const NUMBER = /^\s*[+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?\s*$/

/** The number that a text spells in decimal, blanks around it allowed; null when it is none. */
export const parseNumber = (text: string): number | null => (NUMBER.test(text) ? Number(text) : null)
