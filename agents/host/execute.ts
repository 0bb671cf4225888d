import type { ExecResult } from '../../vm/host.ts'
import { Fault } from '../ports/fault.ts'
import { throwIfStopped } from '../turn/stop.ts'
import type { World } from '../world.ts'
import type { SceneHostOptions } from './scene-host.ts'

const DEFAULT_TIMEOUT_MS = 120_000

export interface ExecRequest {
  readonly command: string
  /** Null = 120 s. Never more than the time the scene has left. */
  readonly timeoutMs: number | null
  readonly cwd: string
}

/** Runs a command in the scene's workspace (chapter 25.4). Throws `deadline_exceeded` and `stopped`. */
export async function execute(
  world: World,
  { agent, call }: Pick<SceneHostOptions, 'agent' | 'call'>,
  { command, timeoutMs, cwd }: ExecRequest,
): Promise<ExecResult> {
  const left = call.deadlineAt - world.clock.now()
  if (left <= 0) throw new Fault('deadline_exceeded', { doing: 'starting a command' })
  throwIfStopped(call.signal)
  const result = await world.commands.run(command, {
    cwd,
    timeoutMs: Math.min(timeoutMs ?? DEFAULT_TIMEOUT_MS, left),
    signal: call.signal,
  })
  throwIfStopped(call.signal)
  world.audit.record({
    event: 'exec',
    agent: agent?.name ?? null,
    detail: `exit ${result.exitCode}`,
    requestId: call.requestId,
  })
  return result
}
