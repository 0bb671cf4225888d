import { destinationOf } from './hosts.ts'
import type { LinkRule, Stripped } from './strip.ts'

const REMOVED = '(link removed)'
/** Taking something out can put together something new. */
const MOST_ROUNDS = 8

/** Quotations and lists in one another, a hundred deep in one line. */
const TOO_DEEP = /^(?:[ \t]*(?:>|[-+*](?=[ \t])|\d{1,9}[.)](?=[ \t]))){100}/m

/** Reading brackets that stay open takes time that grows with the square of their number. */
const MOST_OPEN = 2000

/** Whether more brackets, or destinations in angle brackets, are open in one paragraph than can be read in time. */
function hasTooManyOpen(text: string): boolean {
  return text.split(/\n[ \t]*\n/).some((paragraph) => {
    let [open, destinations] = [0, 0]
    for (const [mark] of paragraph.matchAll(/\]\(<|[[\]]/g)) {
      if (mark === '[') open += 1
      else open = Math.max(0, open - 1)
      if (mark === '](<') destinations += 1
      if (open > MOST_OPEN || destinations > MOST_OPEN) return true
    }
    return false
  })
}

/** As `stripLinks`, of a text that may hold some. */
export async function stripMarkdown(text: string, rule: LinkRule): Promise<Stripped | null> {
  if (TOO_DEEP.test(text) || hasTooManyOpen(text)) return null
  const readings = await markdownReadings()
  let current = text
  let removed = 0
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const edits = firstEdits(readings, current, rule)
    if (edits.length === 0) return { text: current, removed }
    removed += edits.filter(({ counts }) => counts).length
    current = edited(current, edits)
  }
  return null
}

type Read = (text: string) => MarkdownNode

/** With tables and without: which backticks belong together depends on it, and so what is code and what an image. */
async function markdownReadings(): Promise<readonly Read[]> {
  const [{ fromMarkdown }, { gfmTable }, { gfmTableFromMarkdown }] = await Promise.all([
    import('mdast-util-from-markdown'),
    import('micromark-extension-gfm-table'),
    import('mdast-util-gfm-table'),
  ])
  const plainly = { extensions: [UNEMPHASISED] }
  const withTables = { extensions: [UNEMPHASISED, gfmTable()], mdastExtensions: [gfmTableFromMarkdown()] }
  return [(text) => fromMarkdown(text, plainly), (text) => fromMarkdown(text, withTables)]
}

/** Emphasis says nothing about links; reading it takes time that grows with its square. */
const UNEMPHASISED = { disable: { null: ['attention'] } }

function firstEdits(readings: readonly Read[], text: string, rule: LinkRule): readonly Edit[] {
  for (const read of readings) {
    const edits = editsOf(read(text), text, rule)
    if (edits.length > 0) return edits
  }
  return []
}

/** What is needed of mdast's nodes. */
interface MarkdownNode {
  readonly type: string
  readonly children?: readonly MarkdownNode[]
  readonly position?: {
    readonly start: { readonly offset?: number | undefined }
    readonly end: { readonly offset?: number | undefined }
  }
  readonly url?: string
  readonly value?: string
  readonly alt?: string | null
  readonly identifier?: string
}

interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
  /** One of the edits that take one link out counts. */
  readonly counts: boolean
}

interface Reading {
  readonly source: string
  readonly rule: LinkRule
  /** The URL of each definition; of several the first one holds. */
  readonly definitions: ReadonlyMap<string, string>
}

function editsOf(root: MarkdownNode, source: string, rule: LinkRule): readonly Edit[] {
  const definitions = new Map<string, string>()
  for (const { type, identifier = '', url = '' } of nodesOf(root)) {
    if (type === 'definition' && !definitions.has(identifier)) definitions.set(identifier, url)
  }
  const reading = { source, rule, definitions }
  return [...flow(root)].flatMap(({ node, isBlock }) => editsOfNode(node, isBlock, reading))
}

function* nodesOf(node: MarkdownNode): Generator<MarkdownNode> {
  yield node
  for (const child of node.children ?? []) yield* nodesOf(child)
}

/** Every node; HTML that is a block of its own is told apart from HTML within a paragraph. */
function* flow(node: MarkdownNode): Generator<{ readonly node: MarkdownNode; readonly isBlock: boolean }> {
  const isBlock = !PHRASING.has(node.type)
  for (const child of node.children ?? []) {
    yield { node: child, isBlock }
    yield* flow(child)
  }
}

const PHRASING = new Set(['paragraph', 'heading', 'tableCell', 'emphasis', 'strong', 'link', 'linkReference'])

function editsOfNode(node: MarkdownNode, isBlock: boolean, reading: Reading): readonly Edit[] {
  const { rule, definitions } = reading
  const url = node.url ?? definitions.get(node.identifier ?? '') ?? ''
  switch (node.type) {
    case 'link':
    case 'linkReference':
      return rule.link(destinationOf(url)) ? [] : unlinked(node, reading)
    case 'image':
    case 'imageReference':
      return rule.image(destinationOf(url)) ? [] : [replacing(node, plain(node.alt ?? ''))]
    case 'definition':
      // An image's definition may be a link's, too: where links may stand, it does nothing by itself.
      return rule.link(destinationOf(url)) ? [] : [{ ...replacing(node, ''), counts: false }]
    case 'html':
      return editsOfHtml(node, isBlock, reading)
    case 'text':
      return editsOfText(node, reading)
    default:
      return []
  }
}

const startOf = ({ position }: MarkdownNode): number => position?.start.offset ?? 0
const endOf = ({ position }: MarkdownNode): number => position?.end.offset ?? 0

