/**
 * `neam-api --workers N`: N processes behind one port, which the first process hands connections to in turn. The tree keeps
 * them apart as it keeps any number of Lambda instances apart; a program that computes for long holds up its own process only.
 */
import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import { untilTold } from './stop-signals.ts'

/** Number of this worker, from 1; null in a process that is none. */
export const workerNumber = (): number | null =>
  cluster.isWorker ? Number(process.env.NEAM_WORKER_NUMBER) : null

/** A worker that died right after its start would die again. */
const RESTART_AFTER_MS = 1000

export interface Supervision {
  readonly count: number
  readonly log: (record: Readonly<Record<string, unknown>>) => void
}

/** Runs workers until SIGTERM or SIGINT, and starts those that die again. The exit code. */
export async function superviseWorkers({ count, log }: Supervision): Promise<number> {
  const workers = new Map<number, Worker>()
  /** Since the first worker serves, until the signal to stop: those that die are started again. */
  let serving = false

  const start = (number: number): Worker => {
    const worker = cluster.fork({ NEAM_WORKER_NUMBER: String(number) })
    workers.set(number, worker)
    worker.on('exit', (code, signal) => {
      workers.delete(number)
      if (!serving) return
      log({ level: 'error', message: 'worker died', worker: number, code, signal })
      setTimeout(() => {
        if (serving) start(number)
      }, RESTART_AFTER_MS)
    })
    worker.on('listening', () =>
      log({ level: 'info', message: 'worker started', worker: number, pid: worker.process.pid }),
    )
    return worker
  }

  const told = untilTold(['SIGTERM', 'SIGINT'])
  // What is wrong with the program or the port is said once, by the first.
  const failed = await firstOf(start(1))
  if (failed !== null) return failed
  serving = true
  for (let number = 2; number <= count; number += 1) start(number)

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

/** The exit code of a worker that never came to serve; null for one that serves. */
async function firstOf(worker: Worker): Promise<number | null> {
  return await new Promise((resolve) => {
    worker.once('listening', () => resolve(null))
    worker.once('exit', (code) => resolve(code ?? 1))
  })
}
