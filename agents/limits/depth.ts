import { Fault } from '../ports/fault.ts'

/** Agents may call agents this deep (chapter 24.3, step 1). */
export const MAX_AGENT_DEPTH = 25

/** Throws `depth_exceeded`. */
export function assertDepth(depth: number): void {
  if (depth > MAX_AGENT_DEPTH) throw new Fault('depth_exceeded', { limit: MAX_AGENT_DEPTH })
}
