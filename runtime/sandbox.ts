import { realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '../agents/ports/fault.ts'
import { localCommands } from '../commands/local.ts'
import type { SandboxAnswer, SandboxRequest } from '../commands/sandbox-client.ts'
import { barrier, barriersBelow, changedFolders } from '../commands/visibility.ts'
import { pathComponents } from '../stores/tree/workspace-path.ts'
import { SYSTEM_PATH } from './commands.ts'
import type { Environment } from './environment.ts'
import { readSettings, SettingsError } from './settings.ts'
import { systemTimers } from './time.ts'

export type { SandboxAnswer, SandboxRequest } from '../commands/sandbox-client.ts'

/** Kept back to end a command and to answer before the function itself is ended. */
const MARGIN_MS = 10_000

/** Lambda ends a function that has more than 1024, handler and all. */
const PROCESSES = 512

export interface SandboxCall {
  readonly request: SandboxRequest
  /** What the function has left. */
  readonly remainingMs: number
}

/**
 * The inside of the sandbox function: runs commands as children in `NEAM_WORKSPACE_DIR/<workspace>`.
 * @throws SettingsError without that folder; a call throws `path_refused` for a workspace that is not below it.
 */
export function createSandbox(environment: Environment): (call: SandboxCall) => Promise<SandboxAnswer> {
  const { workspaceDir, commandLimits, onLambda } = readSettings(environment, '/')
  if (workspaceDir === null) {
    throw new SettingsError('NEAM_WORKSPACE_DIR is not set: there is nowhere to run commands')
  }
  const commands = localCommands({
    path: environment.PATH ?? SYSTEM_PATH,
    timers: systemTimers,
    limits: { ...commandLimits, processes: commandLimits.processes ?? PROCESSES },
    ownUser: onLambda,
    // of the access point, whoever runs the function
    otherOwner: true,
  })

  return async ({ request, remainingMs }) => {
    const root = await realpath(workspaceDir)
    const components = pathComponents(request.workspace)
    // The folder itself may be new: from the root down, each barrier shows the next one.
    await barriersBelow(
      root,
      components.map((_, index) => join('.', ...components.slice(0, index))),
    )
    const cwd = await workspaceFolder(root, components)
    const before = await barrier(cwd)
    await barriersBelow(cwd, request.barriers)
    const result = await commands.run(request.command, {
      cwd,
      timeoutMs: Math.max(1, Math.min(request.timeout_ms, remainingMs - MARGIN_MS)),
      signal: new AbortController().signal, // nobody can stop an invocation
    })
    return {
      exit_code: result.exitCode,
      stdout: result.stdout,
      stderr: result.stderr,
      timed_out: result.timedOut,
      changed: before === null ? [] : await changedFolders(cwd, before),
    }
  }
}

async function workspaceFolder(root: string, components: readonly string[]): Promise<string> {
  const path = join(root, ...components)
  const real = await realpath(path).catch(() => path) // a missing one is told by the command that cannot start there
  if (real === path) return path
  throw new Fault('path_refused', { path: components.join('/'), problem: 'it leads through a symbolic link' })
}
