import { jsonLine, jsonLines } from './json-line.ts'

/**
 * Learnings (chapter 25.6): insights that outlive an iteration. The model marks them in its text with a line
 * `LEARNING: ...` or `[LEARNING] ...`, or with `<learning>...</learning>`; verify callbacks may write the file too.
 */
export interface LearningLine {
  readonly learning: string
  readonly iteration: number
  readonly task: string
  /** Strangers may have had a part in it: it is kept for people to look at, and told to no model. */
  readonly tainted: boolean
}

const MARKED_LINE = /^[ \t]*(?:[-*+•][ \t]+)?(?:\*\*)?(?:\[learning\]:?|learning:)(?:\*\*)?[ \t]*(\S.*)$/gim

/** From one answer. */
const MAX_PER_ANSWER = 10
const MAX_LENGTH = 500
/** Characters of learnings that a request may carry: about a thousand tokens. */
const MAX_CONTEXT = 4000

const tidy = (text: string): string => {
  const line = text.trim().replace(/\s+/g, ' ')
  const points = [...line]
  return points.length > MAX_LENGTH ? `${points.slice(0, MAX_LENGTH - 1).join('')}…` : line
}

/** What the model marked in its text and `known` does not hold yet, in order of appearance. */
export function extractLearnings(text: string, known: readonly string[]): readonly string[] {
  const lines = [...text.matchAll(MARKED_LINE)].map(({ index, 1: marked = '' }) => ({ index, marked }))
  const marked = [...lines, ...betweenTags(text)]
    .toSorted((a, b) => a.index - b.index)
    .map(({ marked }) => tidy(marked.replace(/<\/?learning>/gi, ' ')))
  const seen = new Set(known.map(tidy))
  const found: string[] = []
  for (const learning of marked) {
    if (learning === '' || seen.has(learning)) continue
    seen.add(learning)
    found.push(learning)
  }
  return found.slice(0, MAX_PER_ANSWER)
}

/** Looks for each end once: a pattern would look to the end of the text from each tag that nothing closes. */
function* betweenTags(text: string): Generator<{ readonly index: number; readonly marked: string }> {
  const open = /<learning>/gi
  const close = /<\/learning>/gi
  for (let begin = open.exec(text); begin !== null; begin = open.exec(text)) {
    close.lastIndex = open.lastIndex
    const end = close.exec(text)
    if (end === null) return
    yield { index: begin.index, marked: text.slice(open.lastIndex, end.index) }
    open.lastIndex = close.lastIndex
  }
}

/** The learnings of a file that a model may be told of, oldest first; unreadable lines are passed over. */
export function parseLearnings(text: string): readonly string[] {
  const found = new Set<string>()
  for (const { learning, detail, tainted } of jsonLines(text).objects) {
    const value = learning ?? detail
    if (tainted === true) continue
    if (typeof value === 'string' && value.trim() !== '') found.add(tidy(value))
  }
  return [...found]
}

export const formatLearning = ({ learning, iteration, task, tainted }: LearningLine): string =>
  jsonLine({ learning, iteration, task, ...(tainted ? { tainted } : {}) })

/** The part of `learnings` that a request carries: the newest that fit, oldest of them first. */
export function recentLearnings(learnings: readonly string[]): readonly string[] {
  const kept: string[] = []
  let size = 0
  for (const learning of learnings.toReversed()) {
    size += learning.length
    if (size > MAX_CONTEXT) break
    kept.unshift(learning)
  }
  return kept
}
