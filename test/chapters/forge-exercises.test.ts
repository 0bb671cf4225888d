// Exercises 25.1 to 25.8 as examples/forge-exercises has them, and the builder of chapter 25.10 over a real jest.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { type ScriptedReply, startOpenAIServer, type WireMessage } from '../support/openai-server.ts'
import { runBin } from '../support/program.ts'
import { ROOT } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const EXERCISES = join(ROOT, 'examples/forge-exercises')

const write = (path: string, content: string): ScriptedReply => ({
  toolCalls: [{ name: 'write_file', arguments: JSON.stringify({ path, content }) }],
})

/** The task that a request is about: of a forge agent its own line, of a claw agent the last message. */
const taskOf = (messages: readonly WireMessage[]): string => {
  const said = messages.filter(({ role }) => role === 'user').map(({ content }) => content ?? '')
  return /^Current task: (.*)$/m.exec(said.join('\n'))?.[1] ?? said.at(-1) ?? ''
}

/** Runs an exercise in `cwd` against a model that works as `script` says, then ends its turn. */
async function exercise(
  name: string,
  script: (task: string, messages: readonly WireMessage[]) => ScriptedReply,
  { cwd = temporaryDirectory(), path = '' }: { readonly cwd?: string; readonly path?: string } = {},
) {
  const model = await startOpenAIServer()
  model.always(({ body: { messages } }) =>
    messages.at(-1)!.role === 'tool' ? { text: 'Done.' } : script(taskOf(messages), messages),
  )
  cpSync(join(EXERCISES, `${name}.neam`), join(cwd, `${name}.neam`))
  const { code, stdout, stderr } = await runBin('neam', [`${name}.neam`], {
    cwd,
    env: {
      OPENAI_BASE_URL: model.url,
      OPENAI_API_KEY: 'test',
      PATH: `${path}${delimiter}${process.env.PATH ?? ''}`,
    },
  })
  return { code, stderr, lines: stdout.split('\n').slice(0, -1), requests: model.requests, cwd }
}

/** What a request of the model carried. */
const sent = (
  request: { readonly body: { readonly messages: readonly WireMessage[] } } | undefined,
): string => JSON.stringify(request?.body.messages)

