/** Declarations of the wider language that this implementation does not have, each with what to use instead. */
const UNSUPPORTED: Readonly<Record<string, string | null>> = {
  tool: 'declare a `skill`',
  extern: 'declare a `skill` with an `impl`',
  mcp_server: 'declare a `skill` that does the work',
  adopt: 'declare a `skill` that does the work',
  env: 'read the environment with `env_get("NAME")`',
  memory: 'give a claw agent a `semantic_memory` block',
  knowledge: 'give a claw agent a `semantic_memory` block',
  test: null,
  suite: null,
  module: 'leave it out; files are joined with `import "./file.neam";`',
  type: 'leave it out; annotations are not checked',
  enum: 'declare a `sealed` type',
  class: 'declare a `struct` and an `impl`',
  record: 'declare a `struct`',
  capability: null,
  connector: null,
  runner: null,
  pipeline: null,
  dispatch: null,
  parallel: 'run agents side by side with `dag_execute`',
  plan: null,
  world_model: null,
  voice: null,
}

/** The unsupported declaration that begins at an offset, or null. */
export function unsupportedAt(text: string, offset: number): { word: string; help: string | null } | null {
  const match = /^([a-z_]+)\s+(?:[A-Za-z_][\w.]*|"[^"\n]*")\s*[{;=]/.exec(text.slice(offset, offset + 200))
  const word = match?.[1] ?? ''
  return Object.hasOwn(UNSUPPORTED, word) ? { word, help: UNSUPPORTED[word] ?? null } : null
}
