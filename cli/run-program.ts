/** What every program of ours does around its work: a usage error ends with 2, a refusal with 1, both in plain words. */
import { CommandError } from './command-error.ts'
import { UsageError } from './flags.ts'

/**
 * Runs a program's work and gives its exit code. Errors of other kinds are faults of ours and go through with their
 * stack.
 */
export async function runProgram(program: string, work: () => number | Promise<number>): Promise<number> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`${program}: ${error.message}\n`)
      return 2
    }
    if (error instanceof CommandError) {
      process.stderr.write(`${program}: ${error.message}\n`)
      return 1
    }
    throw error
  }
}
