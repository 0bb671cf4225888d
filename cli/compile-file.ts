/** From a source file on disk to a Module, with the parser: loaded when there is something to compile. */
import { createHash } from 'node:crypto'
import { type Compilation, compile } from '../compiler/compile.ts'
import { renderAll } from '../compiler/diagnostics/render.ts'
import { NATIVE_NAMES } from '../runtime/natives.ts'
import { isColored } from './color.ts'
import { decodeText, readBytes, readText } from './source-file.ts'

const NATIVES: ReadonlySet<string> = new Set(NATIVE_NAMES)

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/**
 * Compiles a source file, by the name as given: diagnostics show it so. `onRead` is told of each file before it is
 * read, and of those that are not there.
 * @throws CommandError when the file itself cannot be read; a missing import is a diagnostic.
 */
export function compileFile(path: string, onRead: (path: string) => void = () => {}): Compilation {
  onRead(path)
  const text = decodeText(path, readBytes(path))
  const read = (wanted: string): string | null => {
    onRead(wanted)
    return wanted === path ? text : readText(wanted)
  }
  return compile(path, read, { natives: NATIVES, hash: sha256 })
}

/** To stderr, in colour where that is a terminal. */
export function printDiagnostics({ diagnostics, files }: Omit<Compilation, 'module'>): void {
  process.stderr.write(renderAll(diagnostics, files, { color: isColored(process.stderr) }))
}
