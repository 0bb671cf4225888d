import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import {
  type CompletionItem,
  CompletionRequest,
  createProtocolConnection,
  DefinitionRequest,
  DidChangeTextDocumentNotification,
  DidCloseTextDocumentNotification,
  DidOpenTextDocumentNotification,
  DocumentFormattingRequest,
  DocumentSymbolRequest,
  ExitNotification,
  type Hover,
  HoverRequest,
  InitializedNotification,
  InitializeRequest,
  type Position,
  type ProtocolConnection,
  PublishDiagnosticsNotification,
  type PublishDiagnosticsParams,
  ShutdownRequest,
} from 'vscode-languageserver/node'
import { ROOT } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const directory = temporaryDirectory()
const uriOf = (name: string) => pathToFileURL(join(directory, name)).href

let server: ChildProcess
let client: ProtocolConnection
const waiting = new Map<string, ((published: PublishDiagnosticsParams) => void)[]>()

/** The next diagnostics of a document. */
const published = (uri: string): Promise<PublishDiagnosticsParams> =>
  new Promise((resolve) => {
    waiting.set(uri, [...(waiting.get(uri) ?? []), resolve])
  })

/** As Visual Studio Code writes it: Node leaves the brackets as they are. */
const vsCodeUri = (name: string) => uriOf(name).replaceAll('(', '%28').replaceAll(')', '%29')

async function open(name: string, text: string, uri = uriOf(name)): Promise<PublishDiagnosticsParams> {
  const next = published(uri)
  await client.sendNotification(DidOpenTextDocumentNotification.type, {
    textDocument: { uri, languageId: 'neam', version: 1, text },
  })
  return await next
}

beforeAll(async () => {
  server = spawn(process.execPath, [`${ROOT}bin/neam-lsp.js`, '--stdio'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  client = createProtocolConnection(server.stdout!, server.stdin!)
  client.onNotification(PublishDiagnosticsNotification.type, (diagnostics) => {
    waiting.get(diagnostics.uri)?.shift()?.(diagnostics)
  })
  client.listen()
  await client.sendRequest(InitializeRequest.type, {
    processId: process.pid,
    rootUri: null,
    capabilities: {},
  })
  await client.sendNotification(InitializedNotification.type, {})
})

afterAll(async () => {
  await client.sendRequest(ShutdownRequest.type)
  await client.sendNotification(ExitNotification.type)
  const [code] = await once(server, 'exit')
  expect(code).toBe(0)
})

const PROGRAM = [
  '// Finds an order.',
  'skill lookup_order {',
  '  description: "Look up an order"',
  '  params: { id: string }',
  '  impl(id) { return "Order " + id; }',
  '}',
  'channel web { type: "http" }',
  'claw agent bot {',
  '  provider: "openai"',
  '  model: "gpt-4o"',
  '  temperature: 0.3',
  '  channels: [web]',
  '  skills: [lookup_order]',
  '  session: { idle_reset_minutes: 30 }',
  '  lanes: { vip: { concurrency: 2 } }',
  '}',
  'emit len(lookup_order("A-1"));',
  '',
].join('\n')

/** The place of `needle` in PROGRAM, `into` characters on. */
function at(needle: string, into = 1): Position {
  const offset = PROGRAM.indexOf(needle) + into
  const before = PROGRAM.slice(0, offset).split('\n')
  return { line: before.length - 1, character: before.at(-1)!.length }
}

const textOf = (hover: Hover | null): string => JSON.stringify(hover?.contents ?? null)
const here = (position: Position) => ({ textDocument: { uri: uriOf('bot.neam') }, position })

describe('a program without errors', () => {
  beforeAll(async () => {
    expect((await open('bot.neam', PROGRAM)).diagnostics).toEqual([])
  })

  test('hover shows what a name, a native and a field are', async () => {
    const hover = async (position: Position) =>
      textOf(await client.sendRequest(HoverRequest.type, here(position)))
    expect(await hover(at('lookup_order("A-1")'))).toMatch(/skill lookup_order.*Finds an order\./)
    expect(await hover(at('len(lookup'))).toContain('len(')
    expect(await hover(at('temperature'))).toContain('a number from 0 to 2')
    expect(await hover(at('idle_reset_minutes'))).toContain('a number of at least 0')
    expect(await hover(at('concurrency'))).toContain('a whole number of at least 1')
    expect(await hover(at('Look up'))).toBe('null')
  })

  test('definition goes to the declaration, from code and from lists of names', async () => {
    for (const position of [at('lookup_order("A-1")'), at('[lookup_order]', 3)]) {
      expect(await client.sendRequest(DefinitionRequest.type, here(position))).toEqual({
        uri: uriOf('bot.neam'),
        range: { start: { line: 1, character: 6 }, end: { line: 1, character: 18 } },
      })
    }
    expect(await client.sendRequest(DefinitionRequest.type, here(at('len(')))).toBeNull()
  })

  test('completion offers fields where fields stand, names of the kind a list wants, and everything elsewhere', async () => {
    const labels = async (position: Position) =>
      ((await client.sendRequest(CompletionRequest.type, here(position))) as CompletionItem[]).map(
        ({ label }) => label,
      )
    const inAgent = await labels(at('  temperature', 2))
    expect(inAgent).toEqual(expect.arrayContaining(['model', 'session', 'guards']))
    expect(inAgent).not.toContain('verify')
    expect(await labels(at('{ idle', 2))).toEqual(expect.arrayContaining(['daily_reset_hour', 'compaction']))
    expect(await labels(at('{ concurrency', 2))).toEqual(['concurrency', 'priority'])
    const skills = await labels(at('[lookup_order]', 1))
    expect(skills).toEqual(expect.arrayContaining(['lookup_order', 'write_file']))
    expect(skills).not.toContain('web')
    expect(await labels(at('emit len', 5))).toEqual(expect.arrayContaining(['bot', 'json_parse', 'while']))
    expect(await labels(at('"gpt-4o"', 3))).toEqual([])
  })

  test('symbols list the declarations', async () => {
    const symbols = (await client.sendRequest(DocumentSymbolRequest.type, {
      textDocument: { uri: uriOf('bot.neam') },
    })) as { name: string; detail: string }[]
    expect(symbols.map(({ name, detail }) => [name, detail])).toEqual([
      ['lookup_order', 'skill'],
      ['web', 'channel'],
      ['bot', 'claw agent'],
    ])
  })
})

test('diagnostics follow what is typed, with code, place and help', async () => {
  const wrong = await open('typed.neam', 'claw agent b {\n  provider: "openai"\n  modle: "x"\n}\n')
  expect(wrong.diagnostics).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        source: 'neam',
        severity: 1,
        code: expect.stringMatching(/^E4\d+$/),
        message: expect.stringContaining('model'),
        range: { start: { line: 2, character: 2 }, end: { line: 2, character: 7 } },
      }),
    ]),
  )
  const next = published(uriOf('typed.neam'))
  await client.sendNotification(DidChangeTextDocumentNotification.type, {
    textDocument: { uri: uriOf('typed.neam'), version: 2 },
    contentChanges: [{ text: 'emit 1;\n' }],
  })
  expect((await next).diagnostics).toEqual([])
})

