import { Fault } from '../../agents/ports/fault.ts'
import type { Ids } from '../../agents/ports/ids.ts'
import {
  type BeginResult,
  type IterationRecord,
  type IterationWait,
  NO_TALLY,
  type RunClaim,
  type RunConfig,
  type RunHead,
  type RunOutcome,
  type RunRef,
  type RunStore,
} from '../../agents/ports/runs.ts'
import type { Files } from './files.ts'
import { decodeRecord, encodeRecord, readRecord } from './records.ts'
import type { RunLeases } from './run-leases.ts'
import { beginFile, doneFile, type RunPaths, verdictFile, waitFile } from './run-paths.ts'
import { bestEffort } from './storage-fault.ts'

type Stop = 'none' | 'graceful' | 'force'

/** More tries than any run makes on one iteration; past it something else is wrong. */
const MOST_ATTEMPTS = 1000

/**
 * Records of forge runs (reliability 2.8, design 9.7). What decides is written once by put-if-absent; HEAD.json and
 * stop.json always exist and are replaced, since an NFS client may not see a new file for half a minute.
 */
export class TreeRunStore implements RunStore {
  readonly #files: Files
  readonly #leases: RunLeases
  readonly #paths: RunPaths

  readonly #ids: Ids

  constructor(options: { files: Files; leases: RunLeases; paths: RunPaths; ids: Ids }) {
    this.#files = options.files
    this.#ids = options.ids
    this.#leases = options.leases
    this.#paths = options.paths
  }

