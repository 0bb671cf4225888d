import type { Commands } from '../agents/ports/commands.ts'
import { Fault } from '../agents/ports/fault.ts'
import type { Timers } from '../agents/ports/time.ts'
import { localCommands } from '../commands/local.ts'
import type { Environment } from './environment.ts'
import type { Settings } from './settings.ts'

/**
 * Where commands of programs run. A Lambda function holds credentials that any child process could read, so there
 * they are refused until they have a function of their own (design 6.3).
 */
export function systemCommands(settings: Settings, environment: Environment, timers: Timers): Commands {
  if (settings.onLambda) {
    return {
      run: async () => {
        throw new Fault('commands_unavailable')
      },
    }
  }
  return localCommands({
    path: environment.PATH ?? '/usr/local/bin:/usr/bin:/bin',
    timers,
    network: settings.commandNetwork,
    hidden: [settings.stateDir, settings.sessionsDir],
  })
}
