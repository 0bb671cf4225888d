/** Interactive chat with a claw agent over its `cli` channel (chapter 24.6). */
import type { ChannelDecl, ClawDecl, Manifest } from '../bytecode/manifest.ts'
import { openChat } from '../runtime/chat.ts'
import { inlineDriver } from '../runtime/forge-drivers.ts'
import { readSettings } from '../runtime/settings.ts'
import { createSystem } from '../runtime/system.ts'
import { refuseUnknownCommand } from './action.ts'
import { type Command, commandHelp, commandList } from './command.ts'
import { CommandError } from './command-error.ts'
import { environmentHelp } from './environment-help.ts'
import { type Flags, GENERAL_FLAGS, parseFlags, UsageError } from './flags.ts'
import { helpText } from './help.ts'
import { lineReader } from './line-reader.ts'
import { audit } from './neam-cli/audit.ts'
import { confirmations } from './neam-cli/confirmations.ts'
import { CHAT_COMMANDS, converse } from './neam-cli/conversation.ts'
import { doctor } from './neam-cli/doctor.ts'
import { memory } from './neam-cli/memory.ts'
import { sessions } from './neam-cli/sessions.ts'
import { workspace } from './neam-cli/workspace.ts'
import { packageVersion } from './package-root.ts'
import { loadModule } from './program-file.ts'
import { runProgram } from './run-program.ts'
import { terminalEnvironment } from './terminal-environment.ts'
import { terminalOutput } from './terminal-output.ts'
import { userName } from './user-name.ts'

const FLAGS = {
  agent: {
    type: 'string',
    value: 'NAME',
    help: 'claw agent to chat with (default: the first one with a cli channel)',
  },
  user: {
    type: 'string',
    value: 'NAME',
    help: 'who you are; each user has a session (default: your user name)',
  },
  offline: { type: 'boolean', help: 'answer with the offline model: no key, no network' },
  ...GENERAL_FLAGS,
} as const satisfies Flags

/** What is not a chat; `neam-cli COMMAND --help` tells more. */
const OTHERS: Readonly<Record<string, Command>> = {
  audit,
  confirmations,
  doctor,
  memory,
  sessions,
  workspace,
}

const HELP = helpText({
  usage: ['neam-cli FILE [flags]', 'neam-cli COMMAND ...'],
  about: `Chats with a claw agent of a program, FILE.neam or FILE.neamb. The conversation is kept: it goes on next time. In a
terminal you are asked about tool calls that need a person's approval.`,
  flags: FLAGS,
  sections: [
    ['In the chat', CHAT_COMMANDS.trimEnd()],
    ['Commands (neam-cli COMMAND --help tells more)', commandList(Object.values(OTHERS))],
  ],
  examples: ['neam-cli tutor.neam --offline', 'neam-cli tutor.neam --user ada --offline'],
  environment: environmentHelp('neam-cli', FLAGS),
})

const VERSION = `neam-cli ${packageVersion()}\n`

export const main = (argv: readonly string[]): Promise<number> => runProgram('neam-cli', () => run(argv))

async function run(argv: readonly string[]): Promise<number> {
  const [first = '', ...rest] = argv
  refuseUnknownCommand('neam-cli', argv, Object.keys(OTHERS))
  return await (Object.hasOwn(OTHERS, first) ? runCommand(first, rest) : chatFrom(argv))
}

async function runCommand(name: string, argv: readonly string[]): Promise<number> {
  const command = OTHERS[name]!
  const flags: Flags = { ...command.flags, ...GENERAL_FLAGS }
  const { values, positionals } = parseFlags(`neam-cli ${name}`, flags, argv)
  if (values.help === true) return print(commandHelp('neam-cli', command))
  if (values.version === true) return print(VERSION)
  return await command.run({ values, positionals })
}

async function chatFrom(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseFlags('neam-cli', FLAGS, argv)
  if (values.help) return print(HELP)
  if (values.version) return print(VERSION)
  const [file, unexpected] = positionals
  if (file === undefined)
    throw new UsageError('no file is given: neam-cli FILE, or neam-cli COMMAND; see neam-cli --help')
  if (unexpected !== undefined) throw new UsageError(`unexpected argument ${unexpected}; see neam-cli --help`)

  if (values.user?.trim() === '') throw new UsageError('--user is empty; it names who you are')

  const module = await loadModule(file)
  const { agent, channel } = chosen(module.manifest, file, values.agent)
  const environment = terminalEnvironment(values)
  const system = await createSystem({
    module,
    environment,
    settings: readSettings(environment, process.cwd()),
    forgeDriver: inlineDriver,
    output: terminalOutput,
  })
  const input = lineReader()
  try {
    if (channel.greeting !== '') print(`${channel.greeting}\n`)
    const chat = openChat(system, agent.name, channel, values.user ?? userName())
    await converse(chat, { prompt: channel.prompt, input, file })
    return 0
  } finally {
    input.close()
    await system.world.tracing.flush()
  }
}

function print(text: string): number {
  process.stdout.write(text)
  return 0
}

/** The agent and its cli channel. */
function chosen(
  { agents, channels }: Manifest,
  file: string,
  name: string | undefined,
): { readonly agent: ClawDecl; readonly channel: ChannelDecl } {
  const claws = agents.filter((agent) => agent.kind === 'claw')
  const cliOf = (agent: ClawDecl) =>
    channels.find((one) => one.type === 'cli' && agent.channels.includes(one.name))
  const named = claws.filter((agent) => name === undefined || agent.name === name)
  for (const agent of named) {
    const channel = cliOf(agent)
    if (channel) return { agent, channel }
  }
  if (claws.length === 0) throw new CommandError(`no claw agents found in ${file}`)
  if (named.length === 0) {
    throw new CommandError(
      `claw agent '${name}' not found. Available: ${claws.map((agent) => agent.name).join(' ')}`,
    )
  }
  throw new CommandError(
    `${named.map((agent) => agent.name).join(', ')}: no cli channel; add one, e.g. channel cli { type: "cli" }, to its channels`,
  )
}
