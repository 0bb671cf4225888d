import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { RECALLED_HEADING } from '../../agents/ports/memory.ts'
import type { ModelMessage, ModelReply, ToolSpec } from '../../agents/ports/model.ts'
import { offlineProvider } from '../../providers/offline/offline.ts'
import {
  ESCALATE,
  LOOKUP_ORDER,
  modelRequest,
  READ_FILE,
  toolSpec,
  WRITE_FILE,
} from '../support/model-bench.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const complete = (messages: readonly ModelMessage[] | string, tools: readonly ToolSpec[] = []) =>
  offlineProvider().complete(modelRequest(messages, { tools }), {
    signal: new AbortController().signal,
    deadlineAt: Number.MAX_SAFE_INTEGER,
  })

/** Name and arguments of the calls a reply asks for. */
const callsOf = (reply: ModelReply) =>
  reply.toolCalls.map((call) => [call.name, JSON.parse(call.arguments) as Record<string, string>] as const)

const user = (content: string): ModelMessage => ({ role: 'user', content })
const assistant = (content: string): ModelMessage => ({ role: 'assistant', content })

describe('with the tools of a support agent', () => {
  const tools = [LOOKUP_ORDER, ESCALATE]

  test.each([
    ['What is the status of order ORD-12345?', 'lookup_order', { order_id: 'ORD-12345' }],
    ['Where is ORD-1001?', 'lookup_order', { order_id: 'ORD-1001' }],
    ['check my order #4711 please', 'lookup_order', { order_id: '4711' }],
    ['I want to talk to a human!', 'escalate', { reason: 'I want to talk to a human!' }],
  ])('%j calls %s', async (said, name, given) => {
    expect(callsOf(await complete(said, tools))).toEqual([[name, given]])
  })

  test.each(['Hello', 'Where is my order?', 'What did I just ask you?', ''])(
    '%j calls nothing',
    async (said) => {
      const reply = await complete(said, tools)
      expect(reply.toolCalls).toEqual([])
      expect(reply.text).toMatch(/^\[offline model\] None of my tools fits/)
    },
  )

  test("answers with the tool's result", async () => {
    const asked = await complete('Status of order ORD-12345?', tools)
    const reply = await complete(
      [
        user('Status of order ORD-12345?'),
        { role: 'assistant', content: '', toolCalls: asked.toolCalls },
        {
          role: 'tool',
          callId: asked.toolCalls[0]!.id,
          name: 'lookup_order',
          content: 'Order ORD-12345: Shipped, arriving Tuesday',
        },
      ],
      tools,
    )
    expect(reply.text).toBe('[offline model] lookup_order: Order ORD-12345: Shipped, arriving Tuesday')
    expect(reply.stopReason).toBe('stop')
  })
})

describe('filling parameters', () => {
  const cases: readonly (readonly [string, ToolSpec, Record<string, unknown> | null])[] = [
    [
      'weather in New York today?',
      toolSpec('get_weather', 'Current weather', { city: { type: 'string' } }),
      { city: 'New York' },
    ],
    ['add 2.5 and 4', toolSpec('add', 'Add numbers', { a: { type: 'number' } }), { a: 2.5 }],
    [
      'set the light to green',
      toolSpec('set_light', 'Set a light', { color: { type: 'string', enum: ['red', 'green'] } }),
      { color: 'green' },
    ],
    ['read the file src/main.py', READ_FILE, { path: 'src/main.py' }],
    [
      'calculate (2 + 3) * 4',
      toolSpec('calculate', 'Calculate', { expression: { type: 'string' } }),
      { expression: '(2 + 3) * 4' },
    ],
    [
      'search the docs for "lanes"',
      toolSpec('search_docs', 'Search the docs', { query: { type: 'string' } }),
      { query: 'lanes' },
    ],
    [
      'run the command `ls -la`',
      toolSpec('run_command', 'Run a command', { command: { type: 'string' } }),
      { command: 'ls -la' },
    ],
    [
      'run the command that removes all',
      toolSpec('run_command', 'Run a command', { command: { type: 'string' } }),
      null,
    ],
    [
      'mail bob@example.com',
      toolSpec('send_mail', 'Send mail', { email: { type: 'string' } }),
      { email: 'bob@example.com' },
    ],
    [
      'list files in src/',
      toolSpec('list_files', 'List files', { directory: { type: 'string' } }),
      { directory: 'src/' },
    ],
    ['tag the items', toolSpec('tag_items', 'Tag items', { tags: { type: 'array' } }), null],
  ]
  test.each(cases)('%j', async (said, tool, expected) => {
    expect(callsOf(await complete(said, [tool]))).toEqual(expected === null ? [] : [[tool.name, expected]])
  })
})

describe('without a tool', () => {
  test('says what it is and what was said', async () => {
    expect((await complete('Hello')).text).toBe(
      '[offline model] I have no tools, and I know nothing by myself. You said: "Hello".',
    )
  })

  test('shows that it sees the history', async () => {
    const reply = await complete([
      user('What is the status of order ORD-12345?'),
      assistant('Shipped'),
      user('And now?'),
    ])
    expect(reply.text).toContain(
      'This is message 2 of our conversation; before, you said: "What is the status of order ORD-12345?".',
    )
  })

  test('takes what is recalled of earlier conversations for no part of this one', async () => {
    const recalled = user(`${RECALLED_HEADING}\n\n{"kind":"turn","when":"","text":"user: Hi"}`)
    const { text } = await complete([recalled, user('Hello')])
    expect(text).not.toContain('of our conversation')
    expect(text).toContain(
      'Of earlier conversations I was given: {"kind":"turn","when":"","text":"user: Hi"}',
    )
  })

  test('repeats long messages in part only', async () => {
    expect((await complete('🙂'.repeat(10_000))).text.length).toBeLessThan(1000)
  })

  test('gives the same reply to the same request, and an estimated usage', async () => {
    const replies = [await complete('Hello'), await complete('Hello')]
    expect(replies[0]).toEqual(replies[1])
    expect(replies[0]!.usage).toMatchObject({ estimated: true, cachedTokens: 0 })
  })
})

