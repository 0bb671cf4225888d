import { closest } from './closest.ts'

/** `a, b or c`. */
export function either(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? 'nothing') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}

/** `a, b and c`. */
export function all(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? 'none') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}

/** `1 argument`, `2 arguments`. */
export const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`

/** The help line that names what a mistyped word most likely meant, else `otherwise`. */
export function didYouMean(
  word: string,
  candidates: Iterable<string>,
  otherwise: string | null = null,
): string | null {
  const near = closest(word, candidates)
  return near === null ? otherwise : `did you mean \`${near}\`?`
}
