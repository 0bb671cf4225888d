/** The language server: diagnostics, hover, completion, definitions, symbols and formatting for editors, over stdio. */
import {
  createConnection,
  ProposedFeatures,
  TextDocumentSyncKind,
  TextDocuments,
} from 'vscode-languageserver/node'
import { TextDocument } from 'vscode-languageserver-textdocument'
import { format } from '../compiler/format/format.ts'
import { type Flags, GENERAL_FLAGS, parseFlags, UsageError } from './flags.ts'
import { helpText } from './help.ts'
import { completionsAt, definitionAt, diagnosticsOf, hoverAt, symbolsOf } from './lsp/answers.ts'
import { type OpenProgram, openProgram, pathOf } from './lsp/program.ts'
import { packageVersion } from './package-root.ts'
import { runProgram } from './run-program.ts'

const FLAGS = {
  stdio: { type: 'boolean', help: 'speak over standard input and output (this is the only way)' },
  ...GENERAL_FLAGS,
} as const satisfies Flags

const HELP = helpText({
  usage: ['neam-lsp [--stdio]'],
  about:
    'The language server of Neam, for editors that speak the Language Server Protocol: an editor starts it, and ends it.',
  flags: FLAGS,
  examples: ['neam-lsp --stdio'],
  exitCodes: { 1: 'the editor went away without a word' },
})

export const main = (argv: readonly string[]): Promise<number> => runProgram('neam-lsp', () => run(argv))

function run(argv: readonly string[]): number | Promise<number> {
  const { values, positionals } = parseFlags('neam-lsp', FLAGS, argv)
  if (values.help) return print(HELP)
  if (values.version) return print(`neam-lsp ${packageVersion()}\n`)
  const [unexpected] = positionals
  if (unexpected !== undefined)
    throw new UsageError(`unexpected argument ${unexpected}: files are opened by the editor`)
  return serve()
}

function print(text: string): number {
  process.stdout.write(text)
  return 0
}

/** Until the editor says goodbye. */
function serve(): Promise<number> {
  const connection = createConnection(ProposedFeatures.all, process.stdin, process.stdout)
  const documents = new TextDocuments(TextDocument)
  const programs = new Map<string, OpenProgram>()
  /** By path: editors write the same file's URI in more than one way. */
  const open = (path: string) =>
    documents
      .all()
      .find(({ uri }) => pathOf(uri) === path)
      ?.getText()

  /** A document's program as it stands now, and the document; null when it is not open. */
  const current = (uri: string) => {
    const document = documents.get(uri)
    if (document === undefined) return null
    const program = programs.get(uri) ?? openProgram(uri, document.getText(), open)
    programs.set(uri, program)
    return { document, program }
  }

  connection.onInitialize(() => ({
    serverInfo: { name: 'neam-lsp', version: packageVersion() },
    capabilities: {
      textDocumentSync: TextDocumentSyncKind.Incremental,
      hoverProvider: true,
      definitionProvider: true,
      documentSymbolProvider: true,
      documentFormattingProvider: true,
      completionProvider: { triggerCharacters: ['{', '[', ' '] },
    },
  }))

  /** What one document says may matter to all that import it. */
  const publishAll = () => {
    programs.clear()
    for (const uri of documents.keys()) {
      const found = current(uri)
      if (found) void connection.sendDiagnostics({ uri, diagnostics: diagnosticsOf(found.program) })
    }
  }
  documents.onDidChangeContent(publishAll)
  documents.onDidClose(({ document: { uri } }) => {
    void connection.sendDiagnostics({ uri, diagnostics: [] })
    // From here on the file counts as it was saved.
    publishAll()
  })

  connection.onHover(({ textDocument, position }) => {
    const found = current(textDocument.uri)
    return found && hoverAt(found.program, found.document, found.document.offsetAt(position))
  })
  connection.onCompletion(({ textDocument, position }) => {
    const found = current(textDocument.uri)
    return found && completionsAt(found.program, found.document, found.document.offsetAt(position))
  })
  connection.onDefinition(({ textDocument, position }) => {
    const found = current(textDocument.uri)
    return found && definitionAt(found.program, found.document, found.document.offsetAt(position))
  })
  connection.onDocumentSymbol(({ textDocument }) => {
    const found = current(textDocument.uri)
    return found && symbolsOf(found.program)
  })
  connection.onDocumentFormatting(({ textDocument }) => {
    const found = current(textDocument.uri)
    if (!found?.program.parses) return []
    const text = found.document.getText()
    const end = found.document.positionAt(text.length)
    return [{ range: { start: { line: 0, character: 0 }, end }, newText: format(text) }]
  })

  return new Promise((resolve) => {
    connection.onExit(() => resolve(0))
    documents.listen(connection)
    connection.listen()
  })
}
