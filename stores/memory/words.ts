/** More words make a query slow and no better. */
const MOST_WORDS = 64

/** An FTS5 query that finds any word of a text; null when it has none. Quoted, so no word is taken for an operator. */
export function anyWord(text: string): string | null {
  const words = new Set(text.toLowerCase().match(/[\p{L}\p{N}\p{M}]+/gu) ?? [])
  return words.size === 0
    ? null
    : [...words]
        .slice(0, MOST_WORDS)
        .map((word) => `"${word}"`)
        .join(' OR ')
}
