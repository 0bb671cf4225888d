/** The answers of the language server, as functions of a document. */
import {
  type CompletionItem,
  CompletionItemKind,
  DiagnosticSeverity,
  type DocumentSymbol,
  type Hover,
  type Location,
  type Diagnostic as LspDiagnostic,
  MarkupKind,
  type Range,
  SymbolKind,
} from 'vscode-languageserver/node'
import type { TextDocument } from 'vscode-languageserver-textdocument'
import { BUILTIN_SKILLS } from '../../compiler/check/builtins.ts'
import { usable } from '../../compiler/check/schema/schema.ts'
import type { Diagnostic } from '../../compiler/diagnostics/diagnostic.ts'
import type { SourceFile } from '../../compiler/source/source-file.ts'
import type { Span } from '../../compiler/syntax/ast.ts'
import { NATIVE_DOCS } from '../../runtime/native-docs.ts'
import { fieldDoc } from './fields.ts'
import { placeAt } from './place.ts'
import { commentAbove, type DeclaredIn, headOf, type OpenProgram, uriOf } from './program.ts'

const KEYWORDS = [
  'let',
  'const',
  'fun',
  'fn',
  'return',
  'if',
  'else',
  'while',
  'for',
  'in',
  'break',
  'continue',
  'emit',
  'match',
  'true',
  'false',
  'nil',
  'and',
  'or',
  'not',
  'try',
  'catch',
  'throw',
]

/** LSP counts lines and UTF-16 units from 0. */
function position(file: SourceFile, offset: number) {
  const { line } = file.position(offset)
  return { line: line - 1, character: offset - file.lineRange(line).start }
}

const range = (file: SourceFile, { start, end }: { start: number; end: number }): Range => ({
  start: position(file, start),
  end: position(file, end),
})

const spanRange = (files: readonly SourceFile[], span: Span): Range => range(files[span.file]!, span)

/** Of the document itself; its imports are documents of their own. */
export function diagnosticsOf(program: OpenProgram): LspDiagnostic[] {
  return program.diagnostics
    .filter(({ span }) => span.file === 0)
    .map((one) => ({
      range: spanRange(program.files, one.span),
      severity: one.severity === 'error' ? DiagnosticSeverity.Error : DiagnosticSeverity.Warning,
      code: one.code,
      source: 'neam',
      message: messageOf(one),
    }))
}

const messageOf = ({ message, label, help, notes }: Diagnostic): string =>
  [
    message,
    ...(label.length > 0 ? [label.join(' ')] : []),
    ...(help === null ? [] : [`help: ${help}`]),
    ...notes,
  ].join('\n')

const SYMBOL_KINDS: Readonly<Record<string, SymbolKind>> = {
  function: SymbolKind.Function,
  skill: SymbolKind.Function,
  guard: SymbolKind.Function,
  struct: SymbolKind.Struct,
  'sealed type': SymbolKind.Enum,
  trait: SymbolKind.Interface,
  variable: SymbolKind.Variable,
  constant: SymbolKind.Constant,
}

export function symbolsOf(program: OpenProgram): DocumentSymbol[] {
  return program.declarations
    .filter(({ file }) => file === program.files[0])
    .map(({ name, noun, span, nameSpan, file }) => ({
      name,
      detail: noun,
      kind: SYMBOL_KINDS[noun] ?? SymbolKind.Object,
      range: range(file, span),
      selectionRange: range(file, nameSpan),
    }))
}

/** The newest declaration of a name counts, as it does when the program runs. */
const declarationOf = (program: OpenProgram, name: string): DeclaredIn | undefined =>
  program.declarations.findLast((one) => one.name === name)

export function definitionAt(program: OpenProgram, document: TextDocument, offset: number): Location | null {
  const { word, inText } = placeAt(document.getText(), offset)
  const found = word === '' || inText ? undefined : declarationOf(program, word)
  return found ? { uri: uriOf(found.file.name), range: range(found.file, found.nameSpan) } : null
}

export function hoverAt(program: OpenProgram, document: TextDocument, offset: number): Hover | null {
  const { word, schema, inText } = placeAt(document.getText(), offset)
  if (word === '' || inText) return null
  const value = (schema ? fieldDoc(schema, word) : null) ?? nameDoc(program, word)
  return value === null ? null : { contents: { kind: MarkupKind.Markdown, value } }
}

function nameDoc(program: OpenProgram, name: string): string | null {
  const found = declarationOf(program, name)
  if (found) {
    const { file, span, noun } = found
    const comment = commentAbove(file, span.start)
    return [`\`\`\`neam\n${headOf(file, span)}\n\`\`\``, noun, comment]
      .filter((part) => part !== '')
      .join('\n\n')
  }
  const native = NATIVE_DOCS.get(name)
  if (native) return `\`\`\`neam\n${native.signature}\n\`\`\`\n\n${native.doc}`
  const skill = BUILTIN_SKILLS.get(name)
  return skill ? `built-in skill: ${skill.description}` : null
}

/** What may be written at a place: the fields of a declaration, the names of a list, or any name. */
export function completionsAt(
  program: OpenProgram,
  document: TextDocument,
  offset: number,
): CompletionItem[] {
  const { schema, listOf, inText } = placeAt(document.getText(), offset)
  if (inText) return []
  if (schema) {
    return usable(schema).map((field) => ({
      label: field,
      kind: CompletionItemKind.Field,
      detail: fieldDoc(schema, field) ?? field,
      insertText: `${field}: `,
    }))
  }
  const wanted = listOf === null ? undefined : LISTED.get(listOf)
  const declared = program.declarations
    .filter(({ noun }) => wanted === undefined || noun === wanted)
    .map(({ name, noun }) => ({ label: name, kind: CompletionItemKind.Variable, detail: noun }))
  if (wanted !== undefined) {
    const builtIn = wanted === 'skill' ? [...BUILTIN_SKILLS.keys()] : []
    return [
      ...declared,
      ...builtIn.map((label) => ({ label, kind: CompletionItemKind.Function, detail: 'built-in skill' })),
    ]
  }
  return [
    ...declared,
    ...[...NATIVE_DOCS].map(([label, { signature, doc }]) => ({
      label,
      kind: CompletionItemKind.Function,
      detail: signature,
      documentation: doc,
    })),
    ...KEYWORDS.map((label) => ({ label, kind: CompletionItemKind.Keyword })),
  ]
}

/** Fields that hold a list of names, and what they name. */
const LISTED: ReadonlyMap<string, string> = new Map([
  ['skills', 'skill'],
  ['guards', 'guard chain'],
  ['guardchains', 'guard chain'],
  ['channels', 'channel'],
  ['allow', 'skill'],
  ['deny', 'skill'],
  ['confirm', 'skill'],
])
