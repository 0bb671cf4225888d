// Who may import whom: one table, checked by `npm run check` and by test/architecture.test.ts.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

interface Rule {
  /** Folders, or single files, of this project that may be imported besides the folder itself. */
  readonly may: readonly string[]
  /** Packages that may be imported; a trailing `/` matches a scope. */
  readonly packages?: readonly string[]
  /** May use node: built-ins and the globals below. */
  readonly edge: boolean
}

/** docs/architecture.md draws this table. Whatever is not listed is refused. */
export const RULES: Readonly<Record<string, Rule>> = {
  bytecode: { may: [], edge: false },
  compiler: { may: ['bytecode'], edge: false },
  vm: { may: ['bytecode'], packages: ['re2js'], edge: false },
  agents: {
    may: ['bytecode', 'vm'],
    packages: ['mdast-util-from-markdown', 'mdast-util-gfm-table', 'micromark-extension-gfm-table'],
    edge: false,
  },
  providers: {
    may: [
      'agents/ports',
      'bytecode/manifest.ts',
      'agents/limits/slots.ts',
      'agents/turn/prices.ts',
      'agents/turn/tokens.ts',
    ],
    packages: ['openai', '@anthropic-ai/sdk', '@aws-sdk/client-bedrock-runtime', 'gpt-tokenizer', 'valibot'],
    edge: true,
  },
  'stores/tree': { may: ['agents/ports', 'bytecode/manifest.ts'], packages: ['valibot'], edge: true },
  'stores/memory': { may: ['agents/ports'], edge: true },
  'stores/aws': { may: ['agents/ports', 'statemachine'], packages: ['@aws-sdk/'], edge: true },
  'stores/local-run': {
    may: ['agents/ports', 'statemachine'],
    packages: ['aws-local-stepfunctions'],
    edge: true,
  },
  commands: {
    may: ['agents/ports', 'stores/aws/client-options.ts', 'stores/tree/workspace-path.ts'],
    packages: ['@aws-sdk/'],
    edge: true,
  },
  runtime: {
    may: ['bytecode', 'vm', 'agents', 'providers', 'stores', 'commands', 'statemachine', 'package.json'],
    packages: ['valibot', '@opentelemetry/', 'modern-tar'],
    edge: true,
  },
  statemachine: { may: [], edge: false },
  lambda: {
    may: ['bytecode/choices.ts', 'runtime', 'agents', 'statemachine'],
    packages: ['@middy/', 'valibot', 'aws-lambda'],
    edge: true,
  },
  cli: {
    may: [
      'compiler',
      'bytecode',
      'runtime',
      'agents/ports',
      'agents/limits/slots.ts',
      'lambda/routes.ts',
      'lambda/handlers.ts',
      'lambda/edge.ts',
      'lambda/refusal.ts',
      'lambda/steps/forge-step.ts',
      'lambda/middleware/access-log.ts',
      'lambda/middleware/json-body.ts',
      'lambda/middleware/request-id.ts',
      'lambda/middleware/security-headers.ts',
      'lambda/env.ts',
    ],
    packages: ['aws-lambda', 'vscode-languageserver', 'vscode-languageserver-textdocument'],
    edge: true,
  },
  lib: {
    may: [
      'bytecode/choices.ts',
      'bytecode/manifest.ts',
      'cli/compile-file.ts',
      'compiler/diagnostics/render.ts',
      'statemachine',
      'lambda/env.ts',
      'lambda/health/emf.ts',
      'lambda/routes.ts',
      'providers/bedrock-models.ts',
    ],
    packages: ['aws-cdk-lib', 'constructs'],
    edge: true,
  },
}

/** Globals that would make the pure folders impure; they ask a port instead. */
const IMPURE_GLOBAL =
  /(?<![.\w$'"`])(?:new Date\b|Date\.|fetch\(|process\.|crypto\.|setTimeout\(|setInterval\(|setImmediate\(|performance\.|console\.)/

const IMPORT =
  /(?:^|[;\s])(?:import|export)\s(?:[^'"`;]*?\sfrom\s*)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/g

export interface Breach {
  readonly file: string
  readonly line: number
  readonly problem: string
}

const withoutComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\/|(?<![:'"`\w])\/\/[^\n]*/g, (comment) => comment.replace(/[^\n]/g, ' '))

const folderOf = (file: string): string | null =>
  Object.keys(RULES).find((folder) => file.startsWith(`${folder}/`)) ?? null

const lineAt = (text: string, offset: number): number => text.slice(0, offset).split('\n').length

/** Breaches in one file's text; `file` is relative to the project's root, with forward slashes. */
export function breachesIn(file: string, source: string): Breach[] {
  const folder = folderOf(file)
  if (folder === null) return []
  const rule = RULES[folder]!
  const text = withoutComments(source)
  const found: Breach[] = []
  const breach = (offset: number, problem: string) =>
    found.push({ file, line: lineAt(text, offset), problem })

  for (const match of text.matchAll(IMPORT)) {
    const specifier = match[1] ?? match[2]!
    if (specifier.startsWith('.')) {
      const target = join(dirname(file), specifier).split(sep).join('/')
      const allowed = [folder, ...rule.may].some((may) => target === may || target.startsWith(`${may}/`))
      if (!allowed) breach(match.index, `${folder} may not import ${target}`)
    } else if (specifier.startsWith('node:')) {
      if (!rule.edge) breach(match.index, `${folder} may not use ${specifier}: ask a port`)
    } else {
      const allowed = (rule.packages ?? []).some((name) =>
        name.endsWith('/')
          ? specifier.startsWith(name)
          : specifier === name || specifier.startsWith(`${name}/`),
      )
      if (!allowed) breach(match.index, `${folder} may not import package ${specifier}`)
    }
  }
  if (!rule.edge) {
    text.split('\n').forEach((line, index) => {
      const global = IMPURE_GLOBAL.exec(line)
      if (global)
        found.push({ file, line: index + 1, problem: `${folder} may not use ${global[0]}: ask a port` })
    })
  }
  return found
}

function* sourceFiles(folder: string): Generator<string> {
  for (const entry of readdirSync(folder)) {
    if (entry === 'generated' || entry === 'node_modules') continue
    const path = join(folder, entry)
    if (statSync(path).isDirectory()) yield* sourceFiles(path)
    else if (path.endsWith('.ts')) yield path
  }
}

/** Breaches in the whole project. */
export function breaches(root: string): Breach[] {
  const found: Breach[] = []
  for (const folder of Object.keys(RULES)) {
    for (const path of sourceFiles(join(root, folder))) {
      const file = relative(root, path).split(sep).join('/')
      found.push(...breachesIn(file, readFileSync(path, 'utf8')))
    }
  }
  return found
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const found = breaches(resolve(dirname(fileURLToPath(import.meta.url)), '..'))
  for (const { file, line, problem } of found) console.error(`${file}:${line}: ${problem}`)
  process.exitCode = found.length > 0 ? 1 : 0
}
