/** The program of `neam-api`: from its file or directory to a module, with what it was read from. */
import { readdirSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Module } from '../bytecode/module.ts'
import { bytecodeFolder, loadBytecode, verify } from '../runtime/load-program.ts'
import { CommandError } from './command-error.ts'
import { compileFile, printDiagnostics } from './compile-file.ts'
import { decodeFile } from './program-file.ts'
import { refusalText } from './run-program.ts'

/** Where the program lies: a `.neam` or `.neamb` file, or a directory with one `.neamb` file. */
export type ProgramPlace = { readonly program: string } | { readonly bytecode: string }

export interface ServedProgram {
  readonly module: Module
  /** Folder of the program, absolute. */
  readonly programDir: string
}

/** State of a file or directory: another one when it was written, replaced, removed or made. */
export type Stamp = string
export type Stamps = ReadonlyMap<string, Stamp>

/** What loading came to, and what was read for it, by path, as it stood before. Files that were looked for in vain count. */
export type Loading = { readonly stamps: Stamps } & (
  | { readonly module: Module }
  | { readonly problem: string }
)

export const stampsOf = (paths: Iterable<string>): Stamps =>
  new Map([...paths].map((path) => [path, stampOf(path)]))

function stampOf(path: string): Stamp {
  try {
    const stats = statSync(path, { bigint: true })
    return `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}`
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error)
  }
}

/** Loads the program, which can run then. Diagnostics go to stderr. Throws only for faults of ours. */
export function loadServed(place: ProgramPlace): Loading {
  const stamps = new Map<string, Stamp>()
  const onRead = (path: string) => {
    if (!stamps.has(path)) stamps.set(path, stampOf(path))
  }
  try {
    const module = read(place, onRead)
    verify(module)
    return { stamps, module }
  } catch (error) {
    const problem = refusalText(error)
    if (problem === null) throw error
    return { stamps, problem }
  }
}

function read(place: ProgramPlace, onRead: (path: string) => void): Module {
  if ('bytecode' in place) return readBytecode(place.bytecode, onRead)
  const { program } = place
  if (program.endsWith('.neamb')) {
    onRead(program)
    return decodeFile(program)
  }
  const { module, ...found } = compileFile(program, onRead)
  printDiagnostics(found)
  if (module === null) throw new CommandError(`${program} does not compile`)
  return module
}

function readBytecode(path: string, onRead: (path: string) => void): Module {
  onRead(path)
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    for (const file of readdirSync(path)) if (file.endsWith('.neamb')) onRead(join(path, file))
  }
  return loadBytecode(path)
}

/** Folder of the program, absolute. @throws SettingsError when there is none. */
export const programFolder = (place: ProgramPlace): string =>
  'bytecode' in place ? bytecodeFolder(place.bytecode) : dirname(resolve(place.program))
