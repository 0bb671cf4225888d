/** The HTTP server of chapter 28.5: the Lambda handlers behind node:http, forge runs on the interpreted state machine. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Edge } from '../lambda/edge.ts'
import { createHandlers } from '../lambda/handlers.ts'
import { recordRequest } from '../lambda/middleware/access-log.ts'
import { forgeStep, forgeWaitHere } from '../lambda/steps/forge-step.ts'
import { portWarnings } from '../runtime/channel-ports.ts'
import { commandWarnings } from '../runtime/commands.ts'
import { type Environment, processEnvironment } from '../runtime/environment.ts'
import { createAslDriver } from '../runtime/local-forge.ts'
import { leveledLog, loggable } from '../runtime/log.ts'
import { modelWarnings } from '../runtime/readiness.ts'
import {
  AUDIT_SINKS,
  MAX_CONNECTIONS,
  MAX_INSTANCES,
  MAX_MODEL_CONNECTIONS,
  readSettings,
} from '../runtime/settings.ts'
import { createSystem, type System } from '../runtime/system.ts'
import { systemClock } from '../runtime/time.ts'
import { traceIdOf } from '../runtime/tracing/trace-context.ts'
import { owedNotices, unfinishedRuns } from '../runtime/unfinished-runs.ts'
import { banner } from './api-banner.ts'
import { routeOf } from './api-event.ts'
import { CommandError } from './command-error.ts'
import { Connections, connectionLimit, RESERVED } from './connections.ts'
import { drain } from './drain.ts'
import { environmentHelp } from './environment-help.ts'
import { type Flags, GENERAL_FLAGS, parseFlags, UsageError } from './flags.ts'
import { helpText } from './help.ts'
import { createHttpServer } from './http-server.ts'
import { isLoopback } from './loopback.ts'
import { openFileLimit } from './open-files.ts'
import { packageRoot, packageVersion } from './package-root.ts'
import { programOnDisk } from './program-source.ts'
import { runProgram } from './run-program.ts'
import type { ProgramPlace } from './served-program.ts'
import { ServedSystems } from './served-systems.ts'
import { untilTold } from './stop-signals.ts'
import { startWatchdog } from './watchdog.ts'
import { programOfSupervisor, superviseWorkers, workerNumber } from './workers.ts'

const FLAGS = {
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

const HELP = helpText({
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
  const log = leveledLog(settings.logLevel, (record) => {
    const timestamp = new Date().toISOString()
    process.stderr.write(
      `${JSON.stringify({ timestamp, ...(worker === null ? {} : { worker }), ...record })}\n`,
    )
  })
  const place = programPlace(values)
  const onProblem = settings.watch
    ? (cause: string) => log({ level: 'error', message: 'program not loaded again', cause })
    : null
  const { workers = 1 } = values
  if (workers > 1 && worker === null) {
    // The port that the processes share would keep this one alive.
    const program = settings.watch ? programOnDisk(place, onProblem) : null
    process.exit(await superviseWorkers({ count: workers, log, program }))
  }
  const source =
    settings.watch && worker !== null ? await programOfSupervisor() : programOnDisk(place, onProblem)

  const timeoutMs = values.timeout ?? 60_000
  const connections = new Connections(connectionLimit(settings.connections, openFileLimit()))
  const watchdog = startWatchdog({
    timeoutMs,
    worker,
    logs: { errors: settings.logLevel !== 'silent', requests: settings.logLevel === 'info' },
    requests: connections.limit + RESERVED,
  })
  const shutdown = new AbortController()
  let draining = false
  const driver = createAslDriver({
    definition: readFileSync(join(packageRoot(), 'statemachine/forge-run.asl.json'), 'utf8'),
    step: async (event) => await forgeStep((await served.ofRun(event.state)).world, event),
    wait: async (event, signal) =>
      await forgeWaitHere((await served.ofRun(event.state)).world, event, signal),
    onError: ({ agent, run: id }, error) =>
      log({ level: 'error', message: 'forge execution failed', agent, run: id, ...loggable(error) }),
  })
  const system: System = await createSystem({
    module: source.module,
    programDir: source.programDir,
    environment,
    settings,
    forgeDriver: driver,
    output: {
      emit: (line) => log({ level: 'info', message: 'emit', line }),
      print: (text) => log({ level: 'info', message: 'print', text }),
      warn: (line, cause) => log({ level: 'warn', message: line, ...loggable(cause) }),
    },
  })
  const served = new ServedSystems(system)
  const started = performance.now()
  const edge: Edge = {
    system: async () => served.current,
    clock: systemClock,
    tracing: system.world.tracing,
    log,
    streams: true,
    connections: () => connections.occupancy(),
    answersLate: true,
    draining: () => draining,
    uptimeSeconds: () => Math.floor((performance.now() - started) / 1000),
    shutdown: shutdown.signal,
  }
  const hasKey = (await system.keys.api()).length > 0
  const keyWarnings = await system.keys.warnings()
  if (settings.production && !hasKey) {
    throw new CommandError(
      [
        'NEAM_ENV=production needs NEAM_API_KEY: set it, or unset NEAM_ENV for development',
        ...keyWarnings,
      ].join('; '),
    )
  }
  const host = values.host ?? (hasKey ? '0.0.0.0' : '127.0.0.1')
  const http = createHttpServer({
    handlers: createHandlers(edge),
    connections,
    timeoutMs,
    ...(watchdog === null ? {} : { watchdog }),
    localOnly: !hasKey && isLoopback(host),
    onRefused: ({ request, traceparent, ...refusal }) =>
      recordRequest(edge, {
        ...refusal,
        traceId: traceIdOf(traceparent),
        route: request === null ? null : routeOf(request),
        method: request?.method,
      }),
    onError: (error) => log({ level: 'error', message: 'request failed', ...loggable(error) }),
  })
  // A terminal's Ctrl-C reaches every process; workers wait to be told by the first one.
  if (worker !== null) process.on('SIGINT', () => {})
  // From before it is known where the server listens: whoever reads the address may stop it at once.
  const stopping = untilTold(worker === null ? ['SIGTERM', 'SIGINT'] : ['SIGTERM'])
  const url = await listen(http.server, host, values.port ?? 8080)
  let telling: Promise<unknown> = Promise.resolve()
  if (worker === null || worker === 1) {
    for (const message of portWarnings(system.manifest, Number(new URL(url).port)))
      log({ level: 'warn', message })
    const warnings = [
      ...keyWarnings,
      ...(await modelWarnings(system.world)),
      ...(await commandWarnings(system, environment)),
    ]
    process.stderr.write(
      banner({ system, url, host, hasKey, warnings, workers, connections: connections.limit }),
    )
    await driver.resume(await unfinishedRuns(system.world))
    telling = owedNotices(system.world)
  }
  source.follow((module) => {
    served.load(module)
    log({ level: 'info', message: 'program loaded again', program: module.manifest.program })
  })

  const drainSeconds = values['drain-seconds'] ?? 10
  const told = await stopping
  draining = true
  process.stderr.write(
    `neam-api: ${told.signal}, finishing ${http.active()} requests (at most ${drainSeconds} s)\n`,
  )
  const drained = await drain({
    http,
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

function print(text: string): number {
  process.stdout.write(text)
  return 0
}

type Given = ReturnType<typeof parseFlags<typeof FLAGS>>['values']

/** Flags that settings read, as the variables of the same meaning. */
const withFlags = (environment: Environment, given: Given): Environment => ({
  ...environment,
  ...(given.offline ? { NEAM_OFFLINE: '1' } : {}),
  ...(given.watch ? { NEAM_WATCH: '1' } : {}),
  ...(given.disabled ? { NEAM_DISABLED: '1' } : {}),
  ...(given['audit-sink'] === undefined ? {} : { NEAM_AUDIT_SINK: given['audit-sink'] }),
  ...(given['audit-log'] === undefined ? {} : { NEAM_AUDIT_LOG: given['audit-log'] }),
  ...(given['pool-size'] === undefined ? {} : { NEAM_POOL_SIZE: String(given['pool-size']) }),
  ...(given['llm-pool-size'] === undefined ? {} : { NEAM_LLM_POOL_SIZE: String(given['llm-pool-size']) }),
  ...(given['max-connections'] === undefined
    ? {}
    : { NEAM_MAX_CONNECTIONS: String(given['max-connections']) }),
})

