/** Where a cursor stands, told from tokens alone: while somebody types, there is no tree. */
import { AGENT, CLAW, FORGE } from '../../compiler/check/schema/agents.ts'
import { BUDGET, CHANNEL, GUARD, POLICY, SKILL } from '../../compiler/check/schema/others.ts'
import { ruleOf, type Schema } from '../../compiler/check/schema/schema.ts'
import { type Token, tokenize } from '../../compiler/format/tokens.ts'

export interface Place {
  /** The word at the cursor, "" between words. */
  readonly word: string
  /** Fields that may stand here; null outside of declarations that have fields. */
  readonly schema: Schema | null
  /** The field whose list of names the cursor is in, e.g. `skills`. */
  readonly listOf: string | null
  /** Inside a string or a comment. */
  readonly inText: boolean
}

const SCHEMAS: Readonly<Record<string, Schema>> = {
  agent: AGENT,
  channel: CHANNEL,
  budget: BUDGET,
  policy: POLICY,
  skill: SKILL,
  guard: GUARD,
}

/** What an open bracket belongs to. */
interface Frame {
  readonly mark: string
  readonly schema: Schema | null
  /** Of the blocks in it, whose names are the user's. */
  readonly inner: Schema | null
  readonly field: string | null
}

export function placeAt(text: string, offset: number): Place {
  const frames: Frame[] = []
  const code: Token[] = []
  let word = ''
  let inText = false
  for (const token of tokenize(text)) {
    const end = token.start + token.text.length
    if (token.start > offset) break
    if (token.kind === 'word' && offset <= end) word = token.text
    if (token.kind === 'string' || token.kind === 'comment' || token.kind === 'block-comment') {
      inText = token.start < offset && (offset < end || token.kind === 'comment')
    }
    if (end > offset || token.kind === 'comment' || token.kind === 'block-comment') continue
    if (token.kind === 'mark') {
      if ('([{'.includes(token.text)) frames.push(frameOf(token.text, code, frames.at(-1)))
      else if (')]}'.includes(token.text)) frames.pop()
    }
    code.push(token)
  }
  const frame = frames.at(-1)
  return {
    word,
    schema: frame?.mark === '{' ? frame.schema : null,
    listOf: frame?.mark === '[' ? frame.field : null,
    inText,
  }
}

function frameOf(mark: string, code: readonly Token[], outer: Frame | undefined): Frame {
  const back = (count: number): string => code.at(-count)?.text ?? ''
  const field = back(1) === ':' ? back(2) : back(1)
  const plain: Frame = { mark, schema: null, inner: null, field }
  if (mark !== '{') return plain
  const own = ownSchema(back(3), back(2))
  if (own) return { ...plain, schema: own }
  if (outer?.inner) return { ...plain, schema: outer.inner }
  const accepts = outer?.schema ? ruleOf(outer.schema, field)?.accepts : undefined
  if (accepts?.kind === 'block') return { ...plain, schema: accepts.fields }
  return accepts?.kind === 'blocks' ? { ...plain, inner: accepts.fields } : plain
}

/** `claw agent X {`: the schema of a declaration by its two words. */
function ownSchema(first: string, second: string): Schema | null {
  if (second === 'agent') return first === 'claw' ? CLAW : first === 'forge' ? FORGE : AGENT
  return Object.hasOwn(SCHEMAS, second) ? SCHEMAS[second]! : null
}
