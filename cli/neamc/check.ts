import { toJson } from '../../compiler/diagnostics/diagnostic.ts'
import { command } from '../command.ts'
import { compileFile, printDiagnostics } from '../compile-file.ts'
import { UsageError } from '../flags.ts'

export const check = command({
  usage: 'check FILE.neam... [--json]',
  summary: 'reports errors and warnings, writes nothing',
  examples: ['neamc check agents.neam', 'neamc check --json agents.neam'],
  exitCodes: { 1: 'a program has errors; warnings are none' },
  flags: {
    json: { type: 'boolean', help: 'print the diagnostics as JSON to stdout' },
  },
  run({ values, positionals: sources }) {
    if (sources.length === 0) throw new UsageError('no file is given, e.g. neamc check agents.neam')
    const checked = sources.map((source) => ({ source, ...compileFile(source) }))
    if (values.json) {
      const diagnostics = checked.flatMap(({ diagnostics, files }) =>
        diagnostics.map((one) => toJson(one, files)),
      )
      process.stdout.write(`${JSON.stringify({ diagnostics }, null, 2)}\n`)
    } else {
      for (const { source, module, ...found } of checked) {
        printDiagnostics(found)
        if (module !== null) process.stdout.write(`${source}: ok\n`)
      }
    }
    return checked.every(({ module }) => module !== null) ? 0 : 1
  },
})
