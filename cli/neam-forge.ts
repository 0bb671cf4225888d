/** Runs one forge agent to its end (chapter 28.1): details on stderr, the outcome on stdout, exit code 0 for Completed only. */
import { resolve } from 'node:path'
import { Fault } from '../agents/ports/fault.ts'
import type { IterationRecord } from '../agents/ports/runs.ts'
import type { ForgeDecl, Manifest } from '../bytecode/manifest.ts'
import { inlineDriver } from '../runtime/forge-drivers.ts'
import { outcomeJson, outcomeText, runForgeAgent, stopForgeAgent } from '../runtime/forge-run.ts'
import { readSettings } from '../runtime/settings.ts'
import { createSystem, type System } from '../runtime/system.ts'
import { CommandError } from './command-error.ts'
import { type Flags, flagsHelp, parseFlags, UsageError } from './flags.ts'
import { packageVersion } from './package-root.ts'
import { loadModule } from './program-file.ts'
import { runProgram } from './run-program.ts'
import { SAME_TERM_MS } from './stop-signals.ts'
import { terminalEnvironment } from './terminal-environment.ts'

const FLAGS = {
  agent: {
    type: 'string',
    value: 'FILE',
    help: 'program with the forge agent: a .neam or .neamb file (required)',
  },
  name: { type: 'string', value: 'NAME', help: 'which forge agent to run (default: the first one)' },
  workspace: { type: 'string', value: 'DIR', help: "directory to work in (default: the agent's)" },
  'max-iterations': { type: 'integer', min: 1, value: 'N', help: "iteration limit (default: the agent's)" },
  'max-cost': {
    type: 'number',
    min: 0,
    value: 'USD',
    help: "cost limit in US dollars (default: the agent's)",
  },
  verbose: { type: 'boolean', help: 'say on stderr what is compiled, found and done' },
  offline: { type: 'boolean', help: 'answer with the offline model: no key, no network' },
  json: { type: 'boolean', help: 'print the outcome as JSON' },
  help: { type: 'boolean', short: 'h', help: 'print this help' },
  version: { type: 'boolean', help: 'print the version' },
} as const satisfies Flags

const HELP = `Usage: neam-forge --agent FILE [flags]

Runs the build-verify loop of a forge agent and prints its outcome. The exit code is 0 when all tasks were verified,
1 otherwise. Ctrl-C stops after the iteration in hand, a second one at once.

Flags:
${flagsHelp(FLAGS)}
`

type Given = ReturnType<typeof parseFlags<typeof FLAGS>>['values']

export const main = (argv: readonly string[]): Promise<number> => runProgram('neam-forge', () => run(argv))

async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseFlags('neam-forge', FLAGS, argv)
  if (values.help) return print(HELP)
  if (values.version) return print(`neam-forge ${packageVersion()}\n`)
  if (positionals.length > 0)
    throw new UsageError(`unexpected argument ${positionals[0]}; see neam-forge --help`)
  const file = values.agent
  if (file === undefined) throw new UsageError(`--agent is required\n\n${HELP}`)
  if (values['max-cost'] === 0) throw new UsageError('--max-cost must be above 0, got "0"')

  const say = (line: string) => {
    if (values.verbose) process.stderr.write(`[neam-forge] ${line}\n`)
  }
  say(`Compiling ${file}...`)
  const module = loadModule(file)
  say(registered(module.manifest))
  const agent = chosenAgent(module.manifest, file, values.name)
  say(`Found forge agent: ${agent.name}`)
  const overrides = overridesText(values)
  if (overrides !== '') say(`Applied overrides: ${overrides}`)

  const environment = terminalEnvironment(values)
  const system = await createSystem({
    module,
    environment,
    settings: readSettings(environment, process.cwd()),
    forgeDriver: inlineDriver,
    output: {
      emit: (line) => process.stderr.write(`${line}\n`),
      print: (text) => process.stderr.write(text),
      warn: (line) => process.stderr.write(`warning: ${line}\n`),
    },
  })
  say('Starting forge loop...')
  return await loop(system, agent, values)
}

