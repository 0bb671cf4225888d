/** Characters of a piece, at most. */
const LONGEST_PIECE = 256

/**
 * A text in pieces whose tokens add up to its own. Counting the tokens of a run without spaces takes time by the square
 * of its length, so that one message could hold a process for a minute: runs longer than a piece are cut, for at most
 * one token too many a cut.
 */
export function* pieces(text: string): Generator<string> {
  let start = 0
  while (start < text.length) {
    const end = pieceEnd(text, start)
    yield text.slice(start, end)
    start = end
  }
}

function pieceEnd(text: string, start: number): number {
  const limit = start + LONGEST_PIECE
  if (limit >= text.length) return text.length
  for (let end = limit; end > start; end -= 1) if (startsToken(text, end)) return end
  return isLowSurrogate(text, limit) ? limit - 1 : limit
}

/** A single space that begins a word: no encoding has a token across it. */
const startsToken = (text: string, at: number): boolean =>
  text[at] === ' ' && /\S/.test(text[at - 1]!) && /\S/.test(text[at + 1] ?? ' ')

const isLowSurrogate = (text: string, at: number): boolean => {
  const code = text.charCodeAt(at)
  return code >= 0xdc00 && code <= 0xdfff
}
