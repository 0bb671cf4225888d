/** The HTTP server of chapter 28.5: the Lambda handlers behind node:http, forge runs on the interpreted state machine. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Edge } from '../lambda/edge.ts'
import { createHandlers } from '../lambda/handlers.ts'
import { recordRequest } from '../lambda/middleware/access-log.ts'
import { forgeStep, forgeWaitHere } from '../lambda/steps/forge-step.ts'
import { commandWarnings } from '../runtime/commands.ts'
import { type Environment, processEnvironment } from '../runtime/environment.ts'
import { createAslDriver } from '../runtime/local-forge.ts'
import { leveledLog, loggable } from '../runtime/log.ts'
import { modelWarnings } from '../runtime/readiness.ts'
import { readSettings, type Settings } from '../runtime/settings.ts'
import { systemStorageGauge } from '../runtime/storage-gauge.ts'
import { createSystem, type System } from '../runtime/system.ts'
import { systemClock } from '../runtime/time.ts'
import { traceIdOf } from '../runtime/tracing/trace-context.ts'
import { keepDriven, owedNotices, takeUpLeftRuns, unfinishedRuns } from '../runtime/unfinished-runs.ts'
import { banner } from './api-banner.ts'
import { routeOf } from './api-event.ts'
import { CommandError } from './command-error.ts'
import { Connections, connectionLimit, RESERVED } from './connections.ts'
import { drain } from './drain.ts'
import { parseFlags, UsageError } from './flags.ts'
import { createHttpServer, type HttpServerOptions } from './http-server.ts'
import { Listeners, type ListenersOptions } from './listeners.ts'
import { isLoopback } from './loopback.ts'
import { openFileLimit } from './open-files.ts'
import { packageRoot, packageVersion } from './package-root.ts'
import { type ProgramSource, programOnDisk } from './program-source.ts'
import { runProgram } from './run-program.ts'
import { ServedSystems } from './served-systems.ts'
import { FLAGS, fromEnvironment, type Given, HELP, programPlace, withFlags } from './server-flags.ts'
import { untilTold } from './stop-signals.ts'
import { startWatchdog } from './watchdog.ts'
import { isFirstStart, programOfSupervisor, superviseWorkers, tellServing, workerNumber } from './workers.ts'

/** `argv`: what follows the program's name. Runs until SIGTERM or SIGINT; exit code 0, 1 (cannot serve) or 2 (usage). */
export const main = async (argv: readonly string[]): Promise<number> => {
  const code = await runProgram('neam-api', () => run(argv))
  // The channel to the process that supervises it would keep a worker alive.
  return workerNumber() === null ? code : process.exit(code)
}

async function run(argv: readonly string[]): Promise<number> {
  const { values: given, positionals } = parseFlags('neam-api', FLAGS, argv)
  if (given.help) return print(HELP)
  if (given.version) return print(`neam-api ${packageVersion()}\n`)
  const [unexpected] = positionals
  if (unexpected !== undefined)
    throw new UsageError(`unexpected argument ${unexpected}; did you mean --program ${unexpected}?`)
  if (given.program !== undefined && given.bytecode !== undefined)
    throw new UsageError('--program and --bytecode cannot both be given')
  const environment = withFlags(processEnvironment(), given)
  const { values } = parseFlags('neam-api', FLAGS, fromEnvironment(environment, given).concat(argv))
  const settings = readSettings(environment, process.cwd())

  const worker = workerNumber()
  const start = { values, environment, settings, worker, log: processLog(settings, worker) }
  return await serve(start, await sourceOf(start))
}

/** How this process was asked to serve. */
interface Start {
  readonly values: Given
  readonly environment: Environment
  readonly settings: Settings
  /** Number of this worker; null = there is one process, or this one supervises the workers. */
  readonly worker: number | null
  readonly log: Edge['log']
}

const processLog = ({ logLevel }: Settings, worker: number | null): Start['log'] =>
  leveledLog(logLevel, (record) => {
    const timestamp = new Date().toISOString()
    process.stderr.write(
      `${JSON.stringify({ timestamp, ...(worker === null ? {} : { worker }), ...record })}\n`,
    )
  })

