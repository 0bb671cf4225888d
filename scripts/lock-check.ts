// Every optional platform package that a locked package names must itself be in the lock file: without it
// `npm ci` refuses the lock on another platform or registry.
import { readFileSync } from 'node:fs'

interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly optionalDependencies?: Readonly<Record<string, string>> }>
  >
}

const lock = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8')) as Lock
const missing: string[] = []
for (const [path, entry] of Object.entries(lock.packages)) {
  for (const name of Object.keys(entry.optionalDependencies ?? {})) {
    // As Node resolves: beside the package's own dependencies, then in each folder above.
    const places = path
      .split('node_modules/')
      .map((_, depth, parts) => parts.slice(0, depth + 1).join('node_modules/'))
    const found = [...places, path === '' ? '' : `${path}/`].some(
      (place) => `${place}node_modules/${name}` in lock.packages,
    )
    if (!found) missing.push(`${path || 'the project'} names ${name}, which is not locked`)
  }
}
for (const line of missing) console.error(line)
process.exitCode = missing.length > 0 ? 1 : 0
