import { Fault, type FaultCode } from '../ports/fault.ts'

const BUSY: ReadonlySet<FaultCode> = new Set(['session_busy', 'lane_full'])

/** Other turns are in the way: the same one may get further when it is tried again. */
export const isBusy = (error: unknown): error is Fault => error instanceof Fault && BUSY.has(error.code)