/** Runs iterations like the forge: a fresh brief, a tool loop, a verdict; answers the files written in each. */
async function forge(options: {
  readonly system: string
  readonly task?: string
  readonly prompt?: string
  readonly verify: (files: ReadonlyMap<string, string>) => string | null
}) {
  const files = new Map<string, string>()
  const iterations: string[][] = []
  const texts: string[] = []
  let feedback: string | null = null
  for (let iteration = 1; iteration <= 10; iteration++) {
    const messages: ModelMessage[] = [
      { role: 'system', content: options.system },
      ...(options.prompt === undefined ? [] : [user(options.prompt)]),
      user(`Current task: ${options.task ?? 'Complete the work described above.'}`),
      user('Completed tasks: Write src/old.py (iteration 1)'),
      ...(feedback === null ? [] : [assistant(feedback)]),
    ]
    const written: string[] = []
    for (;;) {
      const reply = await complete(messages, [WRITE_FILE, READ_FILE])
      if (reply.toolCalls.length === 0) {
        texts.push(reply.text)
        break
      }
      messages.push({ role: 'assistant', content: reply.text, toolCalls: reply.toolCalls })
      for (const call of reply.toolCalls) {
        const { path, content } = JSON.parse(call.arguments) as { path: string; content: string }
        files.set(path, content)
        written.push(path)
        messages.push({ role: 'tool', callId: call.id, name: call.name, content: `Wrote ${path}` })
      }
    }
    iterations.push(written)
    feedback = options.verify(files)
    if (feedback === null) return { files, iterations, texts }
  }
  throw new Error(`not verified: ${JSON.stringify(iterations)}`)
}

describe('as a forge agent', () => {
  const system =
    'You are an expert Python developer. Write clean, tested, production-quality code. Always create both source files and test files.'

  test("chapter 28's code_builder completes in two iterations, file by file", async () => {
    const { iterations, texts } = await forge({
      system,
      verify: (files) => {
        if (!files.has('src/main.py')) return 'retry'
        return files.has('tests/test_main.py') ? null : 'No tests found. Please create tests/test_main.py'
      },
    })
    expect(iterations).toEqual([['src/main.py'], ['tests/test_main.py']])
    expect(texts[0]).toBe('[offline model] write_file: Wrote src/main.py')
  })

  test.each([
    ['Write src/words.py with a function count_words(text)', ['src/words.py']],
    ['Create src/a.js and tests/a.test.js', ['src/a.js', 'tests/a.test.js']],
    ['Write README.md that says how to run the tests', ['README.md']],
    ['Fix ./lib/x.rs; leave /etc/passwd.txt, ../y.py and https://example.com/z.js alone', ['lib/x.rs']],
  ])('the task %j writes the files it names', async (task, expected) => {
    const { iterations } = await forge({ system, task, verify: () => null })
    expect(iterations).toEqual([expected])
  })

  test('a task that names no file gets one named after it, in the language of the project', async () => {
    const node =
      'You are a senior software engineer building a Node.js project using test-driven development.'
    const task = 'Add input validation to the register method (email format, password length)'
    const { iterations } = await forge({ system: node, task, verify: () => null })
    expect(iterations).toEqual([['src/add-input-validation-register.js']])
  })

  test('without a plan the files of the prompt file are written', async () => {
    const { iterations } = await forge({
      system,
      prompt: 'Build `src/app.py` and `src/util.py`.',
      verify: () => null,
    })
    expect(iterations).toEqual([['src/app.py', 'src/util.py']])
  })

  test('feedback that names a file outweighs the task', async () => {
    const { iterations } = await forge({
      system,
      task: 'Write src/a.py',
      verify: (files) =>
        files.has('docs/a.md') ? null : 'File "/ws/src/a.py", line 3: please add docs/a.md',
    })
    expect(iterations).toEqual([['src/a.py'], ['docs/a.md']])
  })

  test('a text that the task dictates is written as it is', async () => {
    const { files } = await forge({
      system,
      task: 'Create hello.txt containing "Hello, world!"',
      verify: () => null,
    })
    expect(files.get('hello.txt')).toBe('Hello, world!\n')
  })

  test('without a tool to write with it says so', async () => {
    const reply = await complete([user('Current task: x')], [READ_FILE])
    expect(reply.text).toMatch(/can only write files/)
  })

  test('what it writes is valid for its kind and says where it comes from', async () => {
    const paths = [
      'src/words.py',
      'tests/test_words.py',
      'a.mjs',
      'b.sh',
      'c.json',
      'd.md',
      'e.html',
      'f.yaml',
      'g.sql',
      'h.txt',
    ]
    const task = `Write ${paths.slice(0, 8).join(', ')} with a function count_words(text, "quoted \\ and") and split(text)`
    const { files } = await forge({ system, task, verify: () => null })
    expect([...files.keys()]).toEqual(paths.slice(0, 8))
    for (const [path, body] of files)
      expect([path, body]).toEqual([path, expect.stringContaining('offline model')])

    const folder = temporaryDirectory()
    for (const [path, body] of files) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), body)
    }
    execFileSync(process.execPath, ['--check', join(folder, 'a.mjs')])
    execFileSync('sh', ['-n', join(folder, 'b.sh')])
    expect(JSON.parse(files.get('c.json')!)).toHaveProperty('description')
    expect(files.get('src/words.py')).toContain('def split(text):')
  })
})
