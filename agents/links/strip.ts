import type { Destination } from './hosts.ts'

/** What may stand in a text. */
export interface LinkRule {
  link(to: Destination): boolean
  /** Images are fetched by whoever shows the text. */
  image(from: Destination): boolean
}

export interface Stripped {
  readonly text: string
  /** How many links and images were taken out. */
  readonly removed: number
}

/** Nothing without one of these can be read as a link or an image. */
const SUSPICIOUS = /\]\(|\]\[|\]:|<|\/\/|www\.|&|\\/i

/**
 * A Markdown text without the links and images that a rule does not let stand: inline, by reference, autolinks, HTML and
 * bare URLs. The text of a link and the description of an image stay. Null: it cannot be cleaned, because new ones came up
 * again and again, or it is nested too deep to be read.
 */
export async function stripLinks(text: string, rule: LinkRule): Promise<Stripped | null> {
  if (!SUSPICIOUS.test(text)) return { text, removed: 0 }
  const { stripMarkdown } = await import('./strip-markdown.ts')
  return await stripMarkdown(text, rule)
}
