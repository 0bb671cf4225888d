import { resolve } from 'node:path'
import { choices } from '../bytecode/choices.ts'
import type { Environment } from './environment.ts'
import { SettingsError } from './settings-error.ts'

/** Of limits that have no smaller one. */
export const MAX_WHOLE = 999_999

/**
 * Reads variables as what they are to hold; blank counts as not set. Each throws a SettingsError that says of which
 * variable what is wrong.
 */
export class EnvironmentReader {
  readonly #environment: Environment

  constructor(environment: Environment) {
    this.#environment = environment
  }

  text(name: string): string | null {
    return this.#environment[name]?.trim() || null
  }

  /** Absolute: a relative one starts at `cwd`. */
  path(name: string, cwd: string): string | null {
    const value = this.text(name)
    return value === null ? null : resolve(cwd, value)
  }

  choice<T extends string>(name: string, accepted: readonly T[]): T | null {
    return among(name, accepted, this.text(name))
  }

  /** The same, written in any case. */
  word<T extends string>(name: string, accepted: readonly T[]): T | null {
    return among(name, accepted, this.text(name)?.toLowerCase() ?? null)
  }

  /** False when it is not set. */
  flag(name: string): boolean {
    const value = this.text(name)?.toLowerCase() ?? ''
    if (['1', 'true', 'yes'].includes(value)) return true
    if (['', '0', 'false', 'no'].includes(value)) return false
    throw wrong(name, choices(['1', '0']), this.#environment[name])
  }

  /** A whole number from 1 to `max`. */
  limit(name: string, max = MAX_WHOLE): number | null {
    const value = this.text(name)
    if (value === null) return null
    if (/^[1-9]\d{0,5}$/.test(value) && Number(value) <= max) return Number(value)
    throw wrong(name, `a whole number from 1 to ${max}`, value)
  }

  /** In bytes. */
  mebibytes(name: string): number | null {
    const count = this.limit(name)
    return count === null ? null : count * 1024 * 1024
  }

  webUrl(name: string): string | null {
    const value = this.text(name)
    if (value === null || /^https?:$/.test(URL.parse(value)?.protocol ?? '')) return value
    throw wrong(name, 'an http or https URL', value)
  }
}

function among<T extends string>(name: string, accepted: readonly T[], value: string | null): T | null {
  const found = accepted.find((one) => one === value)
  if (value === null || found !== undefined) return found ?? null
  throw wrong(name, choices(accepted), value)
}

const wrong = (name: string, wanted: string, value: string | undefined): SettingsError =>
  new SettingsError(`${name} must be ${wanted}, got ${JSON.stringify(value)}`)
