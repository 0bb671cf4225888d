/** `neam-cli confirmations`: what waits for a person, and the decision on it. */
import { shownCall } from '../../agents/ports/confirmations.ts'
import type { Fault } from '../../agents/ports/fault.ts'
import type { DecideOn } from '../../runtime/chat.ts'
import type { WaitingCall } from '../../runtime/confirmations.ts'
import { isBareWord, readAction } from '../action.ts'
import { API_FLAGS } from '../api-client.ts'
import { type Command, command } from '../command.ts'
import { type Flags, UsageError } from '../flags.ts'
import type { LineReader } from '../line-reader.ts'
import { shownText } from '../shown-text.ts'
import { userName } from '../user-name.ts'
import { type Action, deskAt, deskHere } from './confirmation-desk.ts'

const FLAGS = {
  url: { ...API_FLAGS.url, help: API_FLAGS.url.help.replace('NEAM_API_KEY', 'NEAM_ADMIN_KEY') },
  json: { type: 'boolean', help: 'print the list as JSON' },
  user: {
    type: 'string',
    value: 'NAME',
    help: 'with FILE: who decides, for the records (default: your user name)',
  },
  offline: { type: 'boolean', help: 'with FILE: answer with the offline model, no key, no network' },
} as const satisfies Flags

export const confirmations: Command = command({
  usage: 'confirmations [list | approve ID | deny ID] [FILE]',
  summary: 'lists tool calls that wait for a person, or decides on one',
  about: 'On a server, or with FILE of that program, in the files here.',
  examples: [
    'neam-cli confirmations',
    'neam-cli confirmations list agents.neam',
    'neam-cli confirmations approve ID --url http://127.0.0.1:8080',
  ],
  flags: FLAGS,
  async run({ values, positionals }) {
    const { action, id, file } = readWanted(positionals)
    const by = `user ${values.user ?? userName()}`
    const desk = file === null ? deskAt(values) : await deskHere(file, { ...values, by })
    if (action === 'list') return print(listText(await desk.pending(), values.json === true))
    const text = await desk.decide(id, action)
    return print(`(${action === 'approve' ? 'approved' : 'denied'})\n${shownText(text)}\n`)
  },
})

const ACTIONS = ['list', 'approve', 'deny'] as const

interface Wanted {
  readonly action: 'list' | Action
  /** "" for `list`. */
  readonly id: string
  /** Null: on a server. */
  readonly file: string | null
}

function readWanted(positionals: readonly string[]): Wanted {
  const [first] = positionals
  const named = ACTIONS.find((one) => one === first)
  if (named === undefined && first !== undefined && isBareWord(first))
    readAction('neam-cli confirmations', ACTIONS, first)
  const rest = named === undefined ? positionals : positionals.slice(1)
  const action = named ?? 'list'
  const [id, file = null, unexpected] = action === 'list' ? ['', ...rest] : rest
  if (id === undefined) throw new UsageError(`${action} needs the trace id: neam-cli ${confirmations.usage}`)
  if (unexpected !== undefined) {
    throw new UsageError(`unexpected argument ${unexpected}; see neam-cli confirmations --help`)
  }
  return { action, id, file }
}

function listText(calls: readonly WaitingCall[], json: boolean): string {
  if (json) return `${JSON.stringify({ pending: calls })}\n`
  if (calls.length === 0) return 'Nothing waits for a person.\n'
  return calls
    .map(
      (call) =>
        `${call.trace_id}  ${shownCall(call.tool, call.args)}\n    ${call.agent}, ${placeText(call)}: ${call.reason}; until ${call.expires_at}\n`,
    )
    .join('')
}

const placeText = ({ session_key, run }: WaitingCall): string =>
  session_key === undefined ? `run ${run}` : `session ${session_key}`

/** Asks the person at the terminal; without one nobody is asked. Anything but yes is a denial, Ctrl-C is neither. */
export const askToDecide =
  (input: LineReader, signal: AbortSignal): DecideOn =>
  async (call) => {
    if (!input.interactive) return null
    print(`${call.reason}: ${shownCall(call.tool, call.args)}\n`)
    const line = await input.read('Approve? [y/N] ', signal)
    if (line === null) return null
    return /^\s*y(es)?\s*$/i.test(line) ? 'approve' : 'deny'
  }

/** What follows `confirmation_pending` in a chat with the program `file`. */
export const howToDecide = ({ data }: Fault, file: string): string =>
  `; decide with neam-cli confirmations approve ${data.trace_id} ${file} (or deny)`

function print(text: string): number {
  process.stdout.write(text)
  return 0
}