const replacing = (node: MarkdownNode, text: string): Edit => ({
  start: startOf(node),
  end: endOf(node),
  text,
  counts: true,
})

/** What stands around the text of a link goes; what stands in it has edits of its own. An autolink has no text. */
function unlinked(node: MarkdownNode, { source }: Reading): readonly Edit[] {
  const first = node.children?.at(0)
  const last = node.children?.at(-1)
  if (source[startOf(node)] === '<' || first === undefined || last === undefined) {
    return [replacing(node, source[startOf(node)] === '<' ? REMOVED : '')]
  }
  return [
    { start: startOf(node), end: startOf(first), text: '', counts: true },
    { start: endOf(last), end: endOf(node), text: '', counts: false },
  ]
}

/**
 * `https://acme.com/x`, `//acme.com/x`, `www.acme.com`: what programs that show text make links of by themselves. A scheme is
 * looked for where a word begins only, with whatever stands before its first letter: from every letter on, a long word would
 * take time that grows with its square.
 */
const BARE = /(?:(?<![a-z0-9+.-])[0-9+.-]*[a-z][a-z0-9+.-]*:)?\/\/[^\s<>]+|(?<![\w.-])www\.[^\s<>]+/gi
const BEFORE_SCHEME = /^[0-9+.-]*/
/** Looked for where it begins only, for the same reason. */
const TRAILING = /(?<![)\].,;:!?'"*_~|])[)\].,;:!?'"*_~|]+$/

/** What other readers take for HTML, though this one does not: an attribute could load something. */
const LOOSE_TAG = /(?<!\\)<(?=[a-z/!?][^<]*=)/gi

function editsOfText(node: MarkdownNode, { rule, source }: Reading): readonly Edit[] {
  const value = node.value ?? ''
  const written = source.slice(startOf(node), endOf(node))
  const left = value.replace(BARE, (match) => {
    const before = BEFORE_SCHEME.exec(match)?.[0] ?? ''
    const url = match.slice(before.length).replace(TRAILING, '')
    if (!isBareLink(url) || rule.link(destinationOf(url))) return match
    return `${before}${REMOVED}${match.slice(before.length + url.length)}`
  })
  if (left === value && written.search(LOOSE_TAG) === -1) return []
  // Escapes and entities of the source are gone from the value: what is left of it is escaped again.
  const text =
    written === value ? left.replace(LOOSE_TAG, '\\<') : plain(left).replaceAll(plain(REMOVED), REMOVED)
  return [{ ...replacing(node, text), counts: left !== value }]
}

/** `//` alone begins a comment more often than a host. */
function isBareLink(url: string): boolean {
  if (!url.startsWith('//')) return true
  const to = destinationOf(url)
  return to.kind === 'elsewhere' || (to.kind === 'host' && to.host.includes('.'))
}

const TAG =
  /<(?:!--[\s\S]*?(?:-->|$)|(script|style|iframe|svg|math|template|noscript)\b[\s\S]*?(?:<\/\1\s*>|$)|[^>]*(?:>|$))/gi
const HARMLESS = /^<\/?(?:a|b|br|code|del|em|i|ins|kbd|mark|s|small|strong|sub|sup|u)\s*\/?>$/i
const ANCHOR = /^<a\s+href="([^"<>]*)"(?:\s+title="[^"<>]*")?\s*>$/i
const IMAGE =
  /^<img(?:\s+(?:alt|title|width|height)="[^"<>]*")*\s+src="([^"<>]*)"(?:\s+(?:alt|title|width|height)="[^"<>]*")*\s*\/?>$/i

/** Tags go unless they are known to do nothing, or are written plainly and lead where they may. */
function editsOfHtml(node: MarkdownNode, isBlock: boolean, { rule }: Reading): readonly Edit[] {
  const value = node.value ?? ''
  // Within a block of HTML, Markdown is read by some programs and not by others: only a lone tag stays a block.
  const isLone = value.trim().replace(TAG, '') === '' && value.match(TAG)?.length === 1
  if ((!isBlock || isLone) && mayStand(value.trim(), rule)) return []
  const left = value.replace(TAG, (tag) => (!isBlock && mayStand(tag, rule) ? tag : altOf(tag)))
  return left === value ? [] : [replacing(node, left)]
}

function mayStand(tag: string, rule: LinkRule): boolean {
  if (HARMLESS.test(tag)) return true
  const [, href] = ANCHOR.exec(tag) ?? []
  if (href !== undefined) return isPlain(href) && rule.link(destinationOf(unescaped(href)))
  const [, src] = IMAGE.exec(tag) ?? []
  return src !== undefined && isPlain(src) && rule.image(destinationOf(unescaped(src)))
}

const isPlain = (attribute: string): boolean => !/&(?!amp;)/.test(attribute)
const unescaped = (attribute: string): string => attribute.replaceAll('&amp;', '&')

const altOf = (tag: string): string => plain(/^<img\s[^>]*?\balt="([^"<>&]*)"/i.exec(tag)?.[1] ?? '')

/** Text that Markdown shows as it is. */
const plain = (text: string): string =>
  text.replace(/\s+/g, ' ').replace(/[\\`{}[\]()<>#!&|]/g, (character) => `\\${character}`)

/** Edits do not overlap, except where one lies wholly in another: the outer one then says it all. */
function edited(source: string, edits: readonly Edit[]): string {
  let text = ''
  let at = 0
  for (const { start, end, text: instead } of edits.toSorted((a, b) => a.start - b.start || b.end - a.end)) {
    if (start < at) continue
    text += source.slice(at, start) + instead
    at = end
  }
  return text + source.slice(at)
}
