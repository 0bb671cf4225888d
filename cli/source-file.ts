/** Files that are named on the command line, as bytes and as text. */
import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import { closest } from '../compiler/diagnostics/closest.ts'
import { CommandError } from './command-error.ts'

/** A source file as it is. @throws CommandError when it cannot be read or is not UTF-8. */
export const readSource = (path: string): string => decodeText(path, readBytes(path))

/** A file as it is. @throws CommandError when it cannot be read. */
export function readBytes(path: string): Uint8Array {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new CommandError(`cannot read ${path}: ${reason(path, error)}`, { cause: error })
  }
}

/** Text of a file that may be missing: then null. @throws CommandError when it is not UTF-8. */
export function readText(path: string): string | null {
  let bytes: Uint8Array
  try {
    bytes = readFileSync(path)
  } catch {
    return null
  }
  return decodeText(path, bytes)
}

/** @throws CommandError for what is not UTF-8. */
export function decodeText(path: string, bytes: Uint8Array): string {
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
