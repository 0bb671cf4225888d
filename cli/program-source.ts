/** Where a process of `neam-api` gets its program from, and whether it learns of changes. */
import type { Module } from '../bytecode/module.ts'
import { CommandError } from './command-error.ts'
import {
  type Loading,
  loadServed,
  type ProgramPlace,
  programFolder,
  type ServedProgram,
} from './served-program.ts'
import { watchProgram } from './watch-program.ts'

export interface ProgramSource extends ServedProgram {
  /** From now on tells of each program that takes the place of the one before. */
  follow(onModule: (module: Module) => void): void
}

/** The program as it lies on disk; with `onProblem` it is watched. @throws CommandError when it cannot be served. */
export function programOnDisk(
  place: ProgramPlace,
  onProblem: ((problem: string) => void) | null,
): ProgramSource {
  const served = loadedFirst(loadServed(place))
  return {
    module: served.module,
    programDir: programFolder(place),
    follow(onModule) {
      if (onProblem === null) return
      watchProgram({ load: () => loadServed(place), served, onModule, onProblem })
    },
  }
}

function loadedFirst(loading: Loading): Extract<Loading, { module: Module }> {
  if ('problem' in loading) throw new CommandError(loading.problem)
  return loading
}