/** The program to serve. A process that supervises workers serves none: it ends here. */
async function sourceOf({ values, settings, worker, log }: Start): Promise<ProgramSource> {
  const place = programPlace(values)
  const onProblem = settings.watch
    ? (cause: string) => log({ level: 'error', message: 'program not loaded again', cause })
    : null
  const { workers = 1 } = values
  if (workers > 1 && worker === null) {
    const program = settings.watch ? programOnDisk(place, onProblem) : null
    // The port that the processes share would keep this one alive.
    process.exit(await superviseWorkers({ count: workers, log, program }))
  }
  return settings.watch && worker !== null ? await programOfSupervisor() : programOnDisk(place, onProblem)
}

async function serve(start: Start, source: ProgramSource): Promise<never> {
  const { values, settings, worker, log } = start
  const timeoutMs = values.timeout ?? 60_000
  const connections = new Connections(connectionLimit(settings.connections, openFileLimit()))
  const storageGauge = systemStorageGauge()
  const watchdog = startWatchdog({
    timeoutMs,
    worker,
    logs: { errors: settings.logLevel !== 'silent', requests: settings.logLevel === 'info' },
    requests: connections.limit + RESERVED,
    storageCall: storageGauge.underWay.memory,
  })
  const { system, served, driver } = await startSystem(start, source, storageGauge)
  const shutdown = new AbortController()
  let draining = false
  const started = performance.now()
  const edge: Edge = {
    system: async () => served.current,
    clock: systemClock,
    tracing: system.world.tracing,
    storageTime: system.world.storageTime,
    log,
    streams: true,
    connections: () => connections.occupancy(),
    answersLate: true,
    draining: () => draining,
    uptimeSeconds: () => Math.floor((performance.now() - started) / 1000),
    shutdown: shutdown.signal,
  }
  const access = await accessOf(system, values.host)
  const { host, hasKey } = access
  const create = servers(edge, {
    connections,
    timeoutMs,
    ...(watchdog === null ? {} : { watchdog }),
    localOnly: !hasKey && isLoopback(host),
  })
  // A terminal's Ctrl-C reaches every process; workers wait to be told by the first one.
  if (worker !== null) process.on('SIGINT', () => {})
  // From before it is known where the server listens: whoever reads the address may stop it at once.
  const stopping = untilTold(worker === null ? ['SIGTERM', 'SIGINT'] : ['SIGTERM'])
  const listeners = await Listeners.on(values.port ?? 8080, { host, create, log, onePort: settings.onePort })
  // Later a port that cannot be had is no reason not to serve the rest.
  if (isFirstStart()) await listeners.openChannels(system.manifest)
  else await listeners.follow(system.manifest)
  tellServing()
  const isFirst = worker === null || worker === 1
  if (isFirst) {
    await announce(start, { system, access, listeners, connections: connections.limit })
    await driver.resume(await unfinishedRuns(system.world))
  }
  const stopped = new AbortController()
  if (isFirst) {
    const world = () => served.current.world
    void takeUpLeftRuns({ world, resume: driver.resume, log }, stopped.signal)
  }
  const telling: Promise<unknown> = isFirst ? owedNotices(system.world) : Promise.resolve()
  source.follow((module) => {
    served.load(module)
    log({ level: 'info', message: 'program loaded again', program: module.manifest.program })
    void listeners.follow(module.manifest)
  })

  const drainSeconds = values['drain-seconds'] ?? 10
  const told = await stopping
  draining = true
  stopped.abort()
  process.stderr.write(
    `neam-api: ${told.signal}, finishing ${listeners.active()} requests (at most ${drainSeconds} s)\n`,
  )
  const drained = await drain({
    http: listeners,
    told,
    endBackground: async () => {
      await Promise.all([driver.close(), system.turns.idle(), telling])
    },
    limitMs: drainSeconds * 1000,
    abort: () => {
      shutdown.abort(new Error('the server is shutting down'))
      system.turns.abort()
    },
  })
  await system.world.tracing.flush()
  if (!drained) process.stderr.write('neam-api: the rest was cut off; forge runs go on at the next start\n')
  // A cut-off turn may hold timers for its next try.
  process.exit(0)
}

