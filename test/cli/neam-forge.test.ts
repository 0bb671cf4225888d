import { execFileSync } from 'node:child_process'
import { copyFileSync, cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { runBin } from '../support/program.ts'
import { ROOT } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

function freshDirectory(): string {
  const directory = temporaryDirectory()
  copyFileSync(join(ROOT, 'examples/agents.neam'), join(directory, 'agents.neam'))
  return directory
}

const commits = (workspace: string): string[] =>
  execFileSync('git', ['-C', workspace, 'log', '--format=%s'], { encoding: 'utf8' }).trim().split('\n')

describe('chapter 28.10, step 2, in a fresh directory', () => {
  const directory = freshDirectory()
  const args = ['--agent', 'agents.neam', '--name', 'code_builder', '--workspace', './local_test']

  test('prints the chapter’s lines on stderr and the outcome on stdout, and exits with 0', async () => {
    const { code, stdout, stderr } = await runBin(
      'neam-forge',
      [...args, '--max-iterations', '3', '--verbose', '--offline'],
      { cwd: directory },
    )
    expect(stderr.split('\n')).toEqual(
      expect.arrayContaining([
        '[neam-forge] Compiling agents.neam...',
        '[neam-forge] Registered 4 skills, 1 guard, 1 channel',
        '[neam-forge] Found forge agent: code_builder',
        '[neam-forge] Applied overrides: workspace=./local_test, max_iterations=3',
        '[neam-forge] Starting forge loop...',
      ]),
    )
    expect(stdout).toMatch(
      /^\{outcome: "completed", iterations: [123], total_cost: 0, message: "All tasks verified"\}\n$/,
    )
    expect(code).toBe(0)
  })

  test('leaves both files and one commit', () => {
    const workspace = join(directory, 'local_test')
    expect(readFileSync(join(workspace, 'src/main.py'), 'utf8')).not.toBe('')
    expect(readFileSync(join(workspace, 'tests/test_main.py'), 'utf8')).not.toBe('')
    expect(commits(workspace)).toHaveLength(1)
  })
})

test('a plan is worked through task by task, one commit each, and again does nothing', async () => {
  const directory = temporaryDirectory()
  cpSync(join(ROOT, 'examples/word-count/workspace'), join(directory, 'work'), { recursive: true })
  const args = [
    '--agent',
    join(ROOT, 'examples/word-count/word-count.neam'),
    '--workspace',
    'work',
    '--offline',
    '--json',
  ]
  const first = await runBin('neam-forge', args, { cwd: directory })
  expect(JSON.parse(first.stdout)).toMatchObject({ outcome: 'completed', tasks_completed: 3, tasks_total: 3 })
  const log = commits(join(directory, 'work'))
  expect(log).toEqual([
    expect.stringMatching(/^forge: Write README.md/),
    expect.stringMatching(/^forge: Write tests\/test_words.py/),
    expect.stringMatching(/^forge: Write src\/words.py/),
  ])
  const again = await runBin('neam-forge', args, { cwd: directory })
  expect(JSON.parse(again.stdout)).toMatchObject({ outcome: 'completed', iterations: 0 })
  expect(commits(join(directory, 'work'))).toEqual(log)
})

test('an outcome other than Completed exits with 1', async () => {
  const directory = temporaryDirectory()
  writeFileSync(
    join(directory, 'never.neam'),
    `fun never(ctx) { return "not yet"; }
     forge agent never_done { provider: "openai" model: "gpt-4o" verify: never }`,
  )
  const { code, stdout } = await runBin(
    'neam-forge',
    ['--agent', 'never.neam', '--max-iterations', '2', '--offline'],
    { cwd: directory },
  )
  expect(stdout).toContain('{outcome: "max_iterations", iterations: 2,')
  expect(code).toBe(1)
})

test('Ctrl-C stops after the iteration in hand', async () => {
  const directory = temporaryDirectory()
  writeFileSync(
    join(directory, 'never.neam'),
    `fun never(ctx) { return "not yet"; }
     forge agent never_done { provider: "openai" model: "gpt-4o" verify: never loop { max_iterations: 2000 } }`,
  )
  let told = false
  const { code, stdout, stderr } = await runBin(
    'neam-forge',
    ['--agent', 'never.neam', '--offline', '--verbose'],
    {
      cwd: directory,
      onStderr: (text, child) => {
        if (told || !text.includes('Iteration 1')) return
        told = true
        child.kill('SIGINT')
      },
    },
  )
  expect(stderr).toContain('stopping after this iteration')
  expect(stdout).toContain('outcome: "aborted"')
  expect(stdout).toContain('stopped on request')
  expect(code).toBe(1)
})

describe('what cannot be run', () => {
  const cwd = freshDirectory()
  writeFileSync(join(cwd, 'broken.neam'), 'forge agent {')
  writeFileSync(join(cwd, 'none.neam'), 'emit 1;')

  test.each([
    ['no --agent', [], 2, '--agent is required'],
    [
      'an unknown flag',
      ['--agent', 'agents.neam', '--max-iteration', '3'],
      2,
      'did you mean --max-iterations?',
    ],
    ['a number that is none', ['--agent', 'agents.neam', '--max-iterations', 'three'], 2, 'got "three"'],
    ['a missing file', ['--agent', 'nowhere.neam'], 1, 'cannot read nowhere.neam'],
    ['a file that does not compile', ['--agent', 'broken.neam'], 1, 'broken.neam does not compile'],
    ['a file without forge agents', ['--agent', 'none.neam'], 1, 'no forge agents found in none.neam'],
    [
      'an unknown name',
      ['--agent', 'agents.neam', '--name', 'x'],
      1,
      "forge agent 'x' not found. Available: code_builder",
    ],
    ['a model without a key', ['--agent', 'agents.neam'], 1, 'set OPENAI_API_KEY, or use --offline'],
  ])('%s is said in one line', async (_what, args, expected, message) => {
    const { code, stdout, stderr } = await runBin('neam-forge', args, { cwd })
    expect(stderr).toContain(message)
    expect({ code, stdout }).toEqual({ code: expected, stdout: '' })
  })
})
