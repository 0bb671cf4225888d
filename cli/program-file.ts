/** From a file on disk to a Module: what every program that takes FILE.neam or FILE.neamb does first. */
import { decode } from '../bytecode/codec.ts'
import type { Module } from '../bytecode/module.ts'
import { ModuleError } from '../bytecode/module-error.ts'
import { CommandError } from './command-error.ts'
import { readBytes } from './source-file.ts'

/**
 * The module in a .neam or .neamb file. Diagnostics, warnings included, go to stderr.
 * @throws CommandError when there is none.
 */
export async function loadModule(path: string): Promise<Module> {
  if (path.endsWith('.neamb')) return decodeFile(path)
  const { compileFile, printDiagnostics } = await import('./compile-file.ts')
  const { module, ...found } = compileFile(path)
  printDiagnostics(found)
  if (module === null) throw new CommandError(`${path} does not compile`)
  return module
}

/** The module in a .neamb file. @throws CommandError when the file is missing, damaged or of another version. */
export function decodeFile(path: string): Module {
  try {
    return decode(readBytes(path))
  } catch (error) {
    if (error instanceof ModuleError) throw new CommandError(`${path}: ${error.message}`, { cause: error })
    throw error
  }
}
