/** `neam-cli confirmations`: what waits for a person, and the decision on it. */
import { type Fault, faultText } from '../../agents/ports/fault.ts'
import type { DecideOn } from '../../runtime/chat.ts'
import { type Continuation, decide, type WaitingCall, waitingCalls } from '../../runtime/confirmations.ts'
import { inlineDriver } from '../../runtime/forge-drivers.ts'
import { readSettings } from '../../runtime/settings.ts'
import { createSystem, type System } from '../../runtime/system.ts'
import { type Command, command } from '../command.ts'
import { CommandError } from '../command-error.ts'
import { type Flags, UsageError } from '../flags.ts'
import type { LineReader } from '../line-reader.ts'
import { loadModule } from '../program-file.ts'
import { terminalEnvironment } from '../terminal-environment.ts'
import { userName } from '../user-name.ts'

const FLAGS = {
  json: { type: 'boolean', help: 'print the list as JSON' },
  user: { type: 'string', value: 'NAME', help: 'who decides, for the records (default: your user name)' },
  offline: { type: 'boolean', help: 'answer with the offline model: no key, no network' },
} as const satisfies Flags

const ACTIONS = ['list', 'approve', 'deny'] as const
type Action = (typeof ACTIONS)[number]

/** A claw agent's turn goes on in this process; a forge run goes on where it runs. */
export const confirmations: Command = command({
  usage: 'confirmations [list FILE | approve ID FILE | deny ID FILE] [flags]',
  summary: 'lists tool calls of a program that wait for a person, or decides on one by its trace id',
  flags: FLAGS,
  async run({ values, positionals }) {
    const { action, id, file } = readRequest(positionals)
    const environment = terminalEnvironment(values)
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
    })
    if (action === 'list') return print(listText(await waitingCalls(system), values.json === true))
    return await decideOnce(system, { action, id, by: `user ${values.user ?? userName()}` })
  },
})

interface Wanted {
  readonly action: Action
  /** "" for `list`. */
  readonly id: string
  readonly file: string
}

function readRequest(positionals: readonly string[]): Wanted {
  const [first] = positionals
  const named = ACTIONS.find((action) => action === first)
  const rest = named === undefined ? positionals : positionals.slice(1)
  const action = named ?? 'list'
  const wanted = action === 'list' ? ['FILE'] : ['ID', 'FILE']
  const missing = wanted[rest.length]
  if (missing !== undefined)
    throw new UsageError(`${action} needs ${missing}: neam-cli ${confirmations.usage}`)
  const unexpected = rest[wanted.length]
  if (unexpected !== undefined) {
    throw new UsageError(`unexpected argument ${unexpected}; see neam-cli confirmations --help`)
  }
  return { action, id: action === 'list' ? '' : rest[0]!, file: rest.at(-1)! }
}

function listText(calls: readonly WaitingCall[], json: boolean): string {
  if (json) return `${JSON.stringify({ pending: calls })}\n`
  if (calls.length === 0) return 'Nothing waits for a person.\n'
  return calls
    .map(
      (call) =>
        `${call.trace_id}  ${callText(call)}\n    ${call.agent}, ${placeText(call)}: ${call.reason}; until ${call.expires_at}\n`,
    )
    .join('')
}

const callText = ({ tool, args }: Pick<WaitingCall, 'tool' | 'args'>): string =>
  `${tool} ${JSON.stringify(args)}`

const placeText = ({ session_key, run }: WaitingCall): string =>
  session_key === undefined ? `run ${run}` : `session ${session_key}`

async function decideOnce(
  system: System,
  decision: { readonly action: 'approve' | 'deny'; readonly id: string; readonly by: string },
): Promise<number> {
  const { signal } = new AbortController()
  const continuation = await decide(system, { ...decision, signal })
  const done = decision.action === 'approve' ? 'approved' : 'denied'
  print(`(${done})\n${continuationText(continuation)}\n`)
  return 0
}

function continuationText(continuation: Continuation): string {
  switch (continuation.kind) {
    case 'answered':
      return continuation.answer.response
    case 'resumed':
      return 'The run goes on where it runs.'
    case 'failed': {
      const { fault } = continuation
      if (fault.code === 'confirmation_pending') return `Next, ${faultText(fault)}`
      throw new CommandError(`the decision stands, but the turn could not go on: ${faultText(fault)}`)
    }
  }
}

/** Asks the person at the terminal; without one nobody is asked. Anything but yes is a denial, Ctrl-C is neither. */
export const askToDecide =
  (input: LineReader, signal: AbortSignal): DecideOn =>
  async (call) => {
    if (!input.interactive) return null
    print(`${call.reason}: ${callText(call)}\n`)
    const line = await input.read('Approve? [y/N] ', signal)
    if (line === null) return null
    return /^\s*y(es)?\s*$/i.test(line) ? 'approve' : 'deny'
  }

/** What follows an error of a chat: how to go on with a turn that waits. */
export const howToDecide = ({ code, data }: Fault): string =>
  code === 'confirmation_pending' ? `; decide with neam-cli confirmations approve ${data.trace_id} FILE` : ''

function print(text: string): number {
  process.stdout.write(text)
  return 0
}
