// `npm run build`: dist/lambda (the functions' bundles) and dist/cli (the programs of the npm package).
import { readdirSync, rmSync } from 'node:fs'
import { bundleCli, bundleLambda, initialBytes, ROOT } from './bundle.ts'

rmSync(`${ROOT}dist`, { recursive: true, force: true })
// A program of `cli/` is a file that `bin/` starts; the watchdog is a thread of one.
const programs = readdirSync(`${ROOT}bin`)
  .map((file) => file.replace(/\.js$/, ''))
  .filter((name) => name !== 'launch')
const [lambda] = await Promise.all([
  bundleLambda('dist/lambda'),
  bundleCli('dist/cli', [...programs, 'watchdog-thread']),
])
for (const entry of ['api.mjs', 'forge-step.mjs', 'sandbox.mjs', 'tree-init.mjs']) {
  console.log(
    `dist/lambda/${entry}: ${Math.round(initialBytes(lambda, `/${entry}`) / 1024)} KB before the first request`,
  )
}
console.log(`dist/cli: ${programs.join(', ')}`)
