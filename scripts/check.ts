// Format, lint, types, import rules, page of natives, lock file: each tool at once, all reports, one exit code.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const bin = (name: string) => `${root}node_modules/.bin/${name}`
const checks: readonly (readonly [name: string, command: string, ...args: string[]])[] = [
  ['format and lint', bin('biome'), 'ci', '--colors=off', '.'],
  ['types', bin('tsc'), '--noEmit', '-p', '.'],
  ['import rules', process.execPath, 'scripts/import-rules.ts'],
  ['natives page', process.execPath, 'scripts/natives-page.ts', '--check'],
  ['environment page', process.execPath, 'scripts/environment-page.ts', '--check'],
  ['lock file', process.execPath, 'scripts/lock-check.ts'],
]

const run = ([name, command, ...args]: (typeof checks)[number]) =>
  new Promise<boolean>((resolve) => {
    const child = spawn(command, args, { cwd: root })
    let output = ''
    const collect = (chunk: Buffer) => {
      output += chunk.toString()
    }
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)
    child.on('close', (code) => {
      const ok = code === 0
      console.log(`${ok ? 'ok  ' : 'FAIL'} ${name}`)
      if (!ok) console.log(output)
      resolve(ok)
    })
  })

const results = await Promise.all(checks.map(run))
process.exitCode = results.every(Boolean) ? 0 : 1
