/** What every program of ours does around its work: a usage error ends with 2, a refusal with 1, both in plain words. */
import { Fault, faultText } from '../agents/ports/fault.ts'
import { ModuleError } from '../bytecode/module-error.ts'
import { SettingsError } from '../runtime/settings.ts'
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
    const refusal = refusalText(error)
    if (refusal === null) throw error
    process.stderr.write(`${program}: ${refusal}\n`)
    return 1
  }
}

/** What is no fault of ours but of a file, a setting or the world around; null for everything else. */
export function refusalText(error: unknown): string | null {
  if (error instanceof Fault) return faultText(error)
  if (error instanceof CommandError || error instanceof SettingsError || error instanceof ModuleError) {
    return error.message
  }
  return null
}
