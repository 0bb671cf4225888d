import { createHash } from 'node:crypto'
import { type Analysis, analyse } from '../../compiler/front.ts'
import { NATIVE_NAMES } from '../../vm/natives/names.ts'

const natives = new Set(NATIVE_NAMES)
const hash = (text: string) => createHash('sha256').update(text).digest('hex')

/** Analyses a program given as text; `others` are the files it may import, by path. */
export function analyseText(
  text: string,
  others: Readonly<Record<string, string>> = {},
  name = 'program.neam',
): Analysis {
  const read = (path: string) => (path === name ? text : (others[path] ?? null))
  return analyse(name, read, { natives, hash })
}

/** `E4001 6:3` of each diagnostic, in order. */
export function places({ diagnostics, files }: Analysis): string[] {
  return diagnostics.map(({ code, span }) => {
    const { line, column } = files[span.file]!.position(span.start)
    return `${code} ${line}:${column}`
  })
}
