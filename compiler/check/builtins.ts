import type { GuardPhase, ParamDecl } from '../../bytecode/manifest.ts'
import type { Name, SealedDecl, Span } from '../syntax/ast.ts'

/** A skill that a program may name without declaring it (design 2.3): the native that does it. */
export interface BuiltinSkill {
  readonly native: string
  readonly description: string
  readonly params: readonly ParamDecl[]
}

const text = (name: string, description: string): ParamDecl => ({ name, type: 'string', description })

const PATH = text('path', 'Path of the file, relative to the workspace')
const CONTENT = text('content', 'The whole text to write')
const FOLDER = text('directory', 'Path of the folder, relative to the workspace; "." is the workspace itself')
const COMMAND = text('command', 'The command line for the shell')

const read = { native: 'workspace_read', description: 'Read a file in the workspace', params: [PATH] }
const write = {
  native: 'workspace_write',
  description: 'Write a file in the workspace, replacing what it holds',
  params: [PATH, CONTENT],
}
const list = {
  native: 'workspace_list',
  description: 'List the files in a folder of the workspace',
  params: [FOLDER],
}
const run = { native: 'exec', description: 'Run a shell command in the workspace', params: [COMMAND] }

export const BUILTIN_SKILLS: ReadonlyMap<string, BuiltinSkill> = new Map(
  Object.entries({
    workspace_read: read,
    workspace_write: write,
    workspace_append: {
      native: 'workspace_append',
      description: 'Append text to a file in the workspace',
      params: [PATH, text('content', 'The text to append')],
    },
    workspace_list: list,
    read_file: read,
    write_file: write,
    list_files: list,
    run_command: run,
    exec_command: run,
    memory_search: {
      native: 'memory_search',
      description: 'Search what was said in earlier conversations',
      params: [text('query', 'What to search for')],
    },
  }),
)

/** Predeclared things have a span of length 0 in the program's own file. */
const NOWHERE: Span = { file: 0, start: 0, end: 0 }
const named = (text: string): Name => ({ text, span: NOWHERE })

const sealed = (name: string, variants: Readonly<Record<string, readonly string[]>>): SealedDecl => ({
  kind: 'sealed',
  name: named(name),
  variants: Object.entries(variants).map(([variant, fields]) => ({
    name: named(variant),
    fields: fields.map(named),
  })),
  span: NOWHERE,
})

/** Chapters 25.4 and 25.5. */
export const BUILTIN_SEALED: readonly SealedDecl[] = [
  sealed('VerifyResult', { Done: ['message'], Retry: ['feedback'], Abort: ['reason'] }),
  sealed('LoopOutcome', {
    Completed: ['message'],
    MaxIterations: [],
    Aborted: ['reason'],
    BudgetExhausted: [],
  }),
]

type AgentKind = 'agent' | 'claw' | 'forge'

/** The traits of the language: the kinds of agent that may have each, and those on which it does nothing. */
export const BUILTIN_TRAITS: ReadonlyMap<
  string,
  { readonly kinds: readonly AgentKind[]; readonly idle: readonly AgentKind[] }
> = new Map([
  ['Schedulable', { kinds: ['claw'], idle: [] }],
  ['Channelable', { kinds: ['claw'], idle: [] }],
  ['Sandboxable', { kinds: ['agent', 'claw', 'forge'], idle: [] }],
  ['Monitorable', { kinds: ['agent', 'claw', 'forge'], idle: [] }],
  ['Orchestrable', { kinds: ['agent', 'claw', 'forge'], idle: ['agent'] }],
  ['Searchable', { kinds: ['agent', 'claw', 'forge'], idle: [] }],
])

/** Which guard handlers run where (design 9.4): an observation is a message or a tool's result. */
export const GUARD_EVENTS: ReadonlyMap<string, readonly GuardPhase[]> = new Map(
  Object.entries({
    on_observation: ['input', 'tool_output'],
    on_input: ['input'],
    on_tool_input: ['tool_input'],
    on_tool_call: ['tool_input'],
    on_action: ['tool_input'],
    on_tool_output: ['tool_output'],
    on_result: ['tool_output'],
    on_output: ['output'],
    on_response: ['output'],
  }),
)

/** Parameter types of a skill and their words in JSON schema; null = any. */
export const PARAM_TYPES: ReadonlyMap<string, ParamDecl['type']> = new Map(
  Object.entries({
    string: 'string',
    int: 'integer',
    integer: 'integer',
    float: 'number',
    number: 'number',
    bool: 'boolean',
    boolean: 'boolean',
    list: 'array',
    array: 'array',
    map: 'object',
    object: 'object',
    any: null,
  }),
)

export const PROVIDERS: readonly string[] = ['openai', 'anthropic', 'ollama', 'gemini', 'bedrock', 'offline']

/** How a declaration of that kind is called in a message. */
export const AGENT_NOUN: Readonly<Record<AgentKind, string>> = {
  agent: 'agent',
  claw: 'claw agent',
  forge: 'forge agent',
}