describe('exercise', () => {
  test('25.1: a wrong greeting is fed back, the right one ends the run', async () => {
    const greetings = ['Hello, World!', 'Hello, Neam!']
    const { lines, requests, cwd } = await exercise('25-1-greeting', () =>
      write('greeting.txt', greetings.shift()!),
    )
    expect(lines).toEqual(['completed after 2 iterations: All tasks verified'])
    expect(sent(requests[2])).toContain("greeting.txt says 'Hello, World!'; it must contain 'Hello, Neam!'.")
    expect(readFileSync(join(cwd, 'greeting/greeting.txt'), 'utf8')).toBe('Hello, Neam!')
  })

  const files = ['README.md', 'LICENSE', '.gitignore']
  const threeFiles = (task: string) => write(files.find((file) => task.includes(file))!, `about ${task}\n`)

  test('25.2 and 25.6: three tasks are done, and the progress file tells what they took', async () => {
    let tries = 0
    const done = await exercise('25-2-three-files', (task) => {
      tries += task.includes('LICENSE') ? 1 : 0
      return tries === 1 && task.includes('LICENSE') ? write('LICENCE', 'misspelt') : threeFiles(task)
    })
    expect(done.lines).toEqual(['3 of 3: All 3 tasks verified successfully.'])
    const { lines } = await exercise('25-6-progress', threeFiles, { cwd: done.cwd })
    const costs = readFileSync(join(done.cwd, 'three-files/progress.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { readonly cost: number }).cost)
    expect(lines.slice(0, 3)).toEqual(['tasks: 3', 'iterations: 4', 'iterations per task: 1.33333333333'])
    expect(Number(lines[3]!.slice('cost: $'.length))).toBeCloseTo(
      costs.reduce((sum, cost) => sum + cost, 0),
      9,
    )
  })

  /** In place of flake8: it has one rule. */
  const flake8 = `test "$1" = fizzbuzz.py && ! grep -n 'import os' "$1" > found || { sed "s/:.*/: F401 'os' imported but unused/" found; exit 1; }`
  const linter = () => {
    const path = temporaryDirectory()
    writeFileSync(join(path, 'flake8'), `#!/bin/sh\n${flake8}\n`, { mode: 0o755 })
    return path
  }

  test('25.3: what the linter says is fed back until it has nothing to say', async () => {
    const programs = [
      'import os\n\n\ndef fizzbuzz(n):\n    return str(n)\n',
      'def fizzbuzz(n):\n    return str(n)\n',
    ]
    const { lines, requests } = await exercise('25-3-flake8', () => write('fizzbuzz.py', programs.shift()!), {
      path: linter(),
    })
    expect(lines).toEqual(['Done in 2 iterations: All tasks verified'])
    expect(sent(requests[2])).toContain("1: F401 'os' imported but unused")
  })

  test('25.4: verify gives up what has cost too much, and match shows why', async () => {
    const costly = () => ({
      ...write('fizzbuzz.py', 'import os\n'),
      // gpt-4o: 2.50 USD a million in.
      usage: { in: 900_000, out: 10 },
    })
    const { lines } = await exercise('25-3-flake8', costly, { path: linter() })
    expect(lines).toEqual([expect.stringMatching(/^Aborted: \$6\.\d+ spent, more than \$5/)])
  })

  test('25.5: git shows one commit per completed task', async () => {
    const { lines, stderr } = await exercise('25-5-git', (task) => write(task.split(' ').at(-1)!, '# text\n'))
    expect({ stderr, lines }).toEqual({
      stderr: '',
      lines: [
        'All 3 tasks verified successfully.',
        expect.stringMatching(/^[0-9a-f]{7,} forge: Write three\.md$/),
        expect.stringMatching(/^[0-9a-f]{7,} forge: Write two\.md$/),
        expect.stringMatching(/^[0-9a-f]{7,} forge: Write one\.md$/),
      ],
    })
  })

  test('25.7: verify writes a learning after a retry, and the program shows it', async () => {
    const texts = ['no title\n', '# A title\n']
    const { lines } = await exercise('25-7-learnings', () => write('README.md', texts.shift()!))
    expect(lines).toEqual([
      'All tasks verified',
      "Needed 2 tries; what helped: README.md needs a title: a line that begins with '# '.",
    ])
  })

  test('25.8: the claw agent sends more with each file, the forge agent does not', async () => {
    const { lines, requests } = await exercise('25-8-forge-vs-claw', (task) =>
      write(task.split(' ').at(-1)!, `# ${task}\n\n${'A long article. '.repeat(100)}\n`),
    )
    expect(lines).toEqual([
      expect.stringMatching(/^claw: {2}720 tokens, \$0\.\d+$/),
      expect.stringMatching(/^forge: 720 tokens, \$0\.\d+$/),
    ])
    const sizes = requests
      .filter(({ body }) => body.messages.at(-1)!.role !== 'tool')
      .map((one) => sent(one).length)
    const [claw, forge] = [sizes.slice(0, 3), sizes.slice(3)]
    expect(claw).toEqual([...claw].sort((a, b) => a - b))
    expect(claw[2]! - claw[0]!).toBeGreaterThan(forge[2]! - forge[0]!)
    expect(Math.max(...forge) - Math.min(...forge)).toBeLessThan(200)
  })
})

describe('25.10: the TDD builder over real jest and real git', () => {
  const PROGRAMS = join(ROOT, 'test/chapters/programs')
  const jest = `node --experimental-vm-modules --disable-warning=ExperimentalWarning ${join(ROOT, 'node_modules/jest/bin/jest.js')}`
  const testOf = (name: string, file: string, body: string) =>
    `import { test, expect } from '@jest/globals'\nimport * as it from '../src/${file}'\ntest('${name}', async () => {\n${body}\n})\n`
  /** Written before the code, one for each task. */
  const tests: Readonly<Record<string, string>> = {
    'tests/user.test.js': testOf(
      'a user has its fields',
      'models/user.js',
      "  expect(new it.User('Ada', 'a@b.c', 'h')).toMatchObject({ name: 'Ada', email: 'a@b.c', password_hash: 'h' })",
    ),
    'tests/user-repository.test.js': testOf(
      'a user is found by its mail address',
      'repositories/user-repository.js',
      "  await it.create({ id: 1, email: 'a@b.c' })\n  expect((await it.findByEmail('a@b.c'))?.id).toBe(1)",
    ),
    'tests/auth-service.test.js': testOf(
      'who has registered can log in',
      'services/auth-service.js',
      "  await it.register('a@b.c', 'long enough')\n  expect(await it.login('a@b.c', 'long enough')).toBe(true)",
    ),
    'tests/validation.test.js': testOf(
      'a short password is refused',
      'services/validation.js',
      "  expect(it.problemOf('a@b.c', 'short')).toBe('password too short')\n  const { register } = await import(['../src/services', 'auth-service.js'].join('/'))\n  await expect(register('a@b.c', 'short')).rejects.toThrow('password too short')",
    ),
    'tests/auth-routes.test.js': testOf(
      'both routes are there',
      'routes/auth-routes.js',
      "  expect(it.routes.map(({ path }) => path)).toEqual(['/register', '/login'])",
    ),
  }
  const service = (check: string) =>
    `import { create, findByEmail } from '../repositories/user-repository.js'\n${check === '' ? '' : "import { problemOf } from './validation.js'\n"}export async function register(email, password) {\n${check}  return await create({ email, password })\n}\nexport const login = async (email, password) => (await findByEmail(email))?.password === password\n`
  const repository = (key: string) =>
    `const users = new Map()\nexport const create = async (user) => void users.set(user.${key}, user)\nexport const findByEmail = async (email) => users.get(email)\n`
  // (The service is imported by a path that jest cannot see, so that this test is not related to it before its own task.)
  /** What the model writes for each task; the repository is wrong until jest's complaint is in the request. */
  const work: Readonly<Record<string, (heard: string) => Readonly<Record<string, string>>>> = {
    'user.js': () => ({
      'src/models/user.js':
        'export class User {\n  constructor(name, email, password_hash) {\n    Object.assign(this, { name, email, password_hash })\n  }\n}\n',
    }),
    'user-repository.js': (heard) => ({
      'src/repositories/user-repository.js': repository(
        heard.includes('Received: undefined') ? 'email' : 'id',
      ),
    }),
    'auth-service.js': () => ({ 'src/services/auth-service.js': service('') }),
    'input validation': () => ({
      'src/services/validation.js':
        "export const problemOf = (email, password) =>\n  !email.includes('@') ? 'no mail address' : password.length < 8 ? 'password too short' : null\n",
      'src/services/auth-service.js': service(
        '  const problem = problemOf(email, password)\n  if (problem !== null) throw new Error(problem)\n',
      ),
    }),
    'auth-routes.js': () => ({
      'src/routes/auth-routes.js':
        "import { login, register } from '../services/auth-service.js'\nexport const routes = [\n  { path: '/register', handler: register },\n  { path: '/login', handler: login },\n]\n",
    }),
  }

  test('does the five tasks of its plan; a failed attempt is fed back with what jest printed', async () => {
    const cwd = temporaryDirectory()
    const project = join(cwd, 'my-project')
    mkdirSync(join(project, 'tests'), { recursive: true })
    for (const file of ['plan.txt', 'prompt.md'])
      cpSync(join(PROGRAMS, 'my-project', file), join(project, file))
    const files: Readonly<Record<string, string>> = {
      ...tests,
      '.gitignore': 'node_modules\n',
      // Only the tests of what is written so far.
      'package.json': JSON.stringify({
        private: true,
        type: 'module',
        jest: { testEnvironment: 'node', transform: {} },
        scripts: { test: `${jest} --ci --colors=false --findRelatedTests $(find src -name '*.js')` },
      }),
    }
    for (const [path, text] of Object.entries(files)) writeFileSync(join(project, path), text)
    const modules = join(ROOT, 'node_modules')
    symlinkSync(modules, join(project, 'node_modules'))
    const git = (...args: string[]) => execFileSync('git', ['-C', project, ...args], { encoding: 'utf8' })
    git('init', '-q')
    git('add', '-A')
    git('-c', 'user.name=A', '-c', 'user.email=a@b.c', 'commit', '-qm', 'tests first')

    const model = await startOpenAIServer()
    model.always(({ body: { messages } }) => {
      if (messages.at(-1)!.role === 'tool') return { text: 'Written.' }
      const task = taskOf(messages)
      const [, written] = Object.entries(work).find(([name]) => task.includes(name))!
      return {
        toolCalls: Object.entries(written(JSON.stringify(messages))).map(([path, content]) => ({
          name: 'write_file',
          arguments: JSON.stringify({ path, content }),
        })),
      }
    })
    const program = readFileSync(join(PROGRAMS, 'ch25-09-tdd-code-builder.neam'), 'utf8')
      .replace('provider: "anthropic"', 'provider: "openai"')
      .replace('model: "claude-sonnet-4"', 'model: "gpt-4o"')
    writeFileSync(join(cwd, 'tdd.neam'), program)
    const { code, stdout, stderr } = await runBin('neam', ['tdd.neam'], {
      cwd,
      env: { OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'test', PATH: process.env.PATH ?? '' },
    })
    expect({ code, stderr, lines: stdout.split('\n') }).toEqual({
      code: 0,
      stderr: '',
      lines: expect.arrayContaining([
        '[verify] Task succeeded after retry on iteration 3.',
        'Iterations used: 6',
        'Tasks completed: 5/5',
        'SUCCESS: All tasks completed and verified.',
        'Final message: All 5 tasks verified successfully.',
      ]),
    })

    // Jest's complaint reached the model whole, in the iteration after the failed one and only there.
    const fedBack = model.requests.filter((request) =>
      sent(request).includes('Verification failed on iteration 2.'),
    )
    const plan = readFileSync(join(project, 'plan.txt'), 'utf8').trim().split('\n')
    expect(sent(fedBack[0])).toContain('a user is found by its mail address')
    expect(new Set(fedBack.map(({ body }) => taskOf(body.messages)))).toEqual(new Set([plan[1]]))
    expect(git('log', '--reverse', '--format=%s').trim().split('\n')).toEqual([
      'tests first',
      ...plan.map((task) => `forge: ${task}`),
    ])
    // What failed was never committed, and the tests are as they were.
    expect(
      git('log', '--format=%h', '--', 'src/repositories/user-repository.js').trim().split('\n'),
    ).toHaveLength(1)
    expect(git('show', 'HEAD:src/repositories/user-repository.js')).toContain('users.set(user.email')
    expect(git('diff', '--stat', 'HEAD~5', '--', 'tests')).toBe('')
  }, 120_000)
})
