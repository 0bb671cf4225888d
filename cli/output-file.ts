import { randomBytes } from 'node:crypto'
import { chmodSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { CommandError } from './command-error.ts'

/**
 * Writes a file whole or not at all: under another name in the same directory, then renamed. One that is there keeps its
 * mode, and a link stays a link. What is no file, a pipe or `/dev/stdout`, is written to as it is.
 * @throws CommandError naming the file and what is in the way.
 */
export function writeOutputFile(path: string, bytes: Uint8Array): void {
  const directory = dirname(path)
  if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory())
    throw new CommandError(`cannot write ${path}: the directory ${directory} does not exist`)
  const found = statSync(path, { throwIfNoEntry: false })
  if (found?.isDirectory()) throw new CommandError(`cannot write ${path}: it is a directory`)
  try {
    if (found === undefined) replaceFile(path, bytes)
    else if (found.isFile()) replaceFile(realpathSync(path), bytes, found.mode)
    else writeFileSync(path, bytes)
  } catch (error) {
    throw new CommandError(`cannot write ${path}: ${(error as Error).message}`, { cause: error })
  }
}

function replaceFile(path: string, bytes: Uint8Array, mode?: number): void {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
  try {
    writeFileSync(temporary, bytes, { flag: 'wx' })
    if (mode !== undefined) chmodSync(temporary, mode)
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}
