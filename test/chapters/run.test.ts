// The programs of the chapters, run as `neam FILE` runs them, against a model that is scripted on the wire.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { fetch } from '../support/fetch.ts'
import { type RecordedRequest, startOpenAIServer, type WireMessage } from '../support/openai-server.ts'
import { runBin } from '../support/program.ts'
import { ROOT, startServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const PROGRAMS = join(ROOT, 'test/chapters/programs')
const source = (name: string): string => readFileSync(join(PROGRAMS, `${name}.neam`), 'utf8')

type Reply = string | { readonly tool: string; readonly args: Readonly<Record<string, unknown>> }

/** A model on loopback that answers what `script` says to each chat request, and gives every text the same vector. */
async function scriptedModel(script: (messages: readonly WireMessage[], index: number) => Reply) {
  const server = await startOpenAIServer()
  const requests: RecordedRequest[] = []
  server.always((request) => {
    const { body } = request
    if (body.input !== undefined) {
      return {
        raw: JSON.stringify({ data: body.input.map((_text, index) => ({ index, embedding: [1, 0] })) }),
      }
    }
    requests.push(request)
    const reply = script(body.messages, requests.length - 1)
    if (typeof reply === 'string') return { text: reply }
    return { toolCalls: [{ name: reply.tool, arguments: JSON.stringify(reply.args) }] }
  })
  return {
    requests,
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

/** A directory with shell scripts under the names of programs, put before all others. */
function programs(scripts: Readonly<Record<string, string>>): { readonly PATH: string } {
  const bin = temporaryDirectory()
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  }
  return { PATH: `${bin}${delimiter}${process.env.PATH ?? ''}` }
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

  test.each([
    ['Completed', 'exit 0', ['All tasks completed: All tasks verified'], 1],
    ['MaxIterations', 'echo "no main"; exit 101', ['Reached iteration limit. Some tasks remain.'], 20],
  ])('25-03: exactly one arm takes the outcome %s', async (_kind, cargo, lines, calls) => {
    const model = await scriptedModel(() => 'done')
    const env = { ...model.env, ...programs({ cargo }) }
    const cwd = temporaryDirectory()
    execFileSync('git', ['init', '-q', cwd])
    const text = source('ch25-03-rust-builder')
    expect(await run('rust.neam', text, env, cwd)).toMatchObject({ code: 0, lines })
    expect(model.requests).toHaveLength(calls)
    if (calls > 1) expect(sent(model.requests[1])).toContain('Build failed:\\nno main')
  })

  /** The verify callback of a section, in a program that tells what the run came to. */
  const verifying = (name: string, verify: string, loop = '') => `${source(name)}
forge agent Builder { provider: "openai" model: "gpt-4o" skills: [write_file] verify: ${verify} ${loop} }
emit Builder.run();`

  test('25-05: a missing file is asked for, a written one is done', async () => {
    const model = await scriptedModel((_messages, index) =>
      index === 1 ? { tool: 'write_file', args: { path: 'output.txt', content: 'x' } } : 'done',
    )
    const { lines } = await run(
      'exists.neam',
      verifying('ch25-05-verify-exists', 'check_file_exists'),
      model.env,
    )
    expect(lines).toEqual([expect.stringMatching(/outcome: "completed", iterations: 2,/)])
    expect(sent(model.requests[0])).not.toContain('Please create it')
    expect(sent(model.requests[1])).toContain('File output.txt is missing or empty. Please create it.')
  })

  test('25-06: failed tests, then thin coverage, are fed back; then the task is verified', async () => {
    const cwd = temporaryDirectory()
    const model = await scriptedModel(() => 'done')
    // Each run of the tests counts itself: the first fails, from the third on the coverage is enough.
    const npm = `case $1 in
test) echo x >> runs; test $(wc -l < runs) -gt 1 || { echo "1 failing"; exit 1; } ;;
run) test $(wc -l < runs) -gt 2 && echo '{"total":{"lines":{"pct":85}}}' || echo '{"total":{"lines":{"pct":62.5}}}' ;;
esac`
    const text = verifying('ch25-06-verify-tdd', 'verify_tdd', 'loop { plan_file: "plan.txt" }')
    writeFileSync(join(cwd, 'plan.txt'), 'Add login\n')
    const { lines } = await run('tdd.neam', text, { ...model.env, ...programs({ npm }) }, cwd)
    expect(lines).toEqual([expect.stringMatching(/outcome: "completed", iterations: 3,/)])
    expect(sent(model.requests[1])).toContain('Tests failed on iteration 1.\\nError output:\\n1 failing\\n')
    expect(sent(model.requests[2])).toContain('Tests pass but coverage is 62.5%. Need at least 80%.')
    expect(readFileSync(join(cwd, 'runs'), 'utf8')).toBe('x\nx\nx\n')
  })

  test('25-06: aborts the task that still fails in the sixth iteration', async () => {
    const cwd = temporaryDirectory()
    const model = await scriptedModel(() => 'done')
    const text = verifying('ch25-06-verify-tdd', 'verify_tdd', 'loop { plan_file: "plan.txt" }')
    writeFileSync(join(cwd, 'plan.txt'), 'Add login\n')
    const env = { ...model.env, ...programs({ npm: 'exit 1' }) }
    expect((await run('tdd.neam', text, env, cwd)).lines).toEqual([
      expect.stringMatching(
        /outcome: "aborted", iterations: 6,.*'Add login' failed after 5 attempts\. Manual/,
      ),
    ])
    expect(model.requests).toHaveLength(6)
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
  test('28-01: the call form resolves its agent when it runs; an unknown one can be caught', async () => {
    const model = await scriptedModel((_messages, index) => `papers ${index + 1}`)
    const researcher = 'agent researcher { provider: "openai" model: "gpt-4o" }\n'
    const both = `${researcher}${source('ch28-01-spawn')}\nemit result;\ntry { spawn("nobody", "x"); } catch (err) { emit err; }`
    const { lines } = await run('spawn.neam', both, model.env)
    expect(lines).toEqual(['papers 2', 'Agent not found: nobody. Available: researcher'])
    expect(model.requests[0]!.body).toEqual(model.requests[1]!.body)
  })

  test('28-04: served; code_builder retries until both files exist, then completes', async () => {
    const cwd = temporaryDirectory()
    writeFileSync(join(cwd, 'agents.neam'), source('ch28-04-agents'))
    const files = ['src/main.py', 'tests/test_main.py']
    const model = await scriptedModel((messages) => {
      if (messages.at(-1)!.role === 'tool') return 'done'
      const path = JSON.stringify(messages).includes('No tests found') ? files[1] : files[0]
      return { tool: 'write_file', args: { path, content: 'pass\n' } }
    })
    const server = await startServer('bin/neam-api.js', ['--program', 'agents.neam'], model.env, cwd)
    const forge = `${server.url}/api/v1/forge/code_builder`
    const { status } = await fetch(`${forge}/start`, { method: 'POST' })
    expect(status).toBe(200)
    type Status = { readonly running: boolean }
    const look = async (): Promise<Status> => (await fetch(`${forge}/status`)).json() as Promise<Status>
    let now = await look()
    while (now.running) now = await look()
    expect(now).toMatchObject({ last_outcome: 'completed', iteration: 2 })
    expect(readFileSync(join(cwd, 'generated_code', files[1]!), 'utf8')).toBe('pass\n')
    expect(model.requests.some((request) => sent(request).includes('Please create tests/test_main.py'))).toBe(
      true,
    )
    expect(await server.stop()).toBe(0)
  })

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

/** Programs that EXPECT asks to run, by the number that names their test here. */
const RUN = [
  ...['24-05', '24-06', '24-11', '24-12', '24-13', '24-14'],
  ...['25-01', '25-03', '25-05', '25-06', '25-09'],
  ...['28-01', '28-02', '28-03', '28-04'],
]
/** Programs whose only claims are those of the compiler: test/compiler/chapters.test.ts, manifest.test.ts, neamc.test.ts. */
const COMPILED = [
  ...['24-01', '24-02', '24-03', '24-04', '24-07', '24-08', '24-09', '24-10'],
  ...['25-02', '25-04', '25-07', '25-08'],
]

describe('every program of the chapters', () => {
  const tests = readFileSync(join(ROOT, 'test/chapters/run.test.ts'), 'utf8')
  const compiled = readFileSync(join(ROOT, 'test/compiler/chapters.test.ts'), 'utf8')
  const names = readdirSync(PROGRAMS).filter((name) => name.endsWith('.neam'))

  test('is in one of the two lists', () => {
    expect([...RUN, ...COMPILED].sort()).toEqual(names.map((name) => name.slice(2, 7)).sort())
  })

  test('has a test of what the compiler says of it', () => {
    expect(names.filter((name) => !compiled.includes(name.replace('.neam', '')))).toEqual([])
  })

  test('that runs has a test of its run', () => {
    expect(RUN.filter((number) => !new RegExp(`\\('${number}[:, ]`).test(tests))).toEqual([])
  })
})