  async start(
    config: Omit<RunConfig, 'epoch'>,
  ): Promise<{ kind: 'started'; config: RunConfig } | ({ kind: 'running' } & RunRef)> {
    const run = this.#paths.run(config)
    // A repeated start: the run is known, live or ended.
    if (this.#config(config) !== null) return { kind: 'running', agent: config.agent, run: config.run }
    const taking = this.#leases.take(config)
    if (taking.kind === 'held') return { kind: 'running', ...taking.holder }
    const started: RunConfig = { ...config, epoch: taking.epoch }
    try {
      this.#files.replace(`${run}/stop.json`, encodeRecord({ stop: 'none' }))
      this.#replaceHead(firstHead(started))
      // Last: a run that has its config has everything.
      this.#files.putIfAbsent(`${run}/config.json`, encodeRecord(started))
    } catch (error) {
      this.#leases.release(started)
      throw error
    }
    return { kind: 'started', config: this.#config(config) ?? started }
  }

  async inTheWay(place: { agent: string; workspace: string }): Promise<RunRef | null> {
    return this.#leases.inTheWay(place)
  }

  async isWorkedOn(ref: RunRef, quietMs: number): Promise<boolean> {
    return this.#leases.isWorkedOn(ref, quietMs)
  }

  async config(ref: RunRef): Promise<RunConfig | null> {
    return this.#config(ref)
  }

  async head(agent: string): Promise<RunHead | null> {
    const text = this.#files.readFresh(this.#paths.head(agent))
    if (text === null) return null
    return this.#withOutcome(decodeRecord<RunHead>(text, this.#files.absolute(this.#paths.head(agent))))
  }

  async runHead(ref: RunRef): Promise<RunHead | null> {
    const head = this.#runHead(ref)
    return head === null ? null : this.#withOutcome(head)
  }

  async writeHead(head: RunHead): Promise<void> {
    this.#replaceHead(head)
  }

  async claim(ref: RunRef, options: { ttlMs: number; quietMs: number }): Promise<RunClaim | null> {
    return this.#leases.claim(ref, options)
  }

  async beat(ref: RunRef, epoch: number): Promise<void> {
    this.#leases.beat(ref, epoch)
  }

  async holds(ref: RunRef, epoch: number): Promise<boolean> {
    return this.#leases.holds(ref, epoch)
  }

  async begin(ref: RunRef, iteration: number): Promise<BeginResult> {
    const run = this.#paths.run(ref)
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
      // The first put is a barrier too, so that the records of another machine are seen by the reads below.
      if (
        this.#files.putIfAbsent(
          beginFile(run, iteration, attempt),
          encodeRecord({ attempt, nonce: this.#ids.next() }),
        )
      ) {
        return { kind: 'begin', attempt }
      }
      if (attempt > 1) continue
      const done = this.#record(doneFile(run, iteration))
      if (done !== null) return { kind: 'done', record: done }
      const verdict = this.#record(verdictFile(run, iteration))
      if (verdict !== null) return { kind: 'verdict', record: verdict }
    }
    throw new Fault('record_damaged', {
      path: this.#files.absolute(run),
      problem: 'an iteration has too many attempts',
    })
  }

  async waits(ref: RunRef, iteration: number): Promise<readonly IterationWait[]> {
    const waits: IterationWait[] = []
    for (;;) {
      const path = waitFile(this.#paths.run(ref), iteration, waits.length + 1)
      const wait = readRecord<IterationWait>(this.#files, path)
      if (wait === null) return waits
      waits.push(wait)
    }
  }

  async recordWait(ref: RunRef, iteration: number, wait: IterationWait): Promise<void> {
    const number = (await this.waits(ref, iteration)).length + 1
    this.#files.putIfAbsent(waitFile(this.#paths.run(ref), iteration, number), encodeRecord(wait))
  }

  async recordVerdict(ref: RunRef, record: IterationRecord): Promise<void> {
    this.#files.putIfAbsent(verdictFile(this.#paths.run(ref), record.iteration), encodeRecord(record))
  }

  async recordDone(ref: RunRef, record: IterationRecord): Promise<void> {
    this.#files.putIfAbsent(doneFile(this.#paths.run(ref), record.iteration), encodeRecord(record))
  }

  async iteration(ref: RunRef, iteration: number): Promise<IterationRecord | null> {
    return readRecord<IterationRecord>(this.#files, doneFile(this.#paths.run(ref), iteration))
  }

  async iterations(ref: RunRef): Promise<readonly IterationRecord[]> {
    const run = this.#paths.run(ref)
    const names = this.#files.listFresh(run).filter((name) => /^iter\.\d+\.done\.json$/.test(name))
    const records = names.map((name) => this.#record(`${run}/${name}`)).filter((record) => record !== null)
    return records.sort((a, b) => a.iteration - b.iteration)
  }

  async requestStop(ref: RunRef, force: boolean): Promise<void> {
    // Never back from `force`.
    if (this.#stop(ref) === 'force') return
    const stop: Stop = force ? 'force' : 'graceful'
    this.#files.replace(`${this.#paths.run(ref)}/stop.json`, encodeRecord({ stop }))
  }

  async stopRequest(ref: RunRef): Promise<Stop> {
    return this.#stop(ref)
  }

  async finish(ref: RunRef, outcome: RunOutcome): Promise<RunOutcome> {
    const path = this.#paths.outcome(ref)
    this.#files.putIfAbsent(path, encodeRecord(outcome))
    const stands = readRecord<RunOutcome>(this.#files, path) ?? outcome
    const config = this.#config(ref)
    if (config !== null) {
      const head = this.#runHead(ref) ?? firstHead(config)
      // The outcome stands already; a view that could not be written is completed by whoever reads it.
      bestEffort(() => this.#replaceHead({ ...head, outcome: stands }))
      this.#leases.release(config)
    }
    return stands
  }

  async outcome(ref: RunRef): Promise<RunOutcome | null> {
    return readRecord<RunOutcome>(this.#files, this.#paths.outcome(ref))
  }

  async list(agent: string): Promise<readonly RunHead[]> {
    const runs = this.#paths.runs(agent)
    const heads: RunHead[] = []
    for (const name of this.#files.listFresh(runs)) {
      const text = this.#files.read(`${runs}/${name}/head.json`)
      if (text !== null) {
        const path = this.#files.absolute(`${runs}/${name}/head.json`)
        heads.push(this.#withOutcome(decodeRecord<RunHead>(text, path)))
      }
    }
    return heads.sort((a, b) => b.epoch - a.epoch)
  }

  #config(ref: RunRef): RunConfig | null {
    return readRecord<RunConfig>(this.#files, `${this.#paths.run(ref)}/config.json`)
  }

  #record(path: string): IterationRecord | null {
    const text = this.#files.read(path)
    return text === null ? null : decodeRecord<IterationRecord>(text, this.#files.absolute(path))
  }

  #stop(ref: RunRef): Stop {
    const path = `${this.#paths.run(ref)}/stop.json`
    const text = this.#files.read(path)
    if (text === null) throw new Fault('run_not_found', { run: ref.run })
    return decodeRecord<{ stop: Stop }>(text, this.#files.absolute(path)).stop
  }

  #runHead(ref: RunRef): RunHead | null {
    return readRecord<RunHead>(this.#files, `${this.#paths.run(ref)}/head.json`)
  }

  /** Each run keeps its own head; the agent's is the newest run's, and a run that was taken over leaves it alone. */
  #replaceHead(head: RunHead): void {
    const text = encodeRecord(head)
    this.#files.replace(`${this.#paths.run(head)}/head.json`, text)
    if (head.epoch >= this.#leases.newestEpoch(head.agent))
      this.#files.replace(this.#paths.head(head.agent), text)
  }

  #withOutcome(head: RunHead): RunHead {
    if (head.outcome !== null) return head
    const path = this.#paths.outcome(head)
    const text = this.#files.read(path)
    return text === null
      ? head
      : { ...head, outcome: decodeRecord<RunOutcome>(text, this.#files.absolute(path)) }
  }
}

const firstHead = (config: RunConfig): RunHead => ({
  agent: config.agent,
  run: config.run,
  epoch: config.epoch,
  startedAt: config.startedAt,
  iteration: 0,
  task: null,
  tally: NO_TALLY,
  tasksTotal: 0,
  lastVerdict: null,
  stopping: false,
  waiting: null,
  warnings: [],
  outcome: null,
})
