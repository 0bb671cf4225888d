/** `neam-cli memory`: the facts that claw agents remember, on the tree at hand. */
import { approveFact, factsOf, forgetFact, type SessionFact } from '../../runtime/facts.ts'
import type { System } from '../../runtime/system.ts'
import { readAction, readArguments } from '../action.ts'
import { type Command, command } from '../command.ts'
import type { Flags } from '../flags.ts'
import { localSystem } from '../local-system.ts'
import { shownLine, shownText } from '../shown-text.ts'
import { userName } from '../user-name.ts'

const FLAGS = {
  quarantined: { type: 'boolean', help: 'list: only what waits for approval' },
  json: { type: 'boolean', help: 'list: one JSON object a line' },
  user: {
    type: 'string',
    value: 'NAME',
    help: 'approve, forget: who decides, for the records (default: your user name)',
  },
} as const satisfies Flags

/** What each action needs besides the program; a name in brackets may be left out. */
const ACTIONS = {
  list: ['[AGENT]', '[KEY]'],
  approve: ['AGENT', 'KEY', 'ID'],
  forget: ['AGENT', 'KEY', 'ID'],
} as const
type Action = keyof typeof ACTIONS

export const memory: Command = command({
  usage: 'memory list FILE [AGENT [KEY]] | memory approve|forget FILE AGENT KEY ID',
  summary: 'lists the facts that claw agents remember, approves one that is quarantined, or deletes one',
  about: `Facts in which text of strangers may have had a part are quarantined: kept, and not recalled before a person approves them. The
conversation that a fact came from stays; "neam-cli sessions forget" deletes all of them.`,
  examples: [
    'neam-cli memory list clerk.neam --quarantined',
    'neam-cli memory approve clerk.neam Clerk ann ID',
  ],
  flags: FLAGS,
  async run({ values, positionals }) {
    const { action, file, agent, key, id } = readRequest(positionals)
    const system = await localSystem(file, {})
    if (action === 'list') return await list(system, { agent, key }, values)
    const request = { agent: agent!, key: key!, id: id!, by: `user ${values.user ?? userName()}` }
    const fact = await (action === 'approve' ? approveFact : forgetFact)(system, request)
    return print(`${action === 'approve' ? 'approved' : 'deleted'}: ${shownText(fact.text)}`)
  },
})

async function list(
  system: System,
  of: { readonly agent: string | null; readonly key: string | null },
  { quarantined = false, json = false }: { readonly quarantined?: boolean; readonly json?: boolean },
): Promise<number> {
  let found = false
  for await (const fact of factsOf(system, of)) {
    if (quarantined && !fact.quarantined) continue
    found = true
    print(json ? JSON.stringify(fact) : listed(fact))
  }
  return found || json ? 0 : print(`No ${quarantined ? 'quarantined ' : ''}facts.`)
}

interface Wanted {
  readonly action: Action
  readonly file: string
  readonly agent: string | null
  readonly key: string | null
  readonly id: string | null
}

function readRequest([first, ...rest]: readonly string[]): Wanted {
  const action = readAction('neam-cli memory', Object.keys(ACTIONS) as Action[], first)
  const [file = '', agent = null, key = null, id = null] = readArguments(
    'neam-cli memory',
    action,
    ACTIONS[action],
    rest,
  )
  return { action, file, agent, key, id }
}

const listed = ({ agent, session_key, id, found_at, quarantined, text }: SessionFact): string =>
  `${id}  ${agent}  ${shownLine(session_key)}  ${found_at}  ${quarantined ? 'quarantined  ' : ''}${shownLine(text)}`

function print(line: string): number {
  process.stdout.write(`${line}\n`)
  return 0
}