/** Variables that stand for a flag, as flags: they are read by the same rules, and a flag that is given comes later. */
function fromEnvironment(environment: Environment, given: Given): string[] {
  // A program that is given by one flag is not that of the other one's variable.
  const isGiven = given.program !== undefined || given.bytecode !== undefined
  const names = [
    'host',
    'port',
    'timeout',
    'drain-seconds',
    'workers',
    ...(isGiven ? [] : ['program', 'bytecode']),
  ]
  return names.flatMap((name) => {
    const value = environment[`NEAM_${name.toUpperCase().replaceAll('-', '_')}`]
    return value === undefined || value === '' ? [] : [`--${name}=${value}`]
  })
}

function programPlace({ program, bytecode }: Given): ProgramPlace {
  if (program !== undefined) return { program }
  if (bytecode !== undefined) return { bytecode }
  throw new UsageError(`no program is given: --program FILE or --bytecode DIR\n\n${HELP}`)
}

function listen(server: import('node:http').Server, host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why: Readonly<Record<string, string>> = {
        EADDRINUSE: `port ${port} is in use; choose another with --port`,
        EACCES: `port ${port} may not be bound by this user; choose one above 1023 with --port`,
        EADDRNOTAVAIL: `${host} is no address of this machine`,
        ENOTFOUND: `${host} is no known host`,
      }
      reject(new CommandError(why[error.code ?? ''] ?? error.message, { cause: error }))
    })
    server.listen(port, host, () => {
      const address = server.address()
      const bound = typeof address === 'object' && address !== null ? address.port : port
      const shown =
        host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host
      resolve(`http://${shown}:${bound}`)
    })
  })
}