/** Makes the server of each port: they share the handlers, the count of connections and the watchdog. */
function servers(
  edge: Edge,
  shared: Pick<HttpServerOptions, 'connections' | 'timeoutMs' | 'watchdog' | 'localOnly'>,
): ListenersOptions['create'] {
  const handlers = createHandlers(edge)
  return (entrance) =>
    createHttpServer({
      ...shared,
      handlers,
      entrance,
      storageTime: edge.storageTime,
      onRefused: ({ request, traceparent, ...refusal }) =>
        recordRequest(edge, {
          ...refusal,
          traceId: traceIdOf(traceparent),
          route: request === null ? null : routeOf(request, entrance()),
          method: request?.method,
        }),
      onError: (error) => edge.log({ level: 'error', message: 'request failed', ...loggable(error) }),
    })
}

/** The system of the program, what drives its forge runs, and the systems of programs that take its place. */
async function startSystem(
  { environment, settings, log }: Start,
  source: ProgramSource,
  storageGauge: ReturnType<typeof systemStorageGauge>,
) {
  const driver = createAslDriver({
    definition: readFileSync(join(packageRoot(), 'statemachine/forge-run.asl.json'), 'utf8'),
    step: async (event) => await forgeStep((await served.ofRun(event.state)).world, event),
    wait: async (event, signal) =>
      await forgeWaitHere((await served.ofRun(event.state)).world, event, signal),
    onDriving: (run, over) => void keepDriven(served.current.world, run, over),
    onError: ({ agent, run: id }, error) =>
      log({ level: 'error', message: 'forge execution failed', agent, run: id, ...loggable(error) }),
  })
  const system: System = await createSystem({
    module: source.module,
    programDir: source.programDir,
    environment,
    settings,
    forgeDriver: driver,
    storageGauge,
    output: {
      emit: (line) => log({ level: 'info', message: 'emit', line }),
      print: (text) => log({ level: 'info', message: 'print', text }),
      warn: (line, cause) => log({ level: 'warn', message: line, ...loggable(cause) }),
    },
  })
  const served = new ServedSystems(system)
  return { system, served, driver }
}

interface Access {
  readonly hasKey: boolean
  /** What is wrong with keys that are set. */
  readonly keyWarnings: readonly string[]
  /** Interface to bind: without a key, one that only this machine reaches. */
  readonly host: string
}

/** Who may come in. @throws CommandError in production without a key */
async function accessOf({ keys, settings }: System, host: string | undefined): Promise<Access> {
  const hasKey = (await keys.api()).length > 0
  const keyWarnings = await keys.warnings()
  if (settings.production && !hasKey) {
    throw new CommandError(
      [
        'NEAM_ENV=production needs NEAM_API_KEY: set it, or unset NEAM_ENV for development',
        ...keyWarnings,
      ].join('; '),
    )
  }
  return { hasKey, keyWarnings, host: host ?? (hasKey ? '0.0.0.0' : '127.0.0.1') }
}

interface Announced {
  readonly system: System
  readonly access: Access
  readonly listeners: Listeners
  readonly connections: number
}

/** Says once for all workers what is served, and what should be looked at. */
async function announce(
  { environment, values }: Start,
  { system, access, listeners, connections }: Announced,
): Promise<void> {
  const { host, hasKey, keyWarnings } = access
  const warnings = [
    ...keyWarnings,
    ...(await modelWarnings(system.world)),
    ...(await commandWarnings(system, environment)),
  ]
  const { workers = 1 } = values
  const { url, channelPorts } = listeners
  process.stderr.write(banner({ system, url, channelPorts, host, hasKey, warnings, workers, connections }))
}

function print(text: string): number {
  process.stdout.write(text)
  return 0
}
