import { HostError } from '../../vm/host.ts'
import { Fault, faultText } from '../ports/fault.ts'

/** A Fault as the program sees it: catchable, `kind` is the Fault's code (design 3.2). */
const refusal = (fault: Fault): HostError =>
  new HostError(fault.code, faultText(fault), fault.data, { cause: fault })

/** Runs something for the program: its Faults become HostErrors, everything else passes. */
export async function refusing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw error instanceof Fault ? refusal(error) : error
  }
}

/** The Fault behind an error of a program, through any number of agents that called each other; null = none. */
export function faultBehind(error: unknown): Fault | null {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof Fault) return cause
  }
  return null
}
