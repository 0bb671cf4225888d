/** Runs a program from its first to its last line, as `neam FILE` does. */
import { runProgram } from '../agents/run-program.ts'
import { ProgramError } from '../vm/program.ts'
import type { System } from './system.ts'

/** An error that the program did not catch, for a person to read. */
export interface Uncaught {
  readonly message: string
  /** Innermost first. */
  readonly trace: ProgramError['trace']
}

/** Null: the program came to its end. */
export async function runWholeProgram(system: System, signal: AbortSignal): Promise<Uncaught | null> {
  try {
    await runProgram(system.world, { signal })
    return null
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error
    return { message: error.message, trace: error.trace }
  }
}
