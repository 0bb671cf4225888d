import { isError } from '../../compiler/diagnostics/diagnostic.ts'
import { format } from '../../compiler/format/format.ts'
import { SourceFile } from '../../compiler/source/source-file.ts'
import { parse } from '../../compiler/syntax/parse.ts'
import { command } from '../command.ts'
import { CommandError } from '../command-error.ts'
import { printDiagnostics } from '../compile-file.ts'
import { UsageError } from '../flags.ts'
import { writeOutputFile } from '../output-file.ts'
import { readSource } from '../source-file.ts'

export const fmt = command({
  usage: 'fmt FILE.neam... [--check]',
  summary: 'lays programs out in the one canonical way',
  examples: ['neamc fmt agents.neam', 'neamc fmt --check agents.neam'],
  exitCodes: { 1: 'a file would change (--check), or has syntax errors' },
  flags: {
    check: { type: 'boolean', help: 'write nothing; exit code 1 when a file is not laid out so' },
  },
  run({ values, positionals: paths }) {
    if (paths.length === 0) throw new UsageError('no file is given, e.g. neamc fmt agents.neam')
    const changed = paths.filter((path) => {
      const before = readSource(path)
      const after = formatted(path, before)
      if (after === before) return false
      if (!values.check) writeOutputFile(path, new TextEncoder().encode(after))
      return true
    })
    for (const path of changed)
      process.stdout.write(`${path}: ${values.check ? 'would change' : 'formatted'}\n`)
    return values.check && changed.length > 0 ? 1 : 0
  },
})

/** A file with syntax errors is left alone. */
function formatted(path: string, text: string): string {
  const file = new SourceFile(path, text)
  const { diagnostics } = parse(file, 0)
  if (diagnostics.some(isError)) {
    printDiagnostics({ diagnostics, files: [file] })
    throw new CommandError(`${path} has syntax errors: it is left as it is`)
  }
  return format(text)
}
