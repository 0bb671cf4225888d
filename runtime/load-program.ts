import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { decode } from '../bytecode/codec.ts'
import type { Module } from '../bytecode/module.ts'
import { ModuleError } from '../bytecode/module-error.ts'
import { Program } from '../vm/program.ts'
import { SettingsError } from './settings.ts'

/** The compiled program at a path: a `.neamb` file, or a directory that holds exactly one. */
export function loadBytecode(path: string): Module {
  const file = programFile(path)
  try {
    return decode(readFileSync(file))
  } catch (error) {
    if (error instanceof ModuleError) throw new SettingsError(`${file}: ${error.message}`)
    throw error
  }
}

/** @throws ModuleError for a module that cannot run. */
export const verify = (module: Module): void => void Program.link(module)

/** The folder that such a program lies in, absolute. */
export const bytecodeFolder = (path: string): string => dirname(resolve(programFile(path)))

function programFile(path: string): string {
  try {
    if (!statSync(path).isDirectory()) return path
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const reason = code === 'ENOENT' ? 'there is no such file or directory' : message
    throw new SettingsError(
      `no bytecode at ${path}: ${reason}; make it with: neamc compile FILE.neam --output DIR`,
    )
  }
  const files = readdirSync(path).filter((file) => file.endsWith('.neamb'))
  const [only] = files
  if (only === undefined) {
    throw new SettingsError(
      `no .neamb file in ${path}; make one with: neamc compile FILE.neam --output ${path}`,
    )
  }
  if (files.length > 1) {
    throw new SettingsError(`${path} holds ${files.length} programs (${files.join(', ')}); name one of them`)
  }
  return join(path, only)
}
