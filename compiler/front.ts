import { type Checked, check, type ParsedFile } from './check/check.ts'
import { type Diagnostic, isError, sorted } from './diagnostics/diagnostic.ts'
import { importCycle, importNotFound, importNotLocal, sourceNotFound } from './diagnostics/syntax.ts'
import { SourceFile } from './source/source-file.ts'
import type { ImportDecl } from './syntax/ast.ts'
import { parse } from './syntax/parse.ts'

export interface AnalyseOptions {
  /** Names of the functions that the VM has. */
  readonly natives: ReadonlySet<string>
  /** sha256 as lower-case hex. */
  readonly hash: (text: string) => string
}

export interface Analysis extends Checked {
  /** The program's file first, then what it imports; a span's `file` is an index into it. */
  readonly files: readonly SourceFile[]
}

/**
 * Reads a program and all it imports, each file once, and checks it whole.
 * `read` gives a file's text, null where there is none; paths are `entry`, and others relative to it.
 */
export function analyse(
  entry: string,
  read: (path: string) => string | null,
  { natives, hash }: AnalyseOptions,
): Analysis {
  const loader = new Loader(read)
  loader.load(entry)
  const { files, order, diagnostics } = loader
  const sources = files.map((file) => file.source)
  if (diagnostics.some(isError)) return { program: null, diagnostics: sorted(diagnostics), files: sources }
  const hashes = sources.map(({ text }) => hash(text))
  const sourceHash = hashes.length === 1 ? hashes[0]! : hash(hashes.join('\n'))
  const checked = check(files, { natives, sourceHash, order })
  return { ...checked, diagnostics: sorted([...diagnostics, ...checked.diagnostics]), files: sources }
}

class Loader {
  readonly files: ParsedFile[] = []
  /** Indexes of the files in the order in which they run: an import stands before its importer. */
  readonly order: number[] = []
  readonly diagnostics: Diagnostic[] = []
  readonly #read: (path: string) => string | null
  readonly #loaded = new Set<string>()
  /** Files whose imports are being loaded, outermost first. */
  readonly #open: string[] = []

  constructor(read: (path: string) => string | null) {
    this.#read = read
  }

  /** `wanted`: the import that names the path; absent for the program's own file. */
  load(path: string, wanted?: ImportDecl): void {
    if (this.#open.includes(path)) {
      const circle = [...this.#open.slice(this.#open.indexOf(path)), path]
      if (wanted) this.diagnostics.push(importCycle(wanted.pathSpan, circle))
      return
    }
    if (this.#loaded.has(path)) return
    const text = this.#read(path)
    if (text === null) {
      this.diagnostics.push(wanted ? importNotFound(wanted.pathSpan, wanted.path) : sourceNotFound(path))
      return
    }
    this.#loaded.add(path)
    const index = this.files.length
    const source = new SourceFile(path, text)
    const { program, diagnostics } = parse(source, index)
    this.files.push({ source, program })
    this.diagnostics.push(...diagnostics)

    this.#open.push(path)
    for (const item of program.items) {
      if (item.kind !== 'import') continue
      const target = resolve(path, item.path)
      if (target === null) this.diagnostics.push(importNotLocal(item.pathSpan, item.path))
      else this.load(target, item)
    }
    this.#open.pop()
    this.order.push(index)
  }
}

/** The path of an imported file, or null for anything but a relative path of a .neam file. */
function resolve(importer: string, path: string): string | null {
  if (!/^[^/\\:\0]+(?:\/[^/\\:\0]+)*\.neam$/.test(path)) return null
  const parts = importer.split('/').slice(0, -1)
  for (const part of path.split('/')) {
    if (part === '.') continue
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..' && parts.at(-1) !== '') parts.pop()
    else if (part === '..' && parts.at(-1) === '') return null
    else parts.push(part)
  }
  return parts.join('/')
}
