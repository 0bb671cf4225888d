import { Fault } from '../../agents/ports/fault.ts'
import type { RunClaim, RunConfig, RunRef } from '../../agents/ports/runs.ts'
import type { Files } from './files.ts'
import { errorCode, type Fs } from './fs.ts'
import type { Claim, Free, Held, LeasePlace, Leases, Taking } from './leases.ts'
import type { RunPaths } from './run-paths.ts'

export type RunTaking =
  /** Also when this very run took it before: a start that is repeated after a crash goes on. */
  { readonly kind: 'taken'; readonly epoch: number } | { readonly kind: 'held'; readonly holder: RunRef }

/**
 * One live run an agent, and one a workspace (design 3.8): two leases that end together, with the run's outcome and
 * never by time. Whether anybody still works on the run shows in its work claim, which does expire.
 */
export class RunLeases {
  readonly #files: Files
  readonly #fs: Fs
  readonly #leases: Leases
  readonly #paths: RunPaths

  constructor(options: { files: Files; fs: Fs; leases: Leases; paths: RunPaths }) {
    this.#files = options.files
    this.#fs = options.fs
    this.#leases = options.leases
    this.#paths = options.paths
  }

  /** Throws `record_damaged` while a lease that cannot be read is in the way. */
  take({ agent, run, workspace }: RunRef & { readonly workspace: string }): RunTaking {
    const claim: Claim = { purpose: 'run', ttlMs: Number.MAX_SAFE_INTEGER, owner: null, data: { agent, run } }
    const own = this.#agentPlace(agent)
    const taking = this.#leases.take(own, claim)
    if (taking.kind === 'held' && taking.claim.data.run !== run)
      return { kind: 'held', holder: this.#holder(own, taking) }
    const beside = this.#takeWorkspace(workspace, claim, () => {
      if (taking.kind === 'taken') this.#leases.release(own, taking.epoch)
    })
    if (beside.kind === 'held' && beside.claim.data.run !== run) {
      this.#leases.release(own, taking.epoch)
      return { kind: 'held', holder: this.#holder(this.#workspacePlace(workspace), beside) }
    }
    return { kind: 'taken', epoch: taking.epoch }
  }

  /** Whose lease `take` would find. Throws as it does. */
  inTheWay({ agent, workspace }: { readonly agent: string; readonly workspace: string }): RunRef | null {
    for (const place of [this.#agentPlace(agent), this.#workspacePlace(workspace)]) {
      const state = this.#leases.inspect(place)
      if (state.kind === 'held') return this.#holder(place, state)
    }
    return null
  }

  #takeWorkspace(workspace: string, claim: Claim, giveUp: () => void): Taking {
    try {
      return this.#leases.take(this.#workspacePlace(workspace), claim)
    } catch (error) {
      giveUp()
      throw error
    }
  }

  /** Throws `record_damaged` for a lease that does not say whose it is; it ends by itself. */
  #holder({ directory, lock }: LeasePlace, { claim: { data }, leftMs }: Held): RunRef {
    const { agent, run } = data
    if (agent !== undefined && run !== undefined) return { agent, run }
    throw new Fault(
      'record_damaged',
      {
        path: this.#files.absolute(`${directory}/${lock}`),
        problem: `the newest lease does not say whose run it is; it is free again in ${Math.ceil(leftMs / 1000)} s`,
      },
      { retryAfterMs: leftMs },
    )
  }

  /** True while nobody took over. */
  holds({ agent }: RunRef, epoch: number): boolean {
    const newest = this.#leases.newest(this.#agentPlace(agent), true)
    return newest.epoch === epoch && !newest.released
  }

  /** A sign of life of the run that holds this epoch. */
  beat({ agent }: RunRef, epoch: number): void {
    this.#leases.beat(this.#paths.agentLease(agent), epoch)
  }

  /** The newest epoch as far as a listing shows it. */
  newestEpoch(agent: string): number {
    return this.#leases.newest(this.#agentPlace(agent), false).epoch
  }

  release(config: RunConfig): void {
    const place = this.#workspacePlace(config.workspace)
    const state = this.#leases.inspect({ ...place, isOver: () => false })
    if (runOf(state) === config.run) this.#leases.release(place, state.epoch)
    this.#leases.release(this.#agentPlace(config.agent), config.epoch)
  }

  /** The right to work on one run, in the run's own directory. */
  claim(ref: RunRef, { ttlMs, quietMs }: { ttlMs: number; quietMs: number }): RunClaim | null {
    const place = this.#paths.workClaim(ref)
    if (quietMs > 0 && this.isWorkedOn(ref, quietMs)) return null
    const taking = this.#leases.take(place, { purpose: 'work', ttlMs, owner: this.#leases.owner, data: {} })
    if (taking.kind === 'held') return null
    const { epoch } = taking
    return {
      renew: async () => {
        this.#leases.beat(place, epoch)
        const newest = this.#leases.newest(place, false)
        return newest.epoch === epoch && !newest.released
      },
      release: async () => this.#leases.release(place, epoch),
    }
  }

  /** Somebody holds the claim, or did within the last `quietMs`. */
  isWorkedOn(ref: RunRef, quietMs: number): boolean {
    const state = this.#leases.inspect(this.#paths.workClaim(ref))
    return state.kind === 'held' || this.#quietFor(ref, state.since) < quietMs
  }

  /** Milliseconds since the run was last worked on, or began; its directory may not exist yet. */
  #quietFor(ref: RunRef, lastWorkedAt: number): number {
    const lease = this.#leases.inspect(this.#paths.agentLease(ref.agent))
    const began = runOf(lease) === ref.run ? lease.since : 0
    const now = this.#files.barrier(this.#paths.agent(ref.agent)) ?? 0
    return now - Math.max(began, lastWorkedAt)
  }

  /** A lease whose run has an outcome is over, also when the crash came before its release. */
  #agentPlace(agent: string): LeasePlace {
    return { ...this.#paths.agentLease(agent), isOver: (claim) => this.#hasOutcome(claim) }
  }

  #workspacePlace(workspace: string): LeasePlace {
    const isOver = (claim: Claim): boolean => {
      const { agent, run } = claim.data
      if (agent === undefined || this.#hasOutcome(claim)) return true
      return runOf(this.#leases.inspect(this.#agentPlace(agent))) !== run
    }
    return { ...this.#paths.workspaceLease(this.#realPath(workspace)), isOver }
  }

  #hasOutcome({ data: { agent, run } }: Claim): boolean {
    if (agent === undefined || run === undefined) return false
    return this.#files.readFresh(this.#paths.outcome({ agent, run })) !== null
  }

  /** Of the nearest folder that exists: a workspace may be made later. */
  #realPath(path: string): string {
    try {
      return this.#fs.realPath(path)
    } catch (error) {
      if (errorCode(error) === null) throw error
      const cut = path.lastIndexOf('/')
      return cut <= 0 ? path : `${this.#realPath(path.slice(0, cut))}${path.slice(cut)}`
    }
  }
}

const runOf = (state: Held | Free): string | undefined =>
  state.kind === 'held' ? state.claim.data.run : undefined
