// `npm run bench -- NAME` runs bench/NAME.ts; without a name, the first figures (`start`).
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const name = process.argv[2] ?? 'start'
const file = fileURLToPath(new URL(`${name}.ts`, import.meta.url))
if (!/^[a-z]+$/.test(name) || !existsSync(file)) {
  console.error(`there is no bench ${JSON.stringify(name)}: bench/*.ts are start, compiler and their like`)
  process.exit(2)
}
await import(file)
