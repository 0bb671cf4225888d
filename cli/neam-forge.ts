/** Runs one forge agent to its end (chapter 28.1): details on stderr, the outcome on stdout, exit code 0 for Completed only. */
import { existsSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { Fault } from '../agents/ports/fault.ts'
import type { IterationRecord } from '../agents/ports/runs.ts'
import type { ForgeDecl, Manifest } from '../bytecode/manifest.ts'
import { commandWarnings } from '../runtime/commands.ts'
import { inlineDriver } from '../runtime/forge-drivers.ts'
import {
  dryRunForgeAgent,
  MAX_ITERATIONS,
  outcomeJson,
  outcomeText,
  type RunOptions,
  resumeForgeAgent,
  runForgeAgent,
  stopForgeAgent,
} from '../runtime/forge-run.ts'
import { warningText } from '../runtime/log.ts'
import { readSettings } from '../runtime/settings.ts'
import { createSystem, type System } from '../runtime/system.ts'
import { CommandError } from './command-error.ts'
import { dryRunText } from './dry-run-text.ts'
import { environmentHelp } from './environment-help.ts'
import { type Flags, GENERAL_FLAGS, parseFlags, UsageError } from './flags.ts'
import { helpText } from './help.ts'
import { LiveLine, screenOf } from './live-line.ts'
import { packageVersion } from './package-root.ts'
import { loadModule } from './program-file.ts'
import { runProgram } from './run-program.ts'
import { SAME_TERM_MS } from './stop-signals.ts'
import { terminalEnvironment } from './terminal-environment.ts'
import { terminalText } from './terminal-text.ts'

const FLAGS = {
  agent: {
    type: 'string',
    value: 'FILE',
    help: 'program with the forge agent: a .neam or .neamb file (required)',
  },
  name: { type: 'string', value: 'NAME', help: 'which forge agent to run (default: the first one)' },
  workspace: { type: 'string', value: 'DIR', help: "directory to work in (default: the agent's)" },
  'max-iterations': {
    type: 'integer',
    min: 1,
    max: MAX_ITERATIONS,
    value: 'N',
    help: `iteration limit, at most ${MAX_ITERATIONS} (default: the agent's)`,
  },
  'max-cost': {
    type: 'number',
    min: 0,
    value: 'USD',
    help: "cost limit in US dollars (default: the agent's)",
  },
  resume: {
    type: 'boolean',
    help: 'go on with the run that a killed neam-forge left unfinished, with its id, limits and workspace',
  },
  'dry-run': {
    type: 'boolean',
    help: 'print plan, tasks, size of the first prompt and cost ceiling, or why a run could not begin; no model call, nothing is written',
  },
  verbose: { type: 'boolean', help: 'say on stderr what is compiled, found and done' },
  offline: { type: 'boolean', help: 'answer with the offline model: no key, no network' },
  json: { type: 'boolean', help: 'print the outcome, or the dry run, as JSON' },
  ...GENERAL_FLAGS,
} as const satisfies Flags

const HELP = helpText({
  usage: ['neam-forge --agent FILE [flags]'],
  about: `Runs the build-verify loop of a forge agent and prints its outcome. Each iteration is one line on stderr. Ctrl-C stops after
the iteration in hand, a second one at once; verified tasks are kept, and the next run goes on from there.`,
  flags: FLAGS,
  examples: [
    'neam-forge --agent word-count.neam --dry-run',
    'neam-forge --agent word-count.neam --workspace work --max-iterations 6 --offline',
  ],
  exitCodes: { 0: 'all tasks were verified', 1: 'they were not, or it could not begin' },
  environment: environmentHelp('neam-forge', FLAGS),
})

type Given = ReturnType<typeof parseFlags<typeof FLAGS>>['values']

export const main = (argv: readonly string[]): Promise<number> => runProgram('neam-forge', () => run(argv))

async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseFlags('neam-forge', FLAGS, argv)
  if (values.help) return print(HELP)
  if (values.version) return print(`neam-forge ${packageVersion()}\n`)
  const [unexpected] = positionals
  if (unexpected !== undefined) {
    const hint = values.agent === undefined ? `did you mean --agent ${unexpected}?` : 'see neam-forge --help'
    throw new UsageError(`unexpected argument ${unexpected}; ${hint}`)
  }
  const file = values.agent
  if (file === undefined)
    throw new UsageError('--agent is required: neam-forge --agent FILE; see neam-forge --help')
  assertTogether(values)
  if (values['max-cost'] === 0) throw new UsageError('--max-cost must be above 0, got "0"')

  const say = (line: string) => {
    if (values.verbose) process.stderr.write(`[neam-forge] ${line}\n`)
  }
  say(`Compiling ${file}...`)
  const module = await loadModule(file)
  say(registered(module.manifest))
  const agent = chosenAgent(module.manifest, file, values.name)
  say(`Found forge agent: ${agent.name}`)
  const overrides = overridesText(values)
  if (overrides !== '') say(`Applied overrides: ${overrides}`)

  if (values.workspace !== undefined) checkWorkspace(values.workspace, values)

  const environment = terminalEnvironment(values)
  const live = new LiveLine(screenOf(process.stderr, environment.TERM))
  const system = await createSystem({
    module,
    programDir: dirname(resolve(file)),
    environment,
    settings: readSettings(environment, process.cwd()),
    forgeDriver: inlineDriver,
    // A dry run leaves no trace.
    lazyTree: values['dry-run'] === true,
    output: {
      emit: (line) => live.print(line),
      print: (text) => live.write(text),
      warn: (line, cause) => live.print(`warning: ${warningText(line, cause)}`),
    },
  })
  if (values['dry-run']) {
    const dry = await dryRunForgeAgent(system, agent.name, optionsOf(values))
    return print(values.json ? `${JSON.stringify(dry)}\n` : dryRunText(dry))
  }
  for (const warning of await commandWarnings(system, environment))
    process.stderr.write(`warning: ${warning}\n`)
  say('Starting forge loop...')
  return await loop(system, agent, values, live)
}

