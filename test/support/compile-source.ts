import type { Module } from '../../bytecode/module.ts'
import { compile } from '../../compiler/compile.ts'
import { NATIVE_NAMES } from '../../runtime/natives.ts'
import { hash } from './fs-tree.ts'

/** A program text as a module; the test fails with the compiler's messages when it does not compile. */
export function compileSource(source: string): Module {
  const { module, diagnostics } = compile('test.neam', (path) => (path === 'test.neam' ? source : null), {
    natives: new Set(NATIVE_NAMES),
    hash: hash.sha256,
  })
  if (module === null)
    throw new Error(diagnostics.map(({ code, message }) => `${code}: ${message}`).join('\n'))
  return module
}
