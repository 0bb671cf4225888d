/** Runs a program: `neam FILE.neam` or `neam FILE.neamb`. */
import { dirname, resolve } from 'node:path'
import { Fault } from '../agents/ports/fault.ts'
import { inlineDriver } from '../runtime/forge-drivers.ts'
import { readSettings } from '../runtime/settings.ts'
import { createSystem } from '../runtime/system.ts'
import { runWholeProgram, type Uncaught } from '../runtime/whole-program.ts'
import { environmentHelp } from './environment-help.ts'
import { type Flags, GENERAL_FLAGS, parseFlags, UsageError } from './flags.ts'
import { helpText } from './help.ts'
import { interruptible } from './interruptible.ts'
import { lineReader } from './line-reader.ts'
import { packageVersion } from './package-root.ts'
import { loadModule } from './program-file.ts'
import { runProgram } from './run-program.ts'
import { terminalEnvironment } from './terminal-environment.ts'
import { terminalOutput } from './terminal-output.ts'

const FLAGS = {
  offline: { type: 'boolean', help: 'answer with the offline model: no key, no network' },
  ...GENERAL_FLAGS,
} as const satisfies Flags

const HELP = helpText({
  usage: ['neam FILE [flags]'],
  about:
    'Runs a program, FILE.neam or FILE.neamb, from its first line to its last. What it emits goes to stdout.',
  flags: FLAGS,
  examples: ['neam hello.neam', 'neam --offline agents.neam'],
  exitCodes: { 1: 'the program failed, or could not be read; stderr says why' },
  environment: environmentHelp('neam', FLAGS),
})

export const main = (argv: readonly string[]): Promise<number> => runProgram('neam', () => run(argv))

async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseFlags('neam', FLAGS, argv)
  if (values.help) return print(HELP)
  if (values.version) return print(`neam ${packageVersion()}\n`)
  const [file, unexpected] = positionals
  if (file === undefined) throw new UsageError('no file is given: neam FILE; see neam --help')
  if (unexpected !== undefined) throw new UsageError(`unexpected argument ${unexpected}; see neam --help`)

  const environment = terminalEnvironment(values)
  const stop = new AbortController()
  const input = lineReader()
  const system = await createSystem({
    module: await loadModule(file),
    programDir: dirname(resolve(file)),
    environment,
    settings: readSettings(environment, process.cwd()),
    forgeDriver: inlineDriver,
    output: terminalOutput,
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
    await system.world.tracing.flush()
  }
}

function print(text: string): number {
  process.stdout.write(text)
  return 0
}

/** `error: message`, where it happened, and how the program got there (design 2.4). */
function uncaughtText({ message, trace }: Uncaught): string {
  const [first, ...callers] = trace
  const at = ({ file, line, column }: Uncaught['trace'][number]) => `${file}:${line}:${column}`
  return [
    `error: ${message}`,
    ...(first === undefined ? [] : [`  --> ${at(first)}`]),
    ...(first === undefined || callers.length === 0 ? [] : [`  in ${first.function}`]),
    ...repeats(callers.map((frame) => `  called from ${frame.function} (${at(frame)})`)),
    '',
  ].join('\n')
}

/** Lines that stand many times in a row, once each with how often: a recursion says the same of every call. */
function repeats(lines: readonly string[]): readonly string[] {
  const runs: { readonly line: string; times: number }[] = []
  for (const line of lines) {
    const last = runs.at(-1)
    if (last?.line === line) last.times += 1
    else runs.push({ line, times: 1 })
  }
  return runs.map(({ line, times }) => (times === 1 ? line : `${line}, ${times} times`))
}
