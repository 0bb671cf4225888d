// Starts one of the programs in `cli/`. Plain JavaScript that Node 20 can parse: the programs themselves need Node 24.
//
// A program is a module that exports `main(argv)`, the arguments after its name in, the exit code out (a number, now or
// as a promise). In a checkout its TypeScript source runs; an installed package has the bundle in `dist/cli`, because
// Node strips no types under node_modules.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import nodeModule, { createRequire } from 'node:module'
import { dirname, join, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const NEEDED = 24
const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** Ctrl-C reaches the child by itself, as a member of the terminal's group; these are forwarded. */
const FORWARDED = ['SIGTERM', 'SIGHUP']

const majorOf = (version) => Number(version.split('.')[0])

/** @param {string} name of the program, e.g. `neamc` */
export async function launch(name) {
  // `neamc disassemble F | head`: whoever reads has seen enough.
  process.stdout.on('error', (error) => {
    if (error.code === 'EPIPE') process.exit(0)
    console.error(`${name}: cannot write to standard output: ${error.message}`)
    process.exit(1)
  })
  if (majorOf(process.versions.node) >= NEEDED) {
    // what Node has compiled once it finds again at the next start
    nodeModule.enableCompileCache()
    const { main } = await import(pathToFileURL(programFile(name)).href)
    process.exitCode = await main(process.argv.slice(2))
    return
  }
  const node = bundledNode()
  if (node === null) {
    console.error(
      `${name} needs Node ${NEEDED} or newer; this is Node ${process.versions.node} (${process.execPath})`,
    )
    process.exitCode = 1
    return
  }
  runWith(node)
}

function programFile(name) {
  const source = join(ROOT, 'cli', `${name}.ts`)
  const installed = ROOT.split(sep).includes('node_modules')
  return !installed && existsSync(source) ? source : join(ROOT, 'dist', 'cli', `${name}.js`)
}

/** The binary of the npm package `node`, where it is installed and new enough. */
function bundledNode() {
  const require = createRequire(import.meta.url)
  try {
    const manifest = require.resolve('node/package.json')
    const binary = join(dirname(manifest), 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
    return majorOf(require(manifest).version) >= NEEDED && existsSync(binary) ? binary : null
  } catch {
    return null // not installed
  }
}

/** The same command line under another Node; signals go through, and its end is our end. */
function runWith(node) {
  const child = spawn(node, process.argv.slice(1), { stdio: 'inherit' })
  process.on('SIGINT', () => {})
  for (const signal of FORWARDED) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    console.error(`cannot start ${node}: ${error.message}`)
    process.exitCode = 1
  })
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code)
    for (const one of ['SIGINT', ...FORWARDED]) process.removeAllListeners(one)
    process.kill(process.pid, signal)
  })
}
