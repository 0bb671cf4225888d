import { randomBytes } from 'node:crypto'
import { renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { CommandError } from './command-error.ts'

/**
 * Writes a file whole or not at all: under another name in the same directory, then renamed.
 * @throws CommandError naming the file and what is in the way.
 */
export function writeOutputFile(path: string, bytes: Uint8Array): void {
  const directory = dirname(path)
  if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory())
    throw new CommandError(`cannot write ${path}: the directory ${directory} does not exist`)
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory())
    throw new CommandError(`cannot write ${path}: it is a directory`)
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
  try {
    writeFileSync(temporary, bytes, { flag: 'wx' })
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw new CommandError(`cannot write ${path}: ${(error as Error).message}`, { cause: error })
  }
}
