// The programs of the chapters, run as `neam FILE` runs them, against a model that is scripted on the wire.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { type RecordedRequest, startOpenAIServer, type WireMessage } from '../support/openai-server.ts'
import { runBin } from '../support/program.ts'
import { ROOT } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const PROGRAMS = join(ROOT, 'test/chapters/programs')
const source = (name: string): string => readFileSync(join(PROGRAMS, `${name}.neam`), 'utf8')

type Reply = string | { readonly tool: string; readonly args: Readonly<Record<string, unknown>> }

/** A model on loopback that answers what `script` says to each request. */
async function scriptedModel(script: (messages: readonly WireMessage[], index: number) => Reply) {
  const server = await startOpenAIServer()
  server.always(({ body }) => {
    const reply = script(body.messages, server.requests.length - 1)
    if (typeof reply === 'string') return { text: reply }
    return { toolCalls: [{ name: reply.tool, arguments: JSON.stringify(reply.args) }] }
  })
  return {
    requests: server.requests,
    env: {
      OPENAI_BASE_URL: server.url,
      OPENAI_API_KEY: 'test',
      OLLAMA_HOST: server.url,
      NEAM_LOG_LEVEL: 'silent',
    },
  }
}

/** Runs program text under its chapter's name in a directory of its own. */
async function run(
  name: string,
  text: string,
  env: Readonly<Record<string, string>>,
  cwd = temporaryDirectory(),
) {
  writeFileSync(join(cwd, name), text)
  const { code, stdout, stderr } = await runBin('neam', [name], { cwd, env })
  return { code, lines: stdout.split('\n').slice(0, -1), stderr, cwd }
}

const sent = (request: RecordedRequest | undefined): string => JSON.stringify(request?.body.messages)

describe('chapter 24', () => {
  test('24-05: the third request holds all earlier messages, and the system prompt keeps its line break', async () => {
    const model = await scriptedModel((_messages, index) => `answer ${index + 1}`)
    const { code, lines } = await run('tutor.neam', source('ch24-05-tutor'), model.env)
    expect({ code, lines }).toEqual({
      code: 0,
      lines: ['Tutor: answer 1', 'Tutor: answer 2', 'Tutor: answer 3'],
    })
    expect(model.requests[2]!.body.messages.map(({ role }) => role)).toEqual([
      'system',
      'user',
      'assistant',
      'user',
      'assistant',
      'user',
    ])
    expect(model.requests[0]!.body.messages[0]!.content).toMatch(/what the student\n\s*has learned/)
  })

  test('24-06, after 24-05’s declarations: two messages, none after the reset', async () => {
    const declarations = source('ch24-05-tutor').split('\n{')[0]!
    const model = await scriptedModel(() => 'answer')
    const { lines } = await run('block.neam', declarations + source('ch24-06-history-block'), model.env)
    expect(lines).toEqual(['History length: 2', 'After reset: 0 messages'])
  })

  test('24-11: two stateless calls; the second prompt holds the hand-built context', async () => {
    const model = await scriptedModel((_messages, index) => `answer ${index + 1}`)
    const { lines } = await run('legacy.neam', source('ch24-11-legacy-manual'), model.env)
    expect(lines).toEqual(['A: answer 1', 'A: answer 2'])
    expect(model.requests[1]!.body.messages).toHaveLength(2)
    expect(model.requests[1]!.body.messages[1]!.content).toContain(
      'user: What is a closure?\nassistant: answer 1\n',
    )
  })

  test('24-12: the second request contains the first exchange', async () => {
    const model = await scriptedModel((_messages, index) => `answer ${index + 1}`)
    const { lines } = await run('migrated.neam', source('ch24-12-migrated'), model.env)
    expect(lines).toEqual(['A: answer 1', 'A: answer 2'])
    expect(sent(model.requests[1])).toContain('What is a closure?')
    expect(sent(model.requests[1])).toContain('answer 1')
  })

  test('24-13: looks the order up and remembers four messages', async () => {
    const model = await scriptedModel((messages, index) =>
      index === 0
        ? { tool: 'lookup_order', args: { order_id: 'ORD-1001' } }
        : `seen: ${messages.at(-1)!.content?.slice(0, 300)}`,
    )
    const { code, lines } = await run('support.neam', source('ch24-13-support-bot'), model.env)
    expect(code).toBe(0)
    expect(lines.slice(-3)).toEqual(['[Debug] Session history: 4 messages', '', '=== Demo Complete ==='])
    expect(lines.join('\n')).toContain('ORD-1001')
    expect(model.requests[1]!.body.messages.at(-1)!.role).toBe('tool')
  })

  test('24-14 runs', async () => {
    const model = await scriptedModel((_messages, index) => `answer ${index + 1}`)
    expect((await run('legacy_bot.neam', source('ch24-14-legacy-bot'), model.env)).lines).toEqual([
      'answer 1',
      'answer 2',
    ])
  })
})

