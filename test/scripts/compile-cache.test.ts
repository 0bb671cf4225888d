import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { bundleLambda } from '../../scripts/bundle.ts'
import { bakeCompileCache } from '../../scripts/compile-cache/bake.ts'
import { ROOT } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const RUNTIME = join(ROOT, 'scripts/compile-cache/runtime.ts')
/**
 * Lambda's runtime has flags of its own: V8 takes compiled code only where they are the same, and with the last two nothing
 * can `require` an ES module.
 */
const FLAGS = ['--expose-gc', '--no-experimental-require-module', '--no-experimental-detect-module']

let taskRoot: string
let cache: string
beforeAll(async () => {
  const directory = temporaryDirectory()
  chmodSync(directory, 0o755)
  taskRoot = join(directory, 'task')
  cache = join(taskRoot, 'compile-cache')
  await bundleLambda(taskRoot)
  await bakeCompileCache(taskRoot, [process.execPath, ...FLAGS, RUNTIME])
}, 60_000)

interface Started {
  /** Of the probe that the function answered. */
  readonly status: number
  /** Files of the function whose code V8 took from the cache, and those it did not. */
  readonly accepted: number
  readonly compiled: number
}

/**
 * Starts the API function as the image does, and asks for its health: as a user to whom nothing there belongs, without a name
 * or a home, for which the image of a function has no account.
 */
function start({ flags = FLAGS, tmp }: { flags?: readonly string[]; tmp?: string } = {}): Started {
  const own = temporaryDirectory()
  chmodSync(own, 0o777)
  const call = `
    const { handler } = await import(${JSON.stringify(join(taskRoot, 'api.mjs'))})
    const context = { awsRequestId: 'health', getRemainingTimeInMillis: () => 29_000 }
    console.log((await handler(${readFileSync(join(ROOT, 'events/health.json'), 'utf8')}, context)).statusCode)`
  const { stdout, stderr } = spawnSync(process.execPath, [...flags, '--input-type=module', '-e', call], {
    cwd: own,
    encoding: 'utf8',
    ...(process.getuid?.() === 0 ? { uid: 51_234 } : {}),
    env: {
      TMPDIR: tmp ?? own,
      NODE_OPTIONS: `--require=${join(taskRoot, 'compile-cache.cjs')}`,
      NODE_DEBUG_NATIVE: 'COMPILE_CACHE',
      NEAM_BYTECODE: join(ROOT, 'none'),
      NEAM_API_KEY: 'key-of-the-compile-cache-tests',
      NEAM_LOG_LEVEL: 'silent',
    },
  })
  const count = (what: string) =>
    [...stderr.matchAll(/V8 code cache for ESM (\S+) was ([a-z]+)/g)].filter(
      ([, file, was]) => file!.includes(taskRoot) && was === what,
    ).length
  const lines = stdout.trim().split('\n')
  return {
    status: Number(lines.at(-1)),
    accepted: count('accepted'),
    compiled: count('rejected') + count('not'),
  }
}

describe('a function of the image', () => {
  test('finds its code compiled, for another user than the one who built it, where nothing can be written', () => {
    const before = readdirSync(cache)
    expect(start()).toEqual({ status: 200, accepted: expect.any(Number), compiled: 0 })
    expect(start().accepted).toBeGreaterThan(3)
    expect(readdirSync(cache)).toEqual(before)
  })

  test.each([
    ['Node has other flags than at build time', () => start({ flags: [...FLAGS, '--no-opt'] })],
    ['there is no place for temporary files', () => start({ tmp: '/nowhere' })],
    [
      'an entry is damaged',
      () => {
        for (const file of readdirSync(cache)) writeFileSync(join(cache, file), 'damaged')
        return start()
      },
    ],
    [
      'the cache is not there',
      () => {
        rmSync(cache, { recursive: true })
        return start()
      },
    ],
  ])('answers the same when %s', (_, started) => {
    const kept = join(temporaryDirectory(), 'kept')
    cpSync(cache, kept, { recursive: true })
    try {
      expect(started()).toMatchObject({ status: 200, accepted: 0 })
    } finally {
      rmSync(cache, { recursive: true, force: true })
      cpSync(kept, cache, { recursive: true })
    }
  })
})

describe('a cache that cannot be made', () => {
  const bundles = () => {
    const directory = temporaryDirectory()
    mkdirSync(join(directory, 'task'))
    return join(directory, 'task')
  }

  test.each([
    ['the runtime ends', ['-e', 'process.exit(3)'], 'the runtime ended (3) before it answered'],
    ['a function fails', [RUNTIME], 'Cannot find module'],
  ])('is an error when %s, and leaves nothing behind', async (_, args, message) => {
    const task = bundles()
    await expect(bakeCompileCache(task, [process.execPath, ...args])).rejects.toThrow(message)
    expect(readdirSync(task)).toEqual([])
  })

  test('keeps no image from being built: the step warns, and the folder is empty', () => {
    expect(existsSync('/var/runtime/bootstrap')).toBe(false)
    const task = bundles()
    const { status, stderr } = spawnSync(process.execPath, ['scripts/bake-compile-cache.ts', task], {
      cwd: ROOT,
      encoding: 'utf8',
    })
    expect([status, stderr]).toEqual([0, expect.stringContaining('functions will start slower')])
    expect(readdirSync(join(task, 'compile-cache'))).toEqual([])
  })
})
