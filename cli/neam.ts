/** Runs a program: `neam FILE.neam` or `neam FILE.neamb`. */
import { createInterface, type Interface } from 'node:readline/promises'
import { Fault } from '../agents/ports/fault.ts'
import { processEnvironment } from '../runtime/environment.ts'
import { inlineDriver } from '../runtime/forge-drivers.ts'
import { readSettings } from '../runtime/settings.ts'
import { createSystem } from '../runtime/system.ts'
import { runWholeProgram, type Uncaught } from '../runtime/whole-program.ts'
import { type Flags, flagsHelp, parseFlags, UsageError } from './flags.ts'
import { interruptible } from './interruptible.ts'
import { packageVersion } from './package-root.ts'
import { loadModule } from './program-file.ts'
import { runProgram } from './run-program.ts'

const FLAGS = {
  offline: { type: 'boolean', help: 'answer with the offline model: no key, no network' },
  help: { type: 'boolean', short: 'h', help: 'print this help' },
  version: { type: 'boolean', help: 'print the version' },
} as const satisfies Flags

const HELP = `Usage: neam FILE [flags]

Runs a program, FILE.neam or FILE.neamb, from its first line to its last. What it emits goes to stdout.

Flags:
${flagsHelp(FLAGS)}
`

/** Audit records are kept where somebody asks for them. */
const QUIET = { NEAM_AUDIT_SINK: 'none' }

export const main = (argv: readonly string[]): Promise<number> => runProgram('neam', () => run(argv))

async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseFlags('neam', FLAGS, argv)
  if (values.help) return print(HELP)
  if (values.version) return print(`neam ${packageVersion()}\n`)
  const [file, unexpected] = positionals
  if (file === undefined) throw new UsageError(`no file is given\n\n${HELP}`)
  if (unexpected !== undefined) throw new UsageError(`unexpected argument ${unexpected}; see neam --help`)

  const environment = { ...QUIET, ...processEnvironment(), ...(values.offline ? { NEAM_OFFLINE: '1' } : {}) }
  const stop = new AbortController()
  const input = lineReader()
  const system = await createSystem({
    module: loadModule(file),
    environment,
    settings: readSettings(environment, process.cwd()),
    forgeDriver: inlineDriver,
    output: {
      emit: (line) => print(`${line}\n`),
      print,
      warn: (line) => process.stderr.write(`warning: ${line}\n`),
    },
    readLine: input.read,
    lazyTree: true,
    aroundCommands: (commands) => interruptible(commands, () => stop.abort(new Fault('stopped'))),
  })
  try {
    const uncaught = await runWholeProgram(system, stop.signal)
    if (uncaught) process.stderr.write(uncaughtText(uncaught))
    return uncaught ? 1 : 0
  } finally {
    input.close()
  }
}

function print(text: string): number {
  process.stdout.write(text)
  return 0
}

/** Reads standard input line by line, opened at the first question. */
function lineReader() {
  let reader: Interface | null = null
  let lines: AsyncIterator<string> | null = null
  return {
    async read(prompt: string): Promise<string | null> {
      print(prompt)
      reader ??= createInterface({ input: process.stdin })
      lines ??= reader[Symbol.asyncIterator]()
      const { done, value } = await lines.next()
      return done ? null : value
    },
    close: () => reader?.close(),
  }
}

/** `error: message`, where it happened, and how the program got there (design 2.4). */
function uncaughtText({ message, trace }: Uncaught): string {
  const [first, ...callers] = trace
  const at = ({ file, line, column }: Uncaught['trace'][number]) => `${file}:${line}:${column}`
  return [
    `error: ${message}`,
    ...(first === undefined ? [] : [`  --> ${at(first)}`]),
    ...(first === undefined || callers.length === 0 ? [] : [`  in ${first.function}`]),
    ...callers.map((frame) => `  called from ${frame.function} (${at(frame)})`),
    '',
  ].join('\n')
}
