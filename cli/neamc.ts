/** The compiler's command line: `neamc F.neam -o F.neamb` (chapter 24.8), `neamc compile F --output DIR` (chapter 28.5). */
import { refuseUnknownCommand } from './action.ts'
import { type Command, commandHelp, commandList } from './command.ts'
import { GENERAL_FLAGS, parseFlags, UsageError } from './flags.ts'
import { helpText } from './help.ts'
import { check } from './neamc/check.ts'
import { compile } from './neamc/compile.ts'
import { disassemble } from './neamc/disassemble.ts'
import { explain } from './neamc/explain.ts'
import { fmt } from './neamc/fmt.ts'
import { packageVersion } from './package-root.ts'
import { runProgram } from './run-program.ts'

const COMMANDS: Readonly<Record<string, Command>> = { compile, check, disassemble, explain, fmt }

/** `argv`: what follows the program's name. Exit code 0, 1 (errors in the program or the files) or 2 (usage). */
export const main = (argv: readonly string[]): Promise<number> => runProgram('neamc', () => run(argv))

async function run(argv: readonly string[]): Promise<number> {
  const [first, ...rest] = argv
  const named = first !== undefined && Object.hasOwn(COMMANDS, first)
  refuseUnknownCommand('neamc', argv, Object.keys(COMMANDS))
  // `neamc F.neam` is `neamc compile F.neam`.
  const command = named ? COMMANDS[first]! : compile
  const flags = { ...command.flags, ...GENERAL_FLAGS }
  const { values, positionals } = parseFlags(named ? `neamc ${first}` : 'neamc', flags, named ? rest : argv)
  const general: { readonly help?: unknown; readonly version?: unknown } = values
  if (general.help === true) print(named ? commandHelp('neamc', command) : generalHelp())
  else if (general.version === true) print(`neamc ${packageVersion()}\n`)
  else if (argv.length === 0) throw new UsageError(`no file is given\n\n${generalHelp()}`)
  else return await command.run({ values, positionals })
  return 0
}

function print(text: string): void {
  process.stdout.write(text)
}

const generalHelp = (): string =>
  helpText({
    usage: ['neamc FILE.neam [-o FILE.neamb]', 'neamc COMMAND ...'],
    about: 'Compiles programs, and says what is wrong with them.',
    flags: { ...compile.flags, ...GENERAL_FLAGS },
    sections: [['Commands (neamc COMMAND --help tells more)', commandList(Object.values(COMMANDS))]],
    examples: ['neamc agents.neam -o agents.neamb', 'neamc check agents.neam', 'neamc explain E4001'],
  })
