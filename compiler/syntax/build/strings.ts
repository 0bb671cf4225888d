import type { Expr } from '../ast.ts'

const SIMPLE: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '0': '\0',
  '"': '"',
  "'": "'",
  '\\': '\\',
  '{': '{',
  '}': '}',
}

const ESCAPE = /\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|(.))/gs

/** Escapes to characters; an unknown one keeps its backslash, as old programs hold plain regex text. */
function unescaped(raw: string): string {
  return raw.replace(ESCAPE, (whole, braced?: string, four?: string, simple?: string) => {
    if (simple !== undefined) return SIMPLE[simple] ?? whole
    const codePoint = Number.parseInt(braced ?? four ?? '', 16)
    return codePoint <= 0x10ffff ? String.fromCodePoint(codePoint) : whole
  })
}

/** A program means the same with either kind of line end. */
const newlines = (raw: string): string => raw.replaceAll('\r\n', '\n')

/** Literal text of an f-string: doubled braces are single ones. */
const formatText = (raw: string): string =>
  raw
    .split(/(\\.|\{\{|\}\})/s)
    .map((piece) => (piece === '{{' ? '{' : piece === '}}' ? '}' : piece))
    .join('')

/** Text of `"..."` and `'...'`: line breaks are kept as they are. */
export function text(raw: string): string {
  return unescaped(newlines(raw))
}

/** Parts of `f"..."`. */
export function parts(raw: readonly (string | Expr)[]): (string | Expr)[] {
  return raw.map((part) => (typeof part === 'string' ? text(formatText(part)) : part))
}

/**
 * Text of `"""..."""`: without the line break after the opening quotes, without a last line that is only
 * indentation, and without the indentation that all its lines share.
 */
export function tripleText(raw: string): string {
  return dedent([newlines(raw)])
    .map((part) => (typeof part === 'string' ? unescaped(part) : ''))
    .join('')
}

/** Parts of `f"""..."""`. */
export function tripleParts(raw: readonly (string | Expr)[]): (string | Expr)[] {
  const lines = raw.map((part) => (typeof part === 'string' ? newlines(part) : part))
  return dedent(lines).map((part) => (typeof part === 'string' ? unescaped(formatText(part)) : part))
}

function dedent(raw: readonly (string | Expr)[]): (string | Expr)[] {
  const [first] = raw
  if (typeof first !== 'string' || !/^[ \t]*\n/.test(first)) return [...raw]
  const last = raw.length - 1
  const body = raw.map((part, index) =>
    typeof part === 'string' && index === last ? part.replace(/\n[ \t]*$/, '') : part,
  )
  // A line's indentation matters unless the line is blank; one that runs up to a hole is not blank.
  const indents = body.flatMap((part, index) =>
    typeof part === 'string'
      ? [...part.matchAll(/\n([ \t]*)(?=([^\n]?))/g)]
          .filter(
            (match) => match[2] !== '' || (index !== last && match.index + match[0].length === part.length),
          )
          .map((match) => match[1]!.length)
      : [],
  )
  const shared = indents.reduce((least, indent) => Math.min(least, indent), indents[0] ?? 0)
  const margin = new RegExp(`\\n[ \\t]{0,${shared}}`, 'g')
  return body.map((part, index) => {
    if (typeof part !== 'string') return part
    const stripped = part.replace(margin, '\n')
    return index === 0 ? stripped.replace(/^[ \t]*\n/, '') : stripped
  })
}
