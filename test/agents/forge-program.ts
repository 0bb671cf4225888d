import type { ForgeDecl, LoopDecl, Manifest } from '../../bytecode/manifest.ts'
import type { FunctionProto, Module } from '../../bytecode/module.ts'
import { OP, type OpcodeName } from '../../bytecode/opcode.ts'
import { Program } from '../../vm/program.ts'

/** Where verify leaves the context that it was given, as JSON. */
export const CONTEXT_FILE = 'context.json'
/** The command that verify runs; it answers verify's value as JSON. */
export const VERIFY_COMMAND = 'verify'

const CONSTANTS = [CONTEXT_FILE, VERIFY_COMMAND, 'stdout', 'block', 'secret'] as const
const NATIVES = ['json_stringify', 'workspace_write', 'exec', 'json_parse', 'workspace_append'] as const

type Word = OpcodeName | number

const code = (...words: readonly Word[]): Int32Array =>
  Int32Array.from(words, (word) => (typeof word === 'number' ? word : OP[word]))

const constant = (text: (typeof CONSTANTS)[number]): number => CONSTANTS.indexOf(text)
const native = (name: (typeof NATIVES)[number]): number => NATIVES.indexOf(name)

const proto = (name: string, params: readonly string[], words: readonly Word[]): FunctionProto => ({
  name,
  params,
  cellParams: [],
  locals: params.length,
  captures: [],
  code: code(...words),
  positions: Int32Array.from([0, 1, 1]),
  file: 0,
})

/**
 * fun verify(ctx) { workspace_write("context.json", json_stringify(ctx)); return json_parse(exec("verify").stdout) }
 * skill write_file(path, content) { return workspace_write(path, content) }
 * guard: on_output(text) { if ("secret" in text) { return "block" } return nil }
 */
const FUNCTIONS: readonly FunctionProto[] = [
  proto('<main>', [], ['NIL', 'RETURN']),
  proto(
    'verify',
    ['ctx'],
    [
      ...(['CONST', constant(CONTEXT_FILE)] as const),
      ...(['GET_LOCAL', 0, 'CALL_NATIVE', native('json_stringify'), 1] as const),
      ...(['CALL_NATIVE', native('workspace_write'), 2, 'POP'] as const),
      ...(['CONST', constant(VERIFY_COMMAND), 'CALL_NATIVE', native('exec'), 1] as const),
      ...(['GET_PROPERTY', constant('stdout'), 'CALL_NATIVE', native('json_parse'), 1, 'RETURN'] as const),
    ],
  ),
  proto(
    'write_file',
    ['path', 'content'],
    ['GET_LOCAL', 0, 'GET_LOCAL', 1, 'CALL_NATIVE', native('workspace_write'), 2, 'RETURN'],
  ),
  proto(
    'on_output',
    ['text'],
    [
      ...(['CONST', constant('secret'), 'GET_LOCAL', 0, 'IN', 'JUMP_IF_FALSE', 3] as const),
      ...(['CONST', constant('block'), 'RETURN', 'NIL', 'RETURN'] as const),
    ],
  ),
]

export const DEFAULT_LOOP: LoopDecl = {
  maxIterations: 25,
  maxCost: 10,
  maxTokens: 500_000,
  promptFile: 'prompt.md',
  planFile: 'plan.txt',
  progressFile: 'progress.jsonl',
  learningsFile: 'learnings.jsonl',
  stuckAbort: null,
}

export interface ProgramOptions {
  readonly loop?: Partial<LoopDecl>
  readonly agent?: Partial<ForgeDecl>
  readonly budgets?: Manifest['budgets']
}

/** A program with one forge agent, `Builder`, and another, `Other`, in the same workspace. */
export function forgeProgram(options: ProgramOptions = {}): Program {
  const builder: ForgeDecl = {
    kind: 'forge',
    name: 'Builder',
    provider: 'openai',
    model: 'gpt-4o',
    system: 'You are a code builder.',
    temperature: 0.7,
    skills: ['write_file'],
    guards: ['Safety'],
    budget: null,
    policy: null,
    apiKeyEnv: null,
    endpoint: null,
    contextWindow: null,
    traits: [],
    verify: 1,
    workspace: './project',
    checkpoint: 'none',
    loop: { ...DEFAULT_LOOP, ...options.loop },
    ...options.agent,
  }
  const manifest: Manifest = {
    program: 'builder.neam',
    sourceHash: 'a'.repeat(64),
    agents: [builder, { ...builder, name: 'Other' }],
    skills: [
      {
        name: 'write_file',
        description: 'Write content to a file in the workspace',
        params: [
          { name: 'path', type: 'string' },
          { name: 'content', type: 'string' },
        ],
        impl: 2,
        sensitive: false,
        idempotent: false,
        untrusted: false,
        effects: null,
      },
    ],
    guards: [
      {
        name: 'NoSecrets',
        description: 'Blocks answers that hold the word',
        handlers: [{ phase: 'output', event: 'on_output', function: 3 }],
      },
    ],
    guardchains: [{ name: 'Safety', guards: ['NoSecrets'] }],
    channels: [],
    budgets: options.budgets ?? [],
    policies: [],
    structs: [],
  }
  const module: Module = {
    manifest,
    files: ['builder.neam'],
    constants: CONSTANTS,
    globals: [],
    natives: NATIVES,
    types: [],
    impls: [],
    functions: FUNCTIONS,
    main: 0,
    initialisers: [],
  }
  return Program.link(module)
}
