import type { Commands } from '../agents/ports/commands.ts'
import { Fault } from '../agents/ports/fault.ts'
import type { Timers } from '../agents/ports/time.ts'
import { localCommands } from '../commands/local.ts'
import { createSandboxClient } from '../commands/sandbox-client.ts'
import type { Environment } from './environment.ts'
import type { Settings } from './settings.ts'

/** For processes that were started without a PATH. */
export const SYSTEM_PATH = '/usr/local/bin:/usr/bin:/bin'

/**
 * Where commands of programs run. A Lambda function holds credentials that any child process could read, so there
 * they run in a function of their own, and are refused where there is none (design 6.3).
 */
export function systemCommands(settings: Settings, environment: Environment, timers: Timers): Commands {
  if (settings.onLambda) return lambdaCommands(settings)
  return localCommands({
    path: environment.PATH ?? SYSTEM_PATH,
    timers,
    network: settings.commandNetwork,
    hidden: [settings.stateDir, settings.sessionsDir],
  })
}

function lambdaCommands({ sandboxFunction, workspaceDir }: Settings): Commands {
  if (sandboxFunction !== null && workspaceDir !== null) {
    return createSandboxClient({ functionName: sandboxFunction, workspaceDir })
  }
  return {
    run: async () => {
      throw new Fault('commands_unavailable')
    },
  }
}
