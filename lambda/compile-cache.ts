/**
 * Preloaded by the functions of the image (`NODE_OPTIONS` in Dockerfile.lambda): what Node compiled when the image was
 * built (`compile-cache/` beside the bundles, made by scripts/bake-compile-cache.ts) it does not compile again.
 */
import { mkdtempSync, readdirSync, rmdirSync, symlinkSync } from 'node:fs'
import { enableCompileCache, getCompileCacheDir } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

function useBakedCache(): void {
  // set by whoever looks after the function, or while the image is built
  if (getCompileCacheDir() !== undefined) return
  const directory = mkdtempSync(join(tmpdir(), 'neam-compile-cache-'))
  enableCompileCache(directory)
  // Node looks in a folder that it names after the CPU's features and the user, both of which were others when the image was
  // built; V8 sees for itself whether an entry was made by the same version with the same flags.
  for (const name of readdirSync(directory)) {
    rmdirSync(join(directory, name))
    symlinkSync(join(import.meta.dirname, 'compile-cache'), join(directory, name))
  }
}

try {
  useBakedCache()
} catch {
  // no place for temporary files: Node compiles, and the function answers
}