async function loop(system: System, agent: ForgeDecl, values: Given, live: LiveLine): Promise<number> {
  const stop = new AbortController()
  const onSignal = stopper(system, agent.name, { stop, live })
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  const options: RunOptions = {
    ...optionsOf(values),
    signal: stop.signal,
    onStart: (config) => {
      if (values.resume) live.print(`[neam-forge] resuming run ${config.run}`)
    },
    onBegin: (iteration) => live.start(`[neam-forge] iteration ${iteration}`),
    onWaiting: (iteration) => live.start(`[neam-forge] iteration ${iteration} waits for a person`),
    onIteration: (record) => live.print(`[neam-forge] ${progressLine(record)}`),
  }
  try {
    const outcome = await (values.resume
      ? resumeForgeAgent(system, agent.name, options)
      : runForgeAgent(system, agent.name, options))
    live.stop()
    if (outcome.outcome === 'completed' && outcome.iterations === 0)
      live.print(`[neam-forge] nothing to do: ${doneBefore(agent)}`)
    print(`${values.json ? outcomeJson(outcome) : outcomeText(outcome)}\n`)
    return outcome.outcome === 'completed' ? 0 : 1
  } finally {
    live.stop()
    await system.world.tracing.flush()
    process.off('SIGINT', onSignal)
    process.off('SIGTERM', onSignal)
  }
}

const optionsOf = (values: Given): RunOptions => ({
  maxIterations: values['max-iterations'],
  maxCost: values['max-cost'],
  ...(values.workspace === undefined ? {} : { workspace: resolve(values.workspace) }),
})

/** A resumed run keeps what it was started with. @throws UsageError */
function assertTogether(values: Given): void {
  if (!values.resume) return
  for (const other of ['max-iterations', 'max-cost', 'workspace', 'dry-run'] as const) {
    if (values[other] !== undefined) throw new UsageError(`--resume and --${other} do not go together`)
  }
}

/** A new folder is made, as chapter 28.10 has it, but never in silence: the name may be mistyped. @throws CommandError, UsageError */
function checkWorkspace(given: string, values: Given): void {
  if (given.trim() === '') throw new UsageError('--workspace is empty; it names the directory to work in')
  const path = resolve(given)
  const found = statSync(path, { throwIfNoEntry: false })
  if (found?.isDirectory()) return
  if (found !== undefined) throw new CommandError(`--workspace ${given} is a file; it names a folder`)
  if (!existsSync(dirname(path))) {
    throw new CommandError(`--workspace ${given}: neither it nor the folder ${dirname(path)} exists`)
  }
  if (values['dry-run']) return
  process.stderr.write(`[neam-forge] --workspace ${given} does not exist: it is made, empty\n`)
}

/** First signal: after the iteration in hand. Second: now. One SIGTERM that arrives twice counts once. */
function stopper(
  system: System,
  agent: string,
  { stop, live }: { readonly stop: AbortController; readonly live: LiveLine },
): (signal: NodeJS.Signals) => void {
  let askedAt: number | null = null
  return (signal) => {
    const now = performance.now()
    if (askedAt !== null && signal === 'SIGTERM' && now - askedAt < SAME_TERM_MS) return
    const force = askedAt !== null
    askedAt = now
    live.print(
      force
        ? '[neam-forge] stopping now'
        : '[neam-forge] stopping after this iteration; press Ctrl-C again to stop at once',
    )
    stopForgeAgent(system, agent, force).catch((error: unknown) => {
      live.print(`[neam-forge] the stop could not be recorded: ${error}`)
    })
    if (force) stop.abort(new Fault('stopped'))
  }
}

/** Where it stands that all is done, for who wants it done again. */
const doneBefore = ({ loop }: ForgeDecl): string =>
  `${[loop.planFile, loop.progressFile].filter((path) => path !== null).join(' and ')} in the workspace say that all tasks are done`

function print(text: string): number {
  process.stdout.write(text)
  return 0
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

/** Built-in skills that the program names count as its own; structs only when there are some. */
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
  const first = said.split(/\r?\n/, 1)[0]!
  return `Iteration ${iteration}${task === '' ? '' : ` (${terminalText(task)})`}: ${verdict.kind}: ${terminalText(first)} [$${tally.cost.toFixed(4)}]`
}
