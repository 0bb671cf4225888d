import type { Hash } from '../../agents/ports/ids.ts'
import type { RunRef } from '../../agents/ports/runs.ts'
import type { LeasePlace } from './leases.ts'
import { encodeName } from './names.ts'

/** Where the files of forge runs lie, relative to the state directory. */
export class RunPaths {
  readonly #hash: Hash
  readonly #foldsCase: boolean

  constructor(options: { hash: Hash; foldsCase: boolean }) {
    this.#hash = options.hash
    this.#foldsCase = options.foldsCase
  }

  agent(agent: string): string {
    return `forge/${encodeName(agent, { hash: this.#hash, foldsCase: this.#foldsCase })}`
  }

  head(agent: string): string {
    return `${this.agent(agent)}/HEAD.json`
  }

  runs(agent: string): string {
    return `${this.agent(agent)}/runs`
  }

  run({ agent, run }: RunRef): string {
    return `${this.runs(agent)}/${encodeName(run, { hash: this.#hash, foldsCase: this.#foldsCase })}`
  }

  outcome(ref: RunRef): string {
    return `${this.run(ref)}/outcome.json`
  }

  agentLease(agent: string): LeasePlace {
    return {
      directory: this.agent(agent),
      lock: 'run',
      release: 'rel',
      suffix: '.json',
      keepsClaim: true,
      beat: 'alive',
    }
  }

  /** In a folder of its own: taking it lists the folder, and the records of a long run are thousands. */
  workClaim(ref: RunRef): LeasePlace {
    return {
      directory: `${this.run(ref)}/work`,
      lock: 'claim',
      release: 'unclaim',
      suffix: '',
      keepsClaim: true,
      beat: 'alive',
    }
  }

  /** `realPath`: two names of one directory are one workspace. */
  workspaceLease(realPath: string): LeasePlace {
    const directory = `workspaces/${this.#hash.sha256(realPath)}`
    return { directory, lock: 'run', release: 'rel', suffix: '.json', keepsClaim: true, beat: null }
  }
}

const padded = (iteration: number): string => String(iteration).padStart(6, '0')
export const beginFile = (run: string, iteration: number, attempt: number): string =>
  `${run}/iter.${padded(iteration)}.begin.${attempt}.json`
export const waitFile = (run: string, iteration: number, number: number): string =>
  `${run}/iter.${padded(iteration)}.wait.${number}.json`
export const verdictFile = (run: string, iteration: number): string =>
  `${run}/iter.${padded(iteration)}.verdict.json`
export const doneFile = (run: string, iteration: number): string =>
  `${run}/iter.${padded(iteration)}.done.json`
