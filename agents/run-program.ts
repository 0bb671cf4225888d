import { SceneHost } from './host/scene-host.ts'
import { vmDeadline } from './turn/scene.ts'
import { Taint } from './turn/taint.ts'
import type { World } from './world.ts'

export interface ProgramOptions {
  readonly signal: AbortSignal
  /** Milliseconds since 1970; left out = no limit. */
  readonly deadlineAt?: number
}

/**
 * Runs a whole program, top to bottom, as `neam FILE` does. Its files lie in NEAM_WORKSPACE_DIR (design 9.2). An error
 * that the program does not catch is a ProgramError.
 */
export async function runProgram(world: World, options: ProgramOptions): Promise<void> {
  const deadlineAt = options.deadlineAt ?? Infinity
  const host = new SceneHost(world, {
    call: { depth: 0, deadlineAt, signal: options.signal, requestId: null, holding: [] },
    taint: new Taint(),
    agent: null,
    session: null,
    workspace: null,
    readOnlyPaths: [],
  })
  host.enter('running')
  await world.program.activate(host, { deadlineAt: vmDeadline(deadlineAt) }).runMain()
}
