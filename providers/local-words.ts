/** Scripts that put no spaces between words: their pairs of characters stand for words. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]/u
const WORD = /[\p{L}\p{N}]+/gu
const MARKS = /\p{M}+/gu

/** Short words say little in most languages. */
const SHORT = 3
const LITTLE = 0.25
/** The common longer words of English, and the labels of who speaks. */
const COMMON = new Set(
  `user assistant system noted that this these those there their they them then than what which when where while with
  without from into onto about your yours mine ours have having been being does doing done were will would could should
  shall might must also just very some such same other more most much many only over under after before because please
  tell know here each both every like said says want need`.split(/\s+/),
)

/** The words of a text without case and accents, each with how much it says of the text. */
export function weighedWords(text: string): ReadonlyMap<string, number> {
  const weights = new Map<string, number>()
  for (const [word, count] of counted(words(text))) weights.set(word, weightOf(word) * (1 + Math.log(count)))
  return weights
}

function* words(text: string): Generator<string> {
  const plain = text.normalize('NFKD').replace(MARKS, '').toLowerCase().normalize('NFC')
  for (const [word] of plain.matchAll(WORD)) {
    if (UNSPACED.test(word)) yield* pairs(word)
    else yield word
  }
}

function* pairs(run: string): Generator<string> {
  const characters = [...run]
  if (characters.length === 1) yield run
  for (let i = 1; i < characters.length; i += 1) yield `${characters[i - 1]}${characters[i]}`
}

const weightOf = (word: string): number =>
  COMMON.has(word) || (word.length <= SHORT && /^\p{L}+$/u.test(word) && !UNSPACED.test(word)) ? LITTLE : 1

function counted(all: Iterable<string>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const word of all) counts.set(word, (counts.get(word) ?? 0) + 1)
  return counts
}
