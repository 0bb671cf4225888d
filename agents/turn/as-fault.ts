import { ProgramError } from '../../vm/program.ts'
import { Fault } from '../ports/fault.ts'
import { stopOf } from './stop.ts'

/** Any failure of a turn as a Fault. A defect of ours becomes `internal` and keeps its cause. */
export function asFault(error: unknown, signal: AbortSignal): Fault {
  if (error instanceof Fault) return error
  const stop = stopOf(signal)
  if (stop !== null) return stop
  if (error instanceof ProgramError)
    return new Fault('program_error', { message: error.message }, { cause: error })
  return new Fault('internal', {}, { cause: error })
}
