import { inlineDriver } from '../runtime/forge-drivers.ts'
import { readSettings } from '../runtime/settings.ts'
import { createSystem, type System } from '../runtime/system.ts'
import { loadModule } from './program-file.ts'
import { terminalEnvironment } from './terminal-environment.ts'
import { terminalOutput } from './terminal-output.ts'

/**
 * The system of a program whose tree lies at hand, for commands of a terminal. @throws CommandError for a program that does
 * not load, and what `createSystem` throws.
 */
export async function localSystem(file: string, values: { readonly offline?: boolean }): Promise<System> {
  const environment = terminalEnvironment(values)
  return await createSystem({
    module: await loadModule(file),
    environment,
    settings: readSettings(environment, process.cwd()),
    forgeDriver: inlineDriver,
    output: terminalOutput,
  })
}
