/** The compiler's command line: `neamc F.neam -o F.neamb` (chapter 24.8), `neamc compile F --output DIR` (chapter 28.5). */
import { closest } from '../compiler/diagnostics/closest.ts'
import type { Command } from './command.ts'
import { type Flags, flagsHelp, parseFlags, UsageError } from './flags.ts'
import { check } from './neamc/check.ts'
import { compile } from './neamc/compile.ts'
import { disassemble } from './neamc/disassemble.ts'
import { explain } from './neamc/explain.ts'
import { fmt } from './neamc/fmt.ts'
import { packageVersion } from './package-root.ts'
import { runProgram } from './run-program.ts'

const COMMANDS: Readonly<Record<string, Command>> = { compile, check, disassemble, explain, fmt }

const GENERAL = {
  help: { type: 'boolean', short: 'h', help: 'print this help' },
  version: { type: 'boolean', help: 'print the version' },
} as const satisfies Flags

/** `argv`: what follows the program's name. Exit code 0, 1 (errors in the program or the files) or 2 (usage). */
export const main = (argv: readonly string[]): Promise<number> => runProgram('neamc', () => run(argv))

async function run(argv: readonly string[]): Promise<number> {
  const [first, ...rest] = argv
  const named = first !== undefined && Object.hasOwn(COMMANDS, first)
  if (first !== undefined && !named && /^\w+$/.test(first) && rest.length > 0) refuseUnknownCommand(first)
  // `neamc F.neam` is `neamc compile F.neam`.
  const command = named ? COMMANDS[first]! : compile
  const flags = { ...command.flags, ...GENERAL }
  const { values, positionals } = parseFlags('neamc', flags, named ? rest : argv)
  const general: { readonly help?: unknown; readonly version?: unknown } = values
  if (general.help === true) print(named ? commandHelp(command) : generalHelp())
  else if (general.version === true) print(`neamc ${packageVersion()}\n`)
  else if (argv.length === 0) throw new UsageError(`no file is given\n\n${generalHelp()}`)
  else return await command.run({ values, positionals })
  return 0
}

function refuseUnknownCommand(word: string): never {
  const near = closest(word, Object.keys(COMMANDS))
  throw new UsageError(
    `unknown command ${word}; ${near === null ? `the commands are ${Object.keys(COMMANDS).join(', ')}` : `did you mean ${near}?`}`,
  )
}

function print(text: string): void {
  process.stdout.write(text)
}

function generalHelp(): string {
  const commands = Object.values(COMMANDS)
  const width = Math.max(...commands.map(({ usage }) => usage.length))
  return [
    'Usage: neamc FILE.neam [-o FILE.neamb]',
    '       neamc COMMAND ...',
    '',
    'Commands:',
    ...commands.map(({ usage, summary }) => `  ${usage.padEnd(width)}  ${summary}`),
    '',
    'Flags:',
    flagsHelp({ ...compile.flags, ...GENERAL }),
    '',
  ].join('\n')
}

const commandHelp = ({ usage, summary, flags }: Command): string =>
  [`Usage: neamc ${usage}`, '', summary, '', 'Flags:', flagsHelp({ ...flags, help: GENERAL.help }), ''].join(
    '\n',
  )
