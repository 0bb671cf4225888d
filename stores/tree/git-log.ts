import type { PrivateRepository } from './git-private.ts'

export const RUN_TRAILER = 'Neam-Run'
export const ITERATION_TRAILER = 'Neam-Iteration'

/** A commit with the trailers that tell which run and iteration made it; "" where it has none. */
export interface LoggedCommit {
  readonly id: string
  readonly parents: readonly string[]
  readonly run: string
  readonly iteration: string
}

const trailer = (key: string): string => `%(trailers:key=${key},valueonly,separator=%x2C)`
const FORMAT = ['%H', '%P', trailer(RUN_TRAILER), trailer(ITERATION_TRAILER)].join('%x00')

/** Commits that `which` (revisions and options of `git log`) selects, newest first. */
export async function log(repository: PrivateRepository, which: readonly string[]): Promise<LoggedCommit[]> {
  const output = await repository.run(['log', `--format=${FORMAT}%x1e`, ...which, '--'])
  return output
    .split('\x1e')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
    .map((entry) => {
      const [id = '', parents = '', run = '', iteration = ''] = entry.split('\0')
      return { id, parents: parents.split(' ').filter((parent) => parent !== ''), run, iteration }
    })
}
