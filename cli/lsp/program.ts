/** What is known of an open document: its program, whole, as the compiler sees it. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type Diagnostic, isError } from '../../compiler/diagnostics/diagnostic.ts'
import { analyse } from '../../compiler/front.ts'
import type { SourceFile } from '../../compiler/source/source-file.ts'
import type { Span } from '../../compiler/syntax/ast.ts'
import { parse } from '../../compiler/syntax/parse.ts'
import { NATIVE_NAMES } from '../../runtime/natives.ts'
import { type Declared, declarationsOf } from './declarations.ts'

const NATIVES: ReadonlySet<string> = new Set(NATIVE_NAMES)

export interface DeclaredIn extends Declared {
  readonly file: SourceFile
}

export interface OpenProgram {
  /** The document first, then what it imports; names are paths. */
  readonly files: readonly SourceFile[]
  readonly diagnostics: readonly Diagnostic[]
  /** The document itself has no syntax error. */
  readonly parses: boolean
  /** The document's and its imports'. */
  readonly declarations: readonly DeclaredIn[]
}

/** The path of a document; what has none on this machine goes by its URI. */
export function pathOf(uri: string): string {
  try {
    return uri.startsWith('file:') ? fileURLToPath(uri) : uri
  } catch {
    return uri
  }
}

export const uriOf = (path: string): string => (path.startsWith('/') ? pathToFileURL(path).href : path)

/** `open` gives the text of the document of a path as it stands in the editor, saved or not. */
export function openProgram(
  uri: string,
  text: string,
  open: (path: string) => string | undefined,
): OpenProgram {
  const entry = pathOf(uri)
  const read = (path: string): string | null => (path === entry ? text : (open(path) ?? readFile(path)))
  const { diagnostics, files } = analyse(entry, read, {
    natives: NATIVES,
    hash: (content) => createHash('sha256').update(content).digest('hex'),
  })
  const parsed = files.map(parse)
  const trees = parsed.map(({ program }) => program)
  return {
    files,
    diagnostics,
    parses: !parsed[0]?.diagnostics.some(isError),
    declarations: trees.flatMap((tree, index) =>
      declarationsOf(tree).map((one) => ({ ...one, file: files[index]! })),
    ),
  }
}

function readFile(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

/** The text of a span's declaration up to its body, for a person who points at its name. */
export function headOf(file: SourceFile, span: Span): string {
  const text = file.text.slice(span.start, span.end)
  const body = text.indexOf('{')
  return (body === -1 ? text : text.slice(0, body)).split('\n', 1)[0]!.trim()
}

/** The `//` lines right above a place. */
export function commentAbove(file: SourceFile, offset: number): string {
  const lines = file.text.slice(0, offset).split('\n').slice(0, -1)
  const comment: string[] = []
  while (lines.at(-1)?.trim().startsWith('//'))
    comment.unshift(
      lines
        .pop()!
        .trim()
        .replace(/^\/\/+ ?/, ''),
    )
  return comment.join('\n')
}
