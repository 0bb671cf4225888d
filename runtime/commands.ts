import type { Commands } from '../agents/ports/commands.ts'
import { Fault } from '../agents/ports/fault.ts'
import type { Timers } from '../agents/ports/time.ts'
import type { IsolationOptions } from '../commands/isolation.ts'
import type { Environment } from './environment.ts'
import type { Settings } from './settings.ts'
import type { System } from './system.ts'

/** For processes that were started without a PATH. */
export const SYSTEM_PATH = '/usr/local/bin:/usr/bin:/bin'

/**
 * Where commands of programs run. A Lambda function holds credentials that any child process could read, so there
 * they run in a function of their own, and are refused where there is none (design 6.3).
 */
export function systemCommands(settings: Settings, environment: Environment, timers: Timers): Commands {
  return atFirstCommand(async () => {
    if (settings.onLambda) return await lambdaCommands(settings, timers)
    const { localCommands } = await import('../commands/local.ts')
    return localCommands({
      ...isolationOptions(settings, environment),
      timers,
      isolated: settings.commandIsolation === 'require',
      limits: settings.commandLimits,
    })
  })
}

/** Most programs run no command. */
function atFirstCommand(load: () => Promise<Commands>): Commands {
  let loaded: Commands | null = null
  return {
    async run(command, options) {
      loaded ??= await load()
      return await loaded.run(command, options)
    },
  }
}

const isolationOptions = (settings: Settings, environment: Environment): IsolationOptions => ({
  path: environment.PATH ?? SYSTEM_PATH,
  network: settings.commandNetwork,
  hidden: [
    settings.stateDir,
    settings.sessionsDir,
    ...(settings.secretsDir === null ? [] : [settings.secretsDir]),
  ],
})

/** What to warn about before a program with commands runs: a child process can read the first environment of ours. */
export async function commandWarnings(
  { settings, world }: Pick<System, 'settings' | 'world'>,
  environment: Environment,
): Promise<readonly string[]> {
  if (settings.onLambda || settings.commandIsolation === 'require') return []
  if (!world.program.module.natives.includes('exec')) return []
  const { detectIsolation } = await import('../commands/isolation.ts')
  const { name } = await detectIsolation(isolationOptions(settings, environment))
  return name === 'none' ? [NOT_ISOLATED] : []
}

const NOT_ISOLATED =
  'commands of this program run without isolation, because neither bwrap nor unshare works here: they can read the keys of this process; install bubblewrap, or have commands refused with NEAM_COMMAND_ISOLATION=require'

async function lambdaCommands(
  { sandboxFunction, workspaceDir }: Settings,
  timers: Timers,
): Promise<Commands> {
  if (sandboxFunction !== null && workspaceDir !== null) {
    const { createSandboxClient } = await import('../commands/sandbox-client.ts')
    return createSandboxClient({ functionName: sandboxFunction, workspaceDir, timers })
  }
  return {
    run: async () => {
      throw new Fault('commands_unavailable')
    },
  }
}
