// `node scripts/bake-compile-cache.ts TASK_ROOT`: makes TASK_ROOT/compile-cache, what Node compiles of the functions that lie there.
// They run once under the image's own runtime, because V8 takes such code only from a process with the same flags.
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { bakeCompileCache } from './compile-cache/bake.ts'

const [taskRoot] = process.argv.slice(2)
if (taskRoot === undefined) throw new Error('bake-compile-cache TASK_ROOT')
try {
  const baked = await bakeCompileCache(resolve(taskRoot), ['/var/runtime/bootstrap'])
  console.log(`compile cache: ${baked.files} files, ${Math.round(baked.bytes / 1024)} KB`)
} catch (error) {
  // A function without it answers the same, a little later: no reason not to deploy.
  mkdirSync(join(taskRoot, 'compile-cache'), { recursive: true })
  console.warn('no compile cache, functions will start slower:', error)
}
