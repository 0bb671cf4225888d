/** Text in; a Module, or what is wrong with it, out. */
import type { Module } from '../bytecode/module.ts'
import type { Diagnostic } from './diagnostics/diagnostic.ts'
import { emit } from './emit/emit.ts'
import { analyse } from './front.ts'
import type { SourceFile } from './source/source-file.ts'

export interface CompileOptions {
  /** Names of all natives of the machine. */
  readonly natives: ReadonlySet<string>
  /** sha256 of a text, in hex. */
  readonly hash: (text: string) => string
}

export interface Compilation {
  /** Null when there are errors. */
  readonly module: Module | null
  /** Errors and warnings, in reading order. */
  readonly diagnostics: readonly Diagnostic[]
  /** The program and what it imports; a diagnostic's place is in one of them. */
  readonly files: readonly SourceFile[]
}

/** `read` gives the text of a file, or null where there is none; paths are as written, an import's relative to its file. */
export function compile(
  entry: string,
  read: (path: string) => string | null,
  options: CompileOptions,
): Compilation {
  const { program, diagnostics, files } = analyse(entry, read, options)
  if (program === null) return { module: null, diagnostics, files }
  const module = emit(program, {
    natives: options.natives,
    locate: ({ file, start }) => files[file]!.position(start),
  })
  return { module, diagnostics, files }
}
