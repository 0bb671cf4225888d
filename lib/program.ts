import type { AgentDecl } from '../bytecode/manifest.ts'
import { compileFile } from '../cli/compile-file.ts'
import { renderAll } from '../compiler/diagnostics/render.ts'

/** The agents of a program, for what the stack must allow them. @throws Error with its diagnostics when it does not compile */
export function agentsOf(path: string): readonly AgentDecl[] {
  const { module, diagnostics, files } = compileFile(path)
  if (module !== null) return module.manifest.agents
  throw new Error(`context program: it does not compile\n${renderAll(diagnostics, files, { color: false })}`)
}
