import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ROOT } from '../bundle.ts'
import { startBackends } from './backends.ts'

/** One run of all functions takes a second; under emulation of another CPU, ten. */
const PATIENCE_MS = 120_000
const PROGRAM = 'examples/agents.neam'

/**
 * Makes `compile-cache` in the folder of the bundles: what Node compiles while each function is loaded and answers what it
 * answers most. `runtime` is the command of a Lambda runtime, which asks for its work at AWS_LAMBDA_RUNTIME_API. Throws
 * what went wrong; then nothing is there.
 */
export async function bakeCompileCache(
  taskRoot: string,
  runtime: readonly [command: string, ...args: string[]],
): Promise<{ readonly files: number; readonly bytes: number }> {
  const scratch = mkdtempSync(join(tmpdir(), 'neam-bake-'))
  const cache = join(scratch, 'cache')
  for (const folder of ['sessions', 'workspace', 'state']) mkdirSync(join(scratch, folder))
  const backends = await startBackends({ taskRoot, events: join(ROOT, 'events') })
  let child: ChildProcess | null = null
  try {
    compile(scratch)
    const player = pathToFileURL(join(import.meta.dirname, 'play.ts')).href
    writeFileSync(join(scratch, 'play.mjs'), `export { handler } from ${JSON.stringify(player)}\n`)
    child = spawn(runtime[0], runtime.slice(1), {
      cwd: scratch,
      // its output is the functions' log
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        ...ofRuntime(),
        NODE_COMPILE_CACHE: cache,
        _HANDLER: 'play.handler',
        LAMBDA_TASK_ROOT: scratch,
        NEAM_BYTECODE: scratch,
        NEAM_SESSIONS_DIR: join(scratch, 'sessions'),
        NEAM_WORKSPACE_DIR: join(scratch, 'workspace'),
        NEAM_STATE_DIR: join(scratch, 'state'),
        NEAM_LOG_LEVEL: 'silent',
        ...backends.environment,
      },
    })
    await Promise.race([backends.played, ended(child), patience()])
    const [made] = readdirSync(cache)
    install(join(cache, made!), join(taskRoot, 'compile-cache'))
  } finally {
    child?.kill('SIGKILL')
    backends.close()
    rmSync(scratch, { recursive: true, force: true })
  }
  return sizeOf(join(taskRoot, 'compile-cache'))
}

/** Node keeps its cache to the user that made it; functions run as another one. */
function install(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true })
  mkdirSync(to, { mode: 0o755 })
  for (const file of readdirSync(from)) {
    copyFileSync(join(from, file), join(to, file))
    chmodSync(join(to, file), 0o644)
  }
}

/** What the image gives a runtime besides Lambda's own variables. */
const ofRuntime = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    ['PATH', 'LD_LIBRARY_PATH', 'LAMBDA_RUNTIME_DIR', 'LANG', 'TZ'].map((name) => [name, process.env[name]]),
  )

function compile(output: string): void {
  const args = ['bin/neamc.js', 'compile', PROGRAM, '--output', output]
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${PROGRAM} does not compile: ${stderr}`)
}

const ended = (child: ChildProcess): Promise<never> =>
  new Promise((_, reject) => {
    child.on('error', reject)
    child.on('exit', (code, signal) =>
      reject(new Error(`the runtime ended (${signal ?? code}) before it answered`)),
    )
  })

const patience = (): Promise<never> =>
  new Promise((_, reject) => {
    const late = () => reject(new Error(`the runtime did not answer within ${PATIENCE_MS / 1000} s`))
    setTimeout(late, PATIENCE_MS).unref()
  })

function sizeOf(folder: string): { readonly files: number; readonly bytes: number } {
  const sizes = readdirSync(folder).map((file) => statSync(join(folder, file)).size)
  return { files: sizes.length, bytes: sizes.reduce((sum, size) => sum + size, 0) }
}
