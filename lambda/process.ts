import { lazily } from '../agents/ports/lazily.ts'
import type { Tracing } from '../agents/ports/tracing.ts'
import { portWarnings } from '../runtime/channel-ports.ts'
import { processEnvironment } from '../runtime/environment.ts'
import { noDriver, statesDriver } from '../runtime/forge-drivers.ts'
import { bytecodeFolder, loadBytecode } from '../runtime/load-program.ts'
import { type LogRecord, leveledLog, loggable } from '../runtime/log.ts'
import { readSettings, SettingsError } from '../runtime/settings.ts'
import { systemStorageGauge } from '../runtime/storage-gauge.ts'
import { createSystem, type System } from '../runtime/system.ts'
import { systemClock } from '../runtime/time.ts'
import { systemTracing } from '../runtime/tracing/tracing.ts'
import type { Edge } from './edge.ts'
import { agentFiguresOf } from './health/agent-figures.ts'
import { EmfMeter } from './health/emf.ts'

/** One line of JSON: CloudWatch takes each as an event. */
const writeLine = (record: LogRecord): void => {
  process.stdout.write(`${JSON.stringify({ timestamp: new Date().toISOString(), ...record })}\n`)
}

let log: ((record: LogRecord) => void) | null = null

/** One line of the log of this Lambda process, if its level is to be written. */
export function logLine(record: LogRecord): void {
  log ??= leveledLog(readSettings(processEnvironment(), process.cwd()).logLevel, writeLine)
  log(record)
}

let tracing: Tracing | null = null

/** The traces of this Lambda process. */
function processTracing(): Tracing {
  tracing ??= systemTracing(readSettings(processEnvironment(), process.cwd()).tracing, (message) =>
    logLine({ level: 'warn', message }),
  )
  return tracing
}

const storageGauge = systemStorageGauge()

let current: System | null = null

/** What the agents of this Lambda process use, for the lines of its log. */
export const processMeter = new EmfMeter(
  () => (current === null ? {} : agentFiguresOf(current.world)),
  storageGauge,
)

/** The system of this Lambda process: made at the first request, kept while it works, made again after a failure. */
export const systemOfProcess = (): (() => Promise<System>) => lazily(makeSystem)

async function makeSystem(): Promise<System> {
  const environment = processEnvironment()
  const settings = readSettings(environment, process.cwd())
  if (settings.bytecode === null)
    throw new SettingsError('NEAM_BYTECODE is not set: there is no program to serve')
  const module = loadBytecode(settings.bytecode)
  for (const message of portWarnings(module.manifest)) logLine({ level: 'warn', message })
  current = await createSystem({
    module,
    programDir: bytecodeFolder(settings.bytecode),
    environment,
    settings,
    tracing: processTracing(),
    storageGauge,
    forgeDriver: settings.stateMachineArn === null ? noDriver : statesDriver(settings.stateMachineArn),
    output: {
      emit: (line) => logLine({ level: 'info', message: 'emit', line }),
      print: (text) => logLine({ level: 'info', message: 'print', text }),
      warn: (line, cause) => logLine({ level: 'warn', message: line, ...loggable(cause) }),
    },
  })
  return current
}

export function processEdge(system: () => Promise<System>): Edge {
  const { onLambda } = readSettings(processEnvironment(), process.cwd())
  return {
    system,
    clock: systemClock,
    tracing: processTracing(),
    storageTime: storageGauge,
    log: logLine,
    streams: false,
    ...(onLambda ? { meter: processMeter } : {}),
    draining: () => false,
    uptimeSeconds: () => Math.floor(process.uptime()),
    shutdown: new AbortController().signal,
  }
}
