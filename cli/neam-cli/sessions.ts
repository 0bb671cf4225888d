/** `neam-cli sessions`: the conversations of a program's claw agents, on the tree at hand. */
import {
  archiveSession,
  forgetSession,
  isWritten,
  type ListedSession,
  messagesOf,
  type Repair,
  refsOf,
  repairs,
  sessionsOf,
  wholeSession,
} from '../../runtime/sessions.ts'
import type { System } from '../../runtime/system.ts'
import { readAction, readArguments } from '../action.ts'
import { type Command, command } from '../command.ts'
import { CommandError } from '../command-error.ts'
import type { Flags } from '../flags.ts'
import { localSystem } from '../local-system.ts'
import { writeOutputFile } from '../output-file.ts'
import { shownLine, shownText } from '../shown-text.ts'

const FLAGS = {
  json: { type: 'boolean', help: 'list, show, repair: one JSON object a line' },
  output: {
    type: 'string',
    short: 'o',
    value: 'FILE',
    help: 'export: write to FILE (default: standard output)',
  },
  offline: { type: 'boolean', help: 'repair: answer with the offline model' },
} as const satisfies Flags

/** What each action needs besides the program; a name in brackets may be left out. */
const ACTIONS = {
  list: ['[AGENT]'],
  show: ['AGENT', 'KEY'],
  export: ['AGENT', 'KEY'],
  archive: ['AGENT', 'KEY'],
  forget: ['AGENT', 'KEY'],
  repair: ['[AGENT]', '[KEY]'],
} as const
type Action = keyof typeof ACTIONS

/** `repair` finishes the turns that a crash left open; `archive` is a reset; `forget` deletes all texts but the live history. */
export const sessions: Command = command({
  usage: 'sessions list|show|export|archive|forget|repair FILE [AGENT [KEY]] [flags]',
  summary: "lists, prints, exports, archives, forgets or repairs sessions of a program's claw agents",
  about: `Of actions: "repair" finishes turns that a crash left open, "archive" is a reset, "forget" deletes all texts but the live
history.`,
  examples: [
    'neam-cli sessions list tutor.neam',
    'neam-cli sessions show tutor.neam tutor cli_ada',
    'neam-cli sessions export tutor.neam tutor cli_ada -o ada.json',
  ],
  flags: FLAGS,
  async run({ values, positionals }) {
    const { action, file, agent, key } = readRequest(positionals)
    const system = await localSystem(file, values)
    const json = values.json === true
    if (action === 'list') return await list(system, agent, json)
    if (action === 'repair') {
      try {
        return await repair(system, agent, key, json)
      } finally {
        await system.world.tracing.flush()
      }
    }
    const ref = { agent: agent!, key: key! }
    if ((action === 'show' || action === 'export') && !(await isWritten(system, ref))) {
      throw new CommandError(
        `session ${shownLine(ref.key)} of ${ref.agent} has no messages; neam-cli sessions list ${file} ${ref.agent} tells those there are`,
      )
    }
    if (action === 'show') {
      for (const { role, content, ts } of await messagesOf(system, ref)) {
        print(json ? JSON.stringify({ role, content, ts }) : `${ts} ${role}: ${shownText(content)}`)
      }
      return 0
    }
    if (action === 'archive') {
      const archived = await archiveSession(system, ref)
      return print(archived === null ? '(nothing to archive)' : `archived as ${archived}`)
    }
    if (action === 'forget') {
      const { conversations, facts } = await forgetSession(system, ref)
      return print(`deleted: archived conversations ${conversations}, compactions with facts ${facts}`)
    }
    const text = `${JSON.stringify(await wholeSession(system, ref), null, 2)}\n`
    if (values.output === undefined) process.stdout.write(text)
    else writeOutputFile(values.output, Buffer.from(text))
    return 0
  },
})

interface Wanted {
  readonly action: Action
  readonly file: string
  readonly agent: string | null
  readonly key: string | null
}

function readRequest([first, ...rest]: readonly string[]): Wanted {
  const action = readAction('neam-cli sessions', Object.keys(ACTIONS) as Action[], first)
  const [file = '', agent = null, key = null] = readArguments(
    'neam-cli sessions',
    action,
    ACTIONS[action],
    rest,
  )
  return { action, file, agent, key }
}

async function list(system: System, agent: string | null, json: boolean): Promise<number> {
  let found = false
  for await (const session of sessionsOf(system, agent)) {
    found = true
    print(json ? JSON.stringify(session) : listed(session))
  }
  return found || json ? 0 : print('No sessions yet.')
}

function listed({ agent, session_key, messages, due_reset, last_activity_at }: ListedSession): string {
  const count = `${messages} ${messages === 1 ? 'message' : 'messages'}`
  const due = due_reset === null ? '' : `  (its ${due_reset} reset is due)`
  return `${agent}  ${shownLine(session_key)}  ${count}  ${last_activity_at ?? 'never'}${due}`
}

async function repair(
  system: System,
  agent: string | null,
  key: string | null,
  json: boolean,
): Promise<number> {
  let failed = 0
  let found = 0
  // what is cut off stays open, and goes on at the next repair
  const stop = new AbortController()
  process.once('SIGINT', () => stop.abort())
  for await (const repaired of repairs(system, refsOf(system, agent, key), stop.signal)) {
    found += 1
    if (repaired.status === 'failed') failed += 1
    print(json ? JSON.stringify(repaired) : repairedText(repaired))
  }
  if (found === 0 && !json) print('Nothing to repair.')
  return failed === 0 ? 0 : 1
}

const repairedText = ({ agent, session_key, turn_id, accepted_at, status, text }: Repair): string =>
  `${agent}  ${shownLine(session_key)}  turn ${turn_id} of ${accepted_at}: ${status}: ${shownText(text)}`

function print(line: string): number {
  process.stdout.write(`${line}\n`)
  return 0
}