describe('chapter 25', () => {
  test('25-01: ends with the message of the outcome', async () => {
    const model = await scriptedModel((messages) =>
      messages.at(-1)!.role === 'tool'
        ? 'done'
        : { tool: 'write_file', args: { path: 'output.txt', content: 'x' } },
    )
    const { code, lines } = await run('minimal.neam', source('ch25-01-minimal'), model.env)
    expect({ code, lines }).toEqual({ code: 0, lines: ['Result: All tasks verified'] })
  })

  test('25-09: five tasks, one commit each; a failed verification is fed back and makes none', async () => {
    // The plan names a file a task; the tests of this project only look for the files. No npm in a scrubbed PATH: the
    // script stands in for it and fails as a test run would.
    const cwd = temporaryDirectory()
    const project = join(cwd, 'my-project')
    mkdirSync(join(project, 'node_modules'), { recursive: true })
    for (const file of ['plan.txt', 'prompt.md']) {
      writeFileSync(join(project, file), readFileSync(join(PROGRAMS, 'my-project', file), 'utf8'))
    }
    writeFileSync(
      join(project, 'package.json'),
      JSON.stringify({
        private: true,
        scripts: {
          test: 'for f in $(cat expected.txt); do test -s $f || { echo "$f is missing"; exit 1; }; done',
        },
      }),
    )
    execFileSync('git', ['init', '-q', project])
    const files = [
      'src/models/user.js',
      'src/repositories/user-repository.js',
      'src/services/auth-service.js',
      'src/services/validation.js',
      'src/routes/auth-routes.js',
    ]
    let failedOnce = false
    const model = await scriptedModel((messages) => {
      if (messages.at(-1)!.role === 'tool') return 'done'
      const text = JSON.stringify(messages)
      const task = /Current task: ([^"\\]*)/.exec(text)![1]!
      const file = files.find((one) => task.includes(one)) ?? 'src/services/validation.js'
      if (file.includes('user-repository') && !failedOnce) {
        failedOnce = true
        return { tool: 'write_file', args: { path: 'expected.txt', content: `${file}\n` } }
      }
      return { tool: 'write_file', args: { path: file, content: `// ${task}\n` } }
    })
    const text = source('ch25-09-tdd-code-builder')
      .replace('provider: "anthropic"', 'provider: "openai"')
      .replace('model: "claude-sonnet-4"', 'model: "gpt-4o"')
    writeFileSync(join(project, 'expected.txt'), 'plan.txt\n')
    const { lines, stderr } = await run('tdd.neam', text, model.env, cwd)
    expect({ lines, stderr }).toMatchObject({ lines: expect.arrayContaining(['Tasks completed: 5/5']) })
    expect(lines).toContain('SUCCESS: All tasks completed and verified.')
    expect(lines).toContain('Final message: All 5 tasks verified successfully.')
    expect(lines).toContain('Iterations used: 6')
    const log = execFileSync('git', ['-C', project, 'log', '--format=%s'], { encoding: 'utf8' })
      .trim()
      .split('\n')
    expect(log).toHaveLength(5)
    expect(log.every((subject) => subject.startsWith('forge: '))).toBe(true)
    expect(model.requests.some((request) => sent(request).includes('user-repository.js is missing'))).toBe(
      true,
    )
  })
})

describe('chapter 28', () => {
  test('28-02 without the agents: a catchable error that names one, before any model call', async () => {
    const model = await scriptedModel(() => 'never')
    const { code, stderr } = await run('dag.neam', source('ch28-02-dag'), model.env)
    expect(code).toBe(1)
    expect(stderr).toMatch(/researcher|analyst|writer/)
    expect(model.requests).toEqual([])
  })

  test('28-03: gather, then analyze, then write; each sees the outputs it depends on', async () => {
    const model = await scriptedModel((messages) => {
      const text = JSON.stringify(messages)
      if (text.includes('technical writer')) return 'REPORT'
      return text.includes('data analyst') ? 'ANALYSIS' : 'FACTS'
    })
    const { code, lines } = await run('dag_complete.neam', source('ch28-03-dag-complete'), model.env)
    expect(code).toBe(0)
    expect(lines.slice(-3)).toEqual(['Research: FACTS', 'Analysis: ANALYSIS', 'Report: REPORT'])
    expect(sent(model.requests[1])).toContain('FACTS')
    expect(sent(model.requests[2])).toContain('FACTS')
    expect(sent(model.requests[2])).toContain('ANALYSIS')
  })
})
