import { Fault } from '../../agents/ports/fault.ts'
import { errorCode } from './fs.ts'

const FULL = new Set(['ENOSPC', 'EDQUOT'])
const FORBIDDEN = new Set(['EACCES', 'EPERM', 'EROFS'])

/**
 * What a file operation threw, as a Fault: `storage_full` or `storage_unavailable`. Whatever is not an error of the
 * file system (a Fault already, or a defect) is given back as it is.
 */
export function storageFault(error: unknown, path: string): unknown {
  if (error instanceof Fault) return error
  const code = errorCode(error)
  if (code === null) return error
  if (FULL.has(code)) return new Fault('storage_full', { path }, { cause: error })
  const problem = FORBIDDEN.has(code) ? `${code}, running as uid ${process.getuid?.() ?? 'unknown'}` : code
  return new Fault('storage_unavailable', { path, problem }, { cause: error })
}

/**
 * Runs an upkeep step whose failure changes nothing that was promised: a view that is rebuilt, a lease that expires,
 * a file that is collected later. Defects still surface.
 */
export function bestEffort(step: () => void): void {
  try {
    step()
  } catch (error) {
    unlessDefect(error)
  }
}

/** Passes over a Fault, as `bestEffort` does, and throws what is none. */
export function unlessDefect(error: unknown): void {
  if (!(error instanceof Fault)) throw error
}