async function loop(system: System, agent: ForgeDecl, values: Given): Promise<number> {
  const stop = new AbortController()
  const onSignal = stopper(system, agent.name, stop)
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  const showsProgress = values.verbose === true || process.stderr.isTTY
  try {
    const outcome = await runForgeAgent(system, agent.name, {
      ...(values['max-iterations'] === undefined ? {} : { maxIterations: values['max-iterations'] }),
      ...(values['max-cost'] === undefined ? {} : { maxCost: values['max-cost'] }),
      ...(values.workspace === undefined ? {} : { workspace: resolve(values.workspace) }),
      signal: stop.signal,
      onIteration: (record) => {
        if (showsProgress) process.stderr.write(`[neam-forge] ${progressLine(record)}\n`)
      },
    })
    print(`${values.json ? outcomeJson(outcome) : outcomeText(outcome)}\n`)
    return outcome.outcome === 'completed' ? 0 : 1
  } finally {
    process.off('SIGINT', onSignal)
    process.off('SIGTERM', onSignal)
  }
}

/** First signal: after the iteration in hand. Second: now. One SIGTERM that arrives twice counts once. */
function stopper(system: System, agent: string, stop: AbortController): (signal: NodeJS.Signals) => void {
  let askedAt: number | null = null
  return (signal) => {
    const now = performance.now()
    if (askedAt !== null && signal === 'SIGTERM' && now - askedAt < SAME_TERM_MS) return
    const force = askedAt !== null
    askedAt = now
    process.stderr.write(
      force
        ? '[neam-forge] stopping now\n'
        : '[neam-forge] stopping after this iteration; press Ctrl-C again to stop at once\n',
    )
    stopForgeAgent(system, agent, force).catch((error: unknown) => {
      process.stderr.write(`[neam-forge] the stop could not be recorded: ${error}\n`)
    })
    if (force) stop.abort(new Fault('stopped'))
  }
}

function print(text: string): number {
  process.stdout.write(text)
  return 0
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

/** Skills the program names without declaring them are built in and not counted; structs only when there are some. */
const registered = ({ skills, guards, channels, structs }: Manifest): string =>
  `Registered ${[
    counted(skills.length, 'skill'),
    counted(guards.length, 'guard'),
    counted(channels.length, 'channel'),
    ...(structs.length > 0 ? [counted(structs.length, 'struct')] : []),
  ].join(', ')}`

function chosenAgent(manifest: Manifest, file: string, name: string | undefined): ForgeDecl {
  const forges = manifest.agents.filter((agent) => agent.kind === 'forge')
  const [first] = forges
  if (first === undefined) throw new CommandError(`no forge agents found in ${file}`)
  if (name === undefined) return first
  const found = forges.find((agent) => agent.name === name)
  if (found) return found
  const available = forges.map((agent) => agent.name).join(' ')
  throw new CommandError(`forge agent '${name}' not found. Available: ${available}`)
}

const overridesText = (values: Given): string =>
  [
    values.workspace === undefined ? null : `workspace=${values.workspace}`,
    values['max-iterations'] === undefined ? null : `max_iterations=${values['max-iterations']}`,
    values['max-cost'] === undefined ? null : `max_cost=${values['max-cost']}`,
  ]
    .filter((one) => one !== null)
    .join(', ')

function progressLine({ iteration, task, verdict, tally }: IterationRecord): string {
  const said =
    verdict.kind === 'done' ? verdict.message : verdict.kind === 'retry' ? verdict.feedback : verdict.reason
  const first = said.split('\n', 1)[0]
  return `Iteration ${iteration}${task === '' ? '' : ` (${task})`}: ${verdict.kind}: ${first} [$${tally.cost.toFixed(4)}]`
}