test('imports are read as they stand in the editor, and definitions lead into them', async () => {
  writeFileSync(join(directory, 'shared.neam'), 'fun old() { return 1; }\n')
  await open('shared.neam', 'fun fresh() { return 1; }\n')
  expect((await open('main.neam', 'import "./shared.neam";\nemit fresh();\n')).diagnostics).toEqual([])
  const found = await client.sendRequest(DefinitionRequest.type, {
    textDocument: { uri: uriOf('main.neam') },
    position: { line: 1, character: 7 },
  })
  expect(found).toMatchObject({ uri: uriOf('shared.neam'), range: { start: { line: 0, character: 4 } } })
})

test('a document is the one that is imported, however its editor writes the URI; closed, it counts as it was saved', async () => {
  writeFileSync(join(directory, 'parts (1).neam'), 'fun saved() { return 1; }\n')
  await open('parts (1).neam', 'fun typed() { return 1; }\n', vsCodeUri('parts (1).neam'))
  expect((await open('whole.neam', 'import "./parts (1).neam";\nemit typed();\n')).diagnostics).toEqual([])
  const next = published(uriOf('whole.neam'))
  await client.sendNotification(DidCloseTextDocumentNotification.type, {
    textDocument: { uri: vsCodeUri('parts (1).neam') },
  })
  expect((await next).diagnostics).toMatchObject([{ code: 'E5010' }])
})

test('a document of another machine is read by itself', async () => {
  const uri = 'file://elsewhere/program.neam'
  expect((await open('', 'emit x;\n', uri)).diagnostics).toMatchObject([{ code: 'E5010' }])
  expect((await open('here.neam', 'emit 1;\n')).diagnostics).toEqual([])
})

test('formatting lays a document out, and leaves one with syntax errors alone', async () => {
  const edits = async (name: string) =>
    await client.sendRequest(DocumentFormattingRequest.type, {
      textDocument: { uri: uriOf(name) },
      options: { tabSize: 2, insertSpaces: true },
    })
  await open('ugly.neam', 'emit   1+2 ;')
  expect(await edits('ugly.neam')).toMatchObject([{ newText: 'emit 1 + 2;\n' }])
  await open('broken.neam', 'emit   1 +;')
  expect(await edits('broken.neam')).toEqual([])
})
