/**
 * `neam-api --workers N`: N processes behind one port, which the first process hands connections to in turn. The tree keeps
 * them apart as it keeps any number of Lambda instances apart; a program that computes for long holds up its own process only.
 */
import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import { decode, encode } from '../bytecode/codec.ts'
import type { ProgramSource } from './program-source.ts'
import { untilTold } from './stop-signals.ts'

/** Number of this worker, from 1; null in a process that is none. */
export const workerNumber = (): number | null =>
  cluster.isWorker ? Number(process.env.NEAM_WORKER_NUMBER) : null

/** Whether this process begins a server: it is no worker, or the one that the others wait for. */
export const isFirstStart = (): boolean =>
  !cluster.isWorker || (workerNumber() === 1 && process.env.NEAM_WORKER_DEATHS === '0')

/** In a worker: tells that it takes requests. */
export function tellServing(): void {
  if (cluster.isWorker) process.send?.(SERVES)
}

/** What the first process bears with, milliseconds. */
export interface WorkerPatience {
  /** Until one that died is started again; twice as long each time that it dies anew, up to `longestRestartMs`. */
  readonly restartMs: number
  readonly longestRestartMs: number
  /** One that has lived for so long died of something new. */
  readonly steadyMs: number
}

const PATIENCE: WorkerPatience = { restartMs: 1000, longestRestartMs: 30_000, steadyMs: 60_000 }

export interface Supervision {
  readonly count: number
  readonly patience?: WorkerPatience
  readonly log: (record: Readonly<Record<string, unknown>>) => void
  /** What all workers serve, and what takes its place later; null = each reads the program itself. */
  readonly program: ProgramSource | null
}

/** What a worker sends that listens wherever it should: `listening` comes for each port. */
const SERVES = 'serves'

/** What a worker that does not read the program itself sends, and what it is answered and sent for each later program. */
const ASKS_FOR_PROGRAM = 'program'
interface ProgramMessage {
  /** As in a `.neamb` file. */
  readonly bytes: Uint8Array
  readonly programDir: string
}

/** Runs workers until SIGTERM or SIGINT, and starts those that die again. The exit code. */
export async function superviseWorkers({
  count,
  patience = PATIENCE,
  log,
  program,
}: Supervision): Promise<number> {
  // The default serialization has no bytes.
  cluster.setupPrimary({ serialization: 'advanced' })
  const workers = new Map<number, Worker>()
  const served = program === null ? null : sendProgram(program, workers)
  /** Since the first worker serves, until the signal to stop: those that die are started again. */
  let serving = false

  /** `deaths`: how often the worker of this number has died in a row. */
  const start = (number: number, deaths: number): Worker => {
    const worker = cluster.fork({ NEAM_WORKER_NUMBER: String(number), NEAM_WORKER_DEATHS: String(deaths) })
    const startedAt = performance.now()
    workers.set(number, worker)
    worker.on('message', (message) => {
      if (message === ASKS_FOR_PROGRAM && served !== null) worker.send(served())
      if (message === SERVES)
        log({ level: 'info', message: 'worker started', worker: number, pid: worker.process.pid })
    })
    worker.on('exit', (code, signal) => {
      workers.delete(number)
      if (!serving) return
      const inARow = performance.now() - startedAt < patience.steadyMs ? deaths + 1 : 1
      const restartMs = Math.min(patience.longestRestartMs, patience.restartMs * 2 ** (inARow - 1))
      log({
        level: 'error',
        message: 'worker died',
        worker: number,
        code,
        signal,
        restart_in_ms: restartMs,
      })
      setTimeout(() => {
        if (serving) start(number, inARow)
      }, restartMs)
    })
    return worker
  }

  const told = untilTold(['SIGTERM', 'SIGINT'])
  // What is wrong with the program or the port is said once, by the first.
  const failed = await firstOf(start(1, 0))
  if (failed !== null) return failed
  serving = true
  for (let number = 2; number <= count; number += 1) start(number, 0)

  const { again } = await told
  serving = false
  const ended = [...workers.values()].map(async (worker) => {
    if (!worker.isDead()) await once(worker, 'exit')
  })
  const tell = () => {
    for (const { process } of workers.values()) process.kill('SIGTERM')
  }
  tell()
  void again.then(tell)
  await Promise.all(ended)
  return 0
}

/** What is served now, which every worker is sent anew when it changes. */
function sendProgram(program: ProgramSource, workers: ReadonlyMap<number, Worker>): () => ProgramMessage {
  const { programDir } = program
  let served: ProgramMessage = { bytes: encode(program.module), programDir }
  program.follow((module) => {
    served = { bytes: encode(module), programDir }
    for (const worker of workers.values()) if (worker.isConnected()) worker.send(served)
  })
  return () => served
}

/** In a worker: the program that the supervising process read. */
export async function programOfSupervisor(): Promise<ProgramSource> {
  let onProgram: (message: ProgramMessage) => void = () => {}
  let newest: ProgramMessage | null = null
  const first = await new Promise<ProgramMessage>((resolve) => {
    process.on('message', (message: ProgramMessage) => {
      newest = message
      resolve(message)
      onProgram(message)
    })
    process.send?.(ASKS_FOR_PROGRAM)
  })
  return {
    module: decode(first.bytes),
    programDir: first.programDir,
    follow(onModule) {
      onProgram = ({ bytes }) => onModule(decode(bytes))
      if (newest !== null && newest !== first) onProgram(newest)
    },
  }
}

/** The exit code of a worker that never came to serve; null for one that serves. */
async function firstOf(worker: Worker): Promise<number | null> {
  return await new Promise((resolve) => {
    worker.on('message', (message) => {
      if (message === SERVES) resolve(null)
    })
    worker.once('exit', (code) => resolve(code ?? 1))
  })
}
