// The machines that run a bench program: ours, V8 itself, and the peers that are installed under bench/peers.
import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import type { Module } from '../../bytecode/module.ts'
import { compile } from '../../compiler/compile.ts'
import { NATIVE_NAMES } from '../../runtime/natives.ts'
import { RecordingHost } from '../../test/support/recording-host.ts'
import { Program } from '../../vm/program.ts'
import type { BenchProgram } from './programs.ts'

export interface Machine {
  readonly name: string
  /** Readies a program; what it answers runs it once. */
  load(program: BenchProgram): Promise<() => unknown>
}

export function moduleOf(source: string): Module {
  const { module, diagnostics } = compile('bench.neam', (path) => (path === 'bench.neam' ? source : null), {
    natives: new Set(NATIVE_NAMES),
    hash: (text) => createHash('sha256').update(text).digest('hex'),
  })
  if (module === null) throw new Error(JSON.stringify(diagnostics))
  return module
}

export const programOf = (source: string): Program => Program.link(moduleOf(source))

export const NEAM: Machine = {
  name: 'Neam',
  async load({ neam }) {
    const program = programOf(neam)
    return async () => {
      const activation = program.activate(new RecordingHost())
      await activation.load()
      return await activation.call(activation.global('bench')!, [])
    }
  },
}

export const V8: Machine = {
  name: 'V8',
  load: async ({ javascript }) => new Function(`${javascript}; return bench`)() as () => unknown,
}

const require = createRequire(new URL('../peers/package.json', import.meta.url))

/** A package of bench/peers; null when it is not installed. */
async function peer<T>(name: string): Promise<T | null> {
  try {
    return (await import(pathToFileURL(require.resolve(name)).href)) as T
  } catch {
    return null
  }
}

interface QuickJs {
  getQuickJS(): Promise<{
    newContext(): {
      evalCode(code: string): { value?: unknown; error?: unknown }
      unwrapResult(result: unknown): unknown
      dump(handle: unknown): unknown
    }
  }>
}

interface Wasmoon {
  LuaFactory: new () => { createEngine(): Promise<{ doString(code: string): Promise<unknown> }> }
}

/** The peers that are installed, with those that are not named in `missing`. */
export async function peers(): Promise<{ machines: Machine[]; missing: string[] }> {
  const machines: Machine[] = []
  const missing: string[] = []
  const quickjs = await peer<QuickJs>('quickjs-emscripten')
  if (quickjs === null) missing.push('quickjs-emscripten')
  else {
    machines.push({
      name: 'QuickJS',
      async load({ javascript }) {
        const context = (await quickjs.getQuickJS()).newContext()
        const run = (code: string) => context.dump(context.unwrapResult(context.evalCode(code)))
        run(javascript)
        return () => run('bench()')
      },
    })
  }
  const wasmoon = await peer<Wasmoon>('wasmoon')
  if (wasmoon === null) missing.push('wasmoon')
  else {
    machines.push({
      name: 'Lua',
      async load({ lua }) {
        const engine = await new wasmoon.LuaFactory().createEngine()
        await engine.doString(lua)
        return () => engine.doString('return bench()')
      },
    })
  }
  return { machines, missing }
}
