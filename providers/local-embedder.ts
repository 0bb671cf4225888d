import type { Embedder } from '../agents/ports/embeddings.ts'
import { weighedWords } from './local-words.ts'

/** Numbers of a vector. Parts that fall together by chance blur the likeness of two texts by about 3 %. */
const DIMENSIONS = 1024

/** Characters of a part of a word; its beginning and its end count as one each. */
const SHORTEST_PART = 3
const LONGEST_PART = 5
/** Of a word's weight: the word itself, all its parts together. */
const WHOLE = 0.6
const PARTS = 0.8

/**
 * The embedding model `local`: words and parts of words, hashed into a vector. It needs no network, no key and no
 * download, and a text has the same vector on every machine. It likens what is spelt alike (other endings, compounds,
 * slips of the keyboard) and knows nothing of meaning.
 */
export const localEmbedder: Embedder = {
  // Another name whenever a text gets another vector: indexes keep vectors by it.
  model: 'local-1',
  leastSimilarity: 0.12,
  share: 0.4,
  async embed(texts, { signal }) {
    signal.throwIfAborted()
    return texts.map(vectorOf)
  },
}

function vectorOf(text: string): Float32Array {
  const vector = new Float32Array(DIMENSIONS)
  for (const [word, weight] of weighedWords(text)) {
    add(vector, hashOf(word, 0, word.length), WHOLE * weight)
    addParts(vector, `^${word}$`, PARTS * weight)
  }
  const length = Math.hypot(...vector)
  return length === 0 ? vector : vector.map((value) => value / length)
}

/** However many parts a word has, they weigh the same together. */
function addParts(vector: Float32Array, word: string, weight: number): void {
  let count = 0
  for (let size = SHORTEST_PART; size <= LONGEST_PART; size += 1) count += Math.max(0, word.length - size + 1)
  for (let size = SHORTEST_PART; size <= LONGEST_PART; size += 1) {
    for (let start = 0; start + size <= word.length; start += 1) {
      add(vector, hashOf(word, start, start + size), weight / Math.sqrt(count))
    }
  }
}

/** One bit of the hash is the sign, so that what falls together by chance cancels out instead of adding up. */
function add(vector: Float32Array, hash: number, weight: number): void {
  const place = (hash >>> 1) % DIMENSIONS
  vector[place] = vector[place]! + ((hash & 1) === 0 ? weight : -weight)
}

/** FNV-1a of a part of a text, finished like MurmurHash3: the low bits of FNV are poor for short texts. */
function hashOf(text: string, start: number, end: number): number {
  let hash = 0x811c9dc5
  for (let i = start; i < end; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
