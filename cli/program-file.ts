/** From a file on disk to a Module: what every program that takes FILE.neam or FILE.neamb does first. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import { decode } from '../bytecode/codec.ts'
import type { Module } from '../bytecode/module.ts'
import { ModuleError } from '../bytecode/module-error.ts'
import { type Compilation, compile } from '../compiler/compile.ts'
import { closest } from '../compiler/diagnostics/closest.ts'
import { renderAll } from '../compiler/diagnostics/render.ts'
import { NATIVE_NAMES } from '../runtime/natives.ts'
import { isColored } from './color.ts'
import { CommandError } from './command-error.ts'

const NATIVES: ReadonlySet<string> = new Set(NATIVE_NAMES)

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/**
 * Compiles a source file, by the name as given: diagnostics show it so. `onRead` is told of each file before it is
 * read, and of those that are not there.
 * @throws CommandError when the file itself cannot be read; a missing import is a diagnostic.
 */
export function compileFile(path: string, onRead: (path: string) => void = () => {}): Compilation {
  onRead(path)
  const text = decodeText(path, readBytes(path))
  const read = (wanted: string): string | null => {
    onRead(wanted)
    return wanted === path ? text : readText(wanted)
  }
  return compile(path, read, { natives: NATIVES, hash: sha256 })
}

/**
 * The module in a .neam or .neamb file. Diagnostics, warnings included, go to stderr.
 * @throws CommandError when there is none.
 */
export function loadModule(path: string): Module {
  if (path.endsWith('.neamb')) return decodeFile(path)
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

/** To stderr, in colour where that is a terminal. */
export function printDiagnostics({ diagnostics, files }: Omit<Compilation, 'module'>): void {
  process.stderr.write(renderAll(diagnostics, files, { color: isColored(process.stderr) }))
}

/** A source file as it is. @throws CommandError when it cannot be read or is not UTF-8. */
export const readSource = (path: string): string => decodeText(path, readBytes(path))

function readBytes(path: string): Uint8Array {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new CommandError(`cannot read ${path}: ${reason(path, error)}`, { cause: error })
  }
}

function readText(path: string): string | null {
  let bytes: Uint8Array
  try {
    bytes = readFileSync(path)
  } catch {
    return null
  }
  return decodeText(path, bytes)
}

function decodeText(path: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (error) {
    throw new CommandError(`cannot read ${path}: it is not UTF-8 text`, { cause: error })
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a directory',
  EACCES: 'permission denied',
}

function reason(path: string, error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  const words = REASONS[code ?? ''] ?? message
  return code === 'ENOENT' ? `${words}${nearby(path)}` : words
}

/** What may be meant by a path at which nothing is: `; did you mean agents.neam?`, or that its folder is not there. */
function nearby(path: string): string {
  const folder = dirname(path)
  const stem = stemOf(path)
  try {
    const programs = readdirSync(folder).filter((name) => /\.neamb?$/.test(name))
    const near = closest(stem, programs.map(stemOf)) ?? stem
    const found = programs.find((name) => stemOf(name) === near)
    return found === undefined ? '' : `; did you mean ${join(folder, found)}?`
  } catch {
    return `, nor a folder ${folder}`
  }
}

const stemOf = (path: string): string => basename(path, extname(path))
