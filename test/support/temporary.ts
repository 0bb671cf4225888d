import { existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from '@jest/globals'

const made: string[] = []

/** A file system in memory, where the machine has one: for tests that write thousands of files. */
const MEMORY = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

/** A fresh directory of its own, removed after the test file. */
export function temporaryDirectory({ inMemory = false }: { readonly inMemory?: boolean } = {}): string {
  const directory = mkdtempSync(join(realpathSync(inMemory ? MEMORY : tmpdir()), 'neam-test-'))
  made.push(directory)
  return directory
}

afterAll(() => {
  for (const directory of made) rmSync(directory, { recursive: true, force: true })
})
