import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Metafile } from 'esbuild'
import { bundleLambda } from '../../scripts/bundle.ts'
import { runBin } from './program.ts'
import { ROOT } from './server.ts'
import { temporaryDirectory } from './temporary.ts'

/** What the image of the functions holds: the bundles, and a program as bytecode. */
export interface LambdaImage {
  readonly directory: string
  readonly metafile: Metafile
  /**
   * Plays the runtime: one process whose file system is `mount`, one invocation after the other. `results` are what the
   * handlers returned, `{threw}` for one that failed.
   */
  run(
    mount: string,
    invocations: readonly Invocation[],
    env?: Environment,
  ): Promise<{ readonly results: Result[]; readonly left: readonly Left[] }>
}

type Environment = Readonly<Record<string, string>>

export interface Invocation {
  readonly function: 'api' | 'forge-step' | 'tree-init' | 'turn-worker'
  readonly event?: unknown
  /** Environment variables to set first. */
  readonly env?: Environment
  /** Path of a bundle's file to rename first, and its new one. */
  readonly rename?: readonly [from: string, to: string]
}

// biome-ignore lint/suspicious/noExplicitAny: a test reads whatever a function answers
type Result = any

/** What the process held when a function returned: Lambda freezes it there. */
export interface Left {
  /** As Node names them: `Timeout`, `FSReqCallback`, `TCPSocketWrap`, ... */
  readonly resources: readonly string[]
  /** Open files. */
  readonly files: readonly string[]
}

const RUNTIME = `
  const { readdirSync, readFileSync, readlinkSync, renameSync, writeFileSync } = await import('node:fs')
  const openFiles = () => readdirSync('/proc/self/fd').flatMap((fd) => {
    try { return [readlinkSync('/proc/self/fd/' + fd)] } catch { return [] }
  })
  const [bundles, asked, answers] = process.argv.slice(1)
  const results = []
  const left = []
  for (const { function: name, event, env, rename } of JSON.parse(readFileSync(asked, 'utf8'))) {
    Object.assign(process.env, env)
    if (rename) renameSync(...rename)
    const { handler } = await import(bundles + '/' + name + '.mjs')
    // Lambda's runtime for Node 24 refuses it.
    if (handler.length > 2) throw new Error(name + ' takes a callback')
    const context = { awsRequestId: 'invocation', getRemainingTimeInMillis: () => 29_000 }
    try {
      results.push((await handler(event ?? {}, context)) ?? null)
    } catch (error) {
      results.push({ threw: error.message })
    }
    const files = openFiles()
    // A call whose end the function waited for is listed until its callback, in which we are, is over.
    await new Promise((resolve) => setImmediate(resolve))
    left.push({ resources: process.getActiveResourcesInfo(), files })
  }
  writeFileSync(answers, JSON.stringify({ results, left }))
`

/** Who runs the functions, where the tests may choose: Lambda's user has no account in the image, nor a home. */
export const lambdaUser: { readonly uid?: number; readonly gid?: number } =
  process.getuid?.() === 0 ? { uid: 51_234, gid: 51_234 } : {}

/** The variables that Dockerfile.lambda sets, for bundles that lie at `taskRoot`. */
export const imageVariables = (taskRoot: string): Environment =>
  Object.fromEntries(
    [...readFileSync(join(ROOT, 'Dockerfile.lambda'), 'utf8').matchAll(/^ENV (\w+)=(.*)$/gm)].map(
      ([, name = '', value = '']) => [name, value.replaceAll('/var/task', taskRoot)],
    ),
  )

/** Builds the image of a program; `key` is its NEAM_API_KEY. */
export async function lambdaImage(program: string, key: string): Promise<LambdaImage> {
  const directory = temporaryDirectory()
  const metafile = await bundleLambda(join(directory, 'lambda'))
  const bytecode = join(directory, 'bytecode')
  await runBin('neamc', ['compile', program, '--output', bytecode], { cwd: ROOT })
  return {
    directory,
    metafile,
    async run(mount, invocations, env = {}) {
      const folder = temporaryDirectory()
      const asked = join(folder, 'asked.json')
      const answers = join(folder, 'answers.json')
      writeFileSync(asked, JSON.stringify(invocations))
      const args = ['--input-type=module', '-e', RUNTIME, '--', join(directory, 'lambda'), asked, answers]
      const child = spawn(process.execPath, args, {
        cwd: directory,
        env: {
          PATH: process.env.PATH,
          AWS_LAMBDA_FUNCTION_NAME: 'Api',
          NEAM_BYTECODE: bytecode,
          NEAM_SESSIONS_DIR: join(mount, 'sessions'),
          NEAM_WORKSPACE_DIR: join(mount, 'workspace'),
          NEAM_STATE_DIR: join(mount, 'state'),
          NEAM_TREE: 'require',
          NEAM_OFFLINE: '1',
          NEAM_API_KEY: key,
          ...env,
        },
        stdio: 'ignore',
      })
      const [code] = await once(child, 'exit')
      if (code !== 0) throw new Error(`the runtime ended with ${code}`)
      return JSON.parse(readFileSync(answers, 'utf8'))
    },
  }
}

/** An empty file system, as a deployment has it before `tree-init`. */
export function mounted(): string {
  const mount = temporaryDirectory()
  for (const folder of ['sessions', 'workspace', 'state']) mkdirSync(join(mount, folder))
  return mount
}
