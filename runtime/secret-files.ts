import { accessSync, constants, readdirSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '../agents/ports/fault.ts'
import type { Secrets } from '../agents/ports/secrets.ts'
import type { Clock } from '../agents/ports/time.ts'
import { SettingsError } from './settings-error.ts'

/** A secret that is replaced is heard of so soon; Kubernetes itself takes a minute. */
const FRESH_MS = 10_000

/** Of variables: no other file of the directory is one of ours, and no name leads out of it. */
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

/**
 * Secrets as Docker and Kubernetes mount them: a file for each, named as its variable. One that is empty, or not there, is no
 * secret. `get` throws `service_unavailable` for one that cannot be read.
 * @throws SettingsError when the directory holds none, or one that cannot be read: a key that is missed would leave the door open
 */
export function secretFiles(directory: string, clock: Clock): Secrets {
  examine(directory)
  const held = new Map<string, { readonly value: string | null; readonly at: number }>()
  return {
    async get(name) {
      if (!NAME.test(name)) return null
      const last = held.get(name)
      if (last !== undefined && clock.now() - last.at < FRESH_MS) return last.value
      const value = await read(join(directory, name))
      held.set(name, { value, at: clock.now() })
      return value
    },
  }
}

async function read(path: string): Promise<string | null> {
  try {
    return (await readFile(path, 'utf8')).trim() || null
  } catch (error) {
    const problem = codeOf(error)
    if (problem === 'ENOENT') return null
    throw new Fault('service_unavailable', { service: path, problem })
  }
}

function examine(directory: string): void {
  const names = attempt(directory, () => readdirSync(directory)).filter((name) => !name.startsWith('.'))
  const files = names.filter((name) =>
    attempt(join(directory, name), () => statSync(join(directory, name)).isFile()),
  )
  const ours = files.filter((name) => NAME.test(name))
  if (ours.length === 0) {
    const found = files.length === 0 ? 'it has none' : `it has ${files.join(', ')}`
    throw new SettingsError(
      `NEAM_SECRETS_DIR is ${JSON.stringify(directory)}, which must have files that are named as variables, e.g. NEAM_API_KEY; ${found}`,
    )
  }
  for (const name of ours)
    attempt(join(directory, name), () => accessSync(join(directory, name), constants.R_OK))
}

function attempt<T>(path: string, look: () => T): T {
  try {
    return look()
  } catch (error) {
    throw new SettingsError(
      `NEAM_SECRETS_DIR: cannot read ${path}: ${codeOf(error)}, running as uid ${process.getuid?.()}`,
    )
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? String(error)
