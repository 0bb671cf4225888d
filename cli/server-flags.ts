/** The flags of `neam-api`, and the variables that mean the same. */
import type { Environment } from '../runtime/environment.ts'
import {
  AUDIT_SINKS,
  MAX_AGENT_TURNS,
  MAX_CONNECTIONS,
  MAX_INSTANCES,
  MAX_MODEL_CONNECTIONS,
} from '../runtime/settings.ts'
import { environmentHelp } from './environment-help.ts'
import { type Flags, GENERAL_FLAGS, type ParsedFlags, readValue, UsageError } from './flags.ts'
import { helpText } from './help.ts'
import type { ProgramPlace } from './served-program.ts'

export const FLAGS = {
  program: {
    type: 'string',
    value: 'FILE',
    help: 'program to serve: a .neam file, compiled at the start, or a .neamb file',
  },
  bytecode: { type: 'string', value: 'DIR', help: 'directory with one compiled program (.neamb)' },
  host: {
    type: 'string',
    value: 'HOST',
    help: 'interface to bind (default 0.0.0.0 with NEAM_API_KEY set, else 127.0.0.1)',
  },
  port: {
    type: 'integer',
    min: 0,
    max: 65535,
    value: 'PORT',
    help: 'TCP port, 0 = a free one (default 8080)',
  },
  'one-port': {
    type: 'boolean',
    help: 'serve channels that declare a port of their own here, too, and listen nowhere else',
  },
  timeout: {
    type: 'integer',
    min: 1000,
    value: 'MS',
    help: 'limit of a request in milliseconds; a process that stands still for longer ends itself (default 60000)',
  },
  'drain-seconds': {
    type: 'integer',
    min: 1,
    max: 300,
    value: 'N',
    help: 'time for requests in hand after SIGTERM, 1 to 300 (default 10)',
  },
  watch: { type: 'boolean', help: 'load the program again when its files change, without a restart' },
  offline: { type: 'boolean', help: 'answer with the offline model: no key, no network' },
  disabled: { type: 'boolean', help: 'start with the kill switch on' },
  'audit-sink': {
    type: 'string',
    choices: AUDIT_SINKS,
    value: 'SINK',
    help: 'audit records to stderr, file, json (stdout) or none (default stderr)',
  },
  'audit-log': { type: 'string', value: 'PATH', help: 'file of --audit-sink file' },
  workers: {
    type: 'integer',
    min: 1,
    max: 64,
    value: 'N',
    help: 'processes that share the port, so that programs which compute do not hold up each other; 1 to 64 (default 1)',
  },
  'pool-size': {
    type: 'integer',
    min: 1,
    max: MAX_INSTANCES,
    value: 'N',
    help: 'requests and background turns that run the program at once, of each worker; those beyond wait; 1 to 128 (default 128)',
  },
  'agent-turns': {
    type: 'integer',
    min: 1,
    max: MAX_AGENT_TURNS,
    value: 'N',
    help: 'turns of one claw agent at once, over all its lanes; the next is that of the highest priority; 1 to 1000 (default: no such limit)',
  },
  'llm-pool-size': {
    type: 'integer',
    min: 1,
    max: MAX_MODEL_CONNECTIONS,
    value: 'N',
    help: 'most connections to models at once, of each worker; calls beyond them wait; 1 to 256 (default 8)',
  },
  'max-connections': {
    type: 'integer',
    min: 1,
    max: MAX_CONNECTIONS,
    value: 'N',
    help: 'connections of callers at once, of each worker; beyond them only probes are answered (default 10000)',
  },
  ...GENERAL_FLAGS,
} as const satisfies Flags

export const HELP = helpText({
  usage: ['neam-api --program FILE [flags]'],
  about: 'Serves the claw and forge agents of a program over HTTP, until SIGTERM or Ctrl-C.',
  flags: FLAGS,
  examples: [
    'neam-api --program agents.neam --offline',
    'neam-api --program agents.neam --port 9000 --workers 2 --watch',
  ],
  exitCodes: { 0: 'it was told to stop', 1: 'it cannot serve; stderr says why' },
  environment: environmentHelp('neam-api', FLAGS),
})

export type Given = ParsedFlags<typeof FLAGS>['values']

const variableOf = (flag: keyof Given): string => `NEAM_${flag.toUpperCase().replaceAll('-', '_')}`

const READ_BY_SETTINGS = [
  'offline',
  'watch',
  'one-port',
  'disabled',
  'audit-sink',
  'audit-log',
  'pool-size',
  'agent-turns',
  'llm-pool-size',
  'max-connections',
] as const satisfies readonly (keyof Given)[]

/** Flags that settings read, as the variables of the same meaning. */
export function withFlags(environment: Environment, given: Given): Environment {
  const variables = READ_BY_SETTINGS.flatMap((flag) => {
    const value = given[flag]
    if (value === undefined || value === false) return []
    return [[variableOf(flag), value === true ? '1' : String(value)] as const]
  })
  return { ...environment, ...Object.fromEntries(variables) }
}

/** Variables that stand for a flag, as flags: they are read by the same rules, and a flag that is given comes later. */
export function fromEnvironment(environment: Environment, given: Given): string[] {
  // A program that is given by one flag is not that of the other one's variable.
  const isGiven = given.program !== undefined || given.bytecode !== undefined
  const flags: readonly (keyof Given)[] = [
    'host',
    'port',
    'timeout',
    'drain-seconds',
    'workers',
    ...(isGiven ? [] : (['program', 'bytecode'] as const)),
  ]
  return flags.flatMap((flag) => {
    const value = environment[variableOf(flag)]
    if (value === undefined || value === '' || given[flag] !== undefined) return []
    // Whoever set the variable is told of the variable.
    readValue(FLAGS[flag], variableOf(flag), value)
    return [`--${flag}=${value}`]
  })
}

/** @throws UsageError when no program is given */
export function programPlace({ program, bytecode }: Given): ProgramPlace {
  if (program !== undefined) return { program }
  if (bytecode !== undefined) return { bytecode }
  throw new UsageError('no program is given: --program FILE or --bytecode DIR; see neam-api --help')
}
