// The esbuild settings of everything we ship; `build.ts`, the bench and the tests use the same ones.
import { readFileSync } from 'node:fs'
import http from 'node:http'
import { isBuiltin } from 'node:module'
import { fileURLToPath } from 'node:url'
import { type BuildOptions, build, type Metafile, type Plugin } from 'esbuild'

export const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** What `node:http` takes from undici when it is touched; none of it is asked of a dynamic import. */
const OF_UNDICI: ReadonlySet<string> = new Set(['WebSocket', 'CloseEvent', 'MessageEvent'])

/**
 * `import ... from 'node:http'` in an ES module touches every getter of the built-in and so loads undici: 25 to 60 ms
 * of cold start. Reading the module through `process.getBuiltinModule` does not.
 */
export const lazyBuiltins: Plugin = {
  name: 'lazy-builtins',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^[a-z0-9:_/]+$/ }, ({ path, kind }) => {
      if (!isBuiltin(path)) return
      const named = path.replace(/^(?!node:)/, 'node:')
      // A dynamic import comes when it is needed; esbuild would give it a default export and no names. But the AWS SDK
      // imports `node:http` so for its agent alone.
      if (kind === 'dynamic-import')
        return named === 'node:http'
          ? { path: named, namespace: 'named-builtin' }
          : { path: named, external: true }
      return { path: named, namespace: 'builtin' }
    })
    onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)})`,
    }))
    onLoad({ filter: /.*/, namespace: 'named-builtin' }, ({ path }) => ({
      contents: `
        const builtin = process.getBuiltinModule(${JSON.stringify(path)})
        export default builtin
        export const { ${Object.keys(http).filter((name) => !OF_UNDICI.has(name))} } = builtin`,
    }))
  },
}

/**
 * esbuild puts code that several entries share into a chunk for each combination of them, and every `import()` is an
 * entry: what loads first would fall into dozens of files. A module that is loaded later therefore says that it needs
 * all that `first` loads, which is there by then, and so that stays in one piece.
 */
const firstInOnePiece = (first: readonly string[]): Plugin => ({
  name: 'first-in-one-piece',
  setup({ onResolve, onLoad, resolve }) {
    onResolve({ filter: /./ }, async ({ path, kind, resolveDir, pluginData }) => {
      if (kind !== 'dynamic-import' || pluginData === 'later') return
      const found = await resolve(path, { kind, resolveDir, pluginData: 'later' })
      return found.external || found.errors.length > 0 ? found : { path: found.path, namespace: 'later' }
    })
    onLoad({ filter: /.*/, namespace: 'later' }, ({ path }) => {
      const needed = first.map((file) => `import ${JSON.stringify(ROOT + file)}`)
      const all = [`export * from ${JSON.stringify(path)}`]
      if (/\bexport default\b|\bas default\b/.test(readFileSync(path, 'utf8')))
        all.push(`export { default } from ${JSON.stringify(path)}`)
      return { contents: [...needed, ...all].join('\n'), resolveDir: ROOT }
    })
  },
})

const SHARED = {
  absWorkingDir: ROOT,
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  splitting: true,
  sourcemap: 'external',
  metafile: true,
  logLevel: 'warning',
  legalComments: 'none',
} as const satisfies BuildOptions

/**
 * The Lambda functions: self-contained, minified, vendors' SDKs in chunks of their own (loaded by `import()`). Functions
 * that begin with the same code are built together.
 */
export async function bundleLambda(outdir: string): Promise<Metafile> {
  const built = await Promise.all([
    bundleFunctions(outdir, ['lambda/handlers.ts', 'lambda/process.ts'], {
      api: 'lambda/api.ts',
      streaming: 'lambda/streaming.ts',
    }),
    bundleFunctions(outdir, ['lambda/turn-worker.ts'], { 'turn-worker': 'lambda/turn-worker.ts' }),
    bundleFunctions(outdir, ['lambda/steps/entry.ts'], {
      'forge-step': 'lambda/steps/entry.ts',
      'tree-init': 'lambda/tree-init.ts',
    }),
    bundleFunctions(outdir, ['lambda/sandbox.ts'], { sandbox: 'lambda/sandbox.ts' }),
    bundlePreload(outdir),
  ])
  return {
    inputs: Object.assign({}, ...built.map(({ inputs }) => inputs)),
    outputs: Object.assign({}, ...built.map(({ outputs }) => outputs)),
  }
}

/** `first`: files of what all of them begin with. */
const bundleFunctions = async (
  outdir: string,
  first: readonly string[],
  entryPoints: Readonly<Record<string, string>>,
): Promise<Metafile> =>
  (
    await build({
      ...SHARED,
      entryPoints,
      outdir,
      outExtension: { '.js': '.mjs' },
      chunkNames: 'chunks/[name]-[hash]',
      minify: true,
      // The AWS SDK's ES modules: its CommonJS build is larger and does not survive being split.
      mainFields: ['module', 'main'],
      plugins: [lazyBuiltins, firstInOnePiece(first)],
      // CommonJS dependencies inside an ES module bundle find `require` here.
      banner: { js: "const require=process.getBuiltinModule('node:module').createRequire(import.meta.url);" },
    })
  ).metafile

/** Preloaded by `--require`, which takes an ES module only where Node's flags let it: Lambda's runtimes start Node without. */
const bundlePreload = async (outdir: string): Promise<Metafile> =>
  (
    await build({
      ...SHARED,
      entryPoints: { 'compile-cache': 'lambda/compile-cache.ts' },
      outdir,
      outExtension: { '.js': '.cjs' },
      format: 'cjs',
      splitting: false,
      minify: true,
      define: { 'import.meta.dirname': '__dirname' },
    })
  ).metafile

/** The command line programs: our code only; npm installs their dependencies beside them. */
export const bundleCli = async (outdir: string, entries: readonly string[]): Promise<Metafile> =>
  (
    await build({
      ...SHARED,
      entryPoints: Object.fromEntries(entries.map((entry) => [entry, `cli/${entry}.ts`])),
      outdir,
      chunkNames: 'chunks/[name]-[hash]',
      packages: 'external',
      plugins: [lazyBuiltins, firstInOnePiece(['runtime/system.ts'])],
    })
  ).metafile

/** Paths of the files that load before the first request of an entry point: itself and its static imports. */
export function initialOutputs({ outputs }: Metafile, entryFile: string): readonly string[] {
  const seen = new Set<string>()
  const visit = (path: string): void => {
    if (!outputs[path] || seen.has(path)) return
    seen.add(path)
    for (const one of outputs[path].imports)
      if (one.kind === 'import-statement' && !one.external) visit(one.path)
  }
  for (const path of Object.keys(outputs)) if (path.endsWith(entryFile)) visit(path)
  return [...seen]
}

/** Bytes of these files. */
export const initialBytes = (metafile: Metafile, entryFile: string): number =>
  initialOutputs(metafile, entryFile).reduce((bytes, path) => bytes + metafile.outputs[path]!.bytes, 0)

/** Paths of the source files in them. */
export const initialInputs = (metafile: Metafile, entryFile: string): readonly string[] =>
  initialOutputs(metafile, entryFile).flatMap((path) => Object.keys(metafile.outputs[path]!.inputs))
