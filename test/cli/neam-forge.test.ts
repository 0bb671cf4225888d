import { execFileSync } from 'node:child_process'
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { startOpenAIServer } from '../support/openai-server.ts'
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
  expect(again.stderr).toBe(
    '[neam-forge] nothing to do: plan.txt and progress.jsonl in the workspace say that all tasks are done\n',
  )
  expect(commits(join(directory, 'work'))).toEqual(log)
})

describe('--json', () => {
  const cwd = temporaryDirectory()
  writeFileSync(
    join(cwd, 'talks.neam'),
    `fun check(ctx) { print("checked"); emit "checked"; return true; }
     forge agent talks { provider: "openai" model: "gpt-4o" verify: check workspace: "work" checkpoint: "none" }`,
  )
  const args = ['--agent', 'talks.neam', '--offline', '--json']

  test('prints the outcome as one line of stdout, whatever the program prints', async () => {
    const { code, stdout, stderr } = await runBin('neam-forge', args, { cwd })
    expect([code, stdout.split('\n').length]).toEqual([0, 2])
    expect(JSON.parse(stdout)).toEqual({
      outcome: 'completed',
      iterations: 1,
      total_cost: 0,
      total_tokens: expect.any(Number),
      message: 'All tasks verified',
      tasks_completed: 1,
      tasks_total: 1,
    })
    expect(stderr).toContain('checked')
  })

  test('prints a dry run so, too', async () => {
    const { stdout } = await runBin('neam-forge', [...args, '--dry-run'], { cwd })
    expect(Object.keys(JSON.parse(stdout))).toEqual([
      'agent',
      'provider',
      'model',
      'workspace',
      'workspace_exists',
      'checkpoint',
      'max_iterations',
      'max_cost',
      'max_tokens',
      'tasks',
      'tasks_completed',
      'tasks_total',
      'next_task',
      'prompt',
      'first_call_cost',
      'warnings',
    ])
  })
})

describe('what a plan, a model or a command wrote', () => {
  const cwd = temporaryDirectory()
  mkdirSync(join(cwd, 'work'))
  writeFileSync(join(cwd, 'work/plan.txt'), 'one\u001b[2Jtwo \u202egnp.exe\r\n')
  writeFileSync(
    join(cwd, 'red.neam'),
    `fun check(ctx) { if (ctx.iteration > 1) { return true; } return exec("printf '\\\\033[31mred\\\\033[0m\\\\rdone'").stdout; }
     forge agent red { provider: "openai" model: "gpt-4o" verify: check workspace: "work" checkpoint: "none" loop { plan_file: "plan.txt" } }`,
  )
  const args = ['--agent', 'red.neam', '--offline']

  test('is shown by a dry run without colours, and cannot move the cursor or hide', async () => {
    const { stdout } = await runBin('neam-forge', [...args, '--dry-run'], { cwd })
    expect(stdout).toContain('  [ ] onetwo \\u202egnp.exe\n')
    expect(stdout).toContain('next        onetwo \\u202egnp.exe\n')
  })

  test('is shown by a run so, too', async () => {
    const { stderr } = await runBin('neam-forge', args, { cwd })
    expect(stderr).toContain('Iteration 1 (onetwo \\u202egnp.exe): retry: red\\u000ddone [$0.0000]\n')
  })
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

describe('--dry-run', () => {
  const wordCount = ['--agent', join(ROOT, 'examples/word-count/word-count.neam'), '--offline', '--dry-run']

  test('prints plan, prompt and ceiling, and writes nothing', async () => {
    const directory = temporaryDirectory()
    cpSync(join(ROOT, 'examples/word-count/workspace'), join(directory, 'work'), { recursive: true })
    const before = readdirSync(directory, { recursive: true })
    const { code, stdout, stderr } = await runBin('neam-forge', [...wordCount, '--workspace', 'work'], {
      cwd: directory,
    })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const lines = stdout.split('\n')
    expect(lines).toEqual(
      expect.arrayContaining([
        `workspace   ${join(directory, 'work')}`,
        'checkpoint  git',
        'tasks       0 of 3 done',
        expect.stringMatching(/^ {2}\[ \] Write src\/words\.py/),
        expect.stringMatching(/^next {8}Write src\/words\.py/),
        expect.stringMatching(/^prompt {6}about \d+ tokens in \d messages and \d tools$/),
        expect.stringMatching(/^cost {8}at most \$0 for the first model call, \$\d+ in all$/),
      ]),
    )
    expect(readdirSync(directory, { recursive: true })).toEqual(before)
  })

  test('exits with 1 and says why when the run could not begin', async () => {
    const directory = temporaryDirectory()
    cpSync(join(ROOT, 'examples/word-count/workspace'), join(directory, 'work'), { recursive: true })
    writeFileSync(join(directory, 'work/mine.txt'), 'x')
    const args = [...wordCount, '--workspace', 'work']
    const { code, stdout, stderr } = await runBin('neam-forge', args, { cwd: directory })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toBe(
      `neam-forge: checkpoint "git": ${join(directory, 'work')} is not empty and not a git repository; run \`git init\` there first\n`,
    )
    expect(readdirSync(directory)).toEqual(['work'])
  })

  test('as JSON, of a workspace that is not there yet', async () => {
    const directory = temporaryDirectory()
    const { stdout } = await runBin(
      'neam-forge',
      [...wordCount, '--workspace', 'fresh', '--max-cost', '2', '--json'],
      {
        cwd: directory,
      },
    )
    expect(JSON.parse(stdout)).toMatchObject({
      workspace: join(directory, 'fresh'),
      workspace_exists: false,
      max_cost: 2,
      tasks: null,
      next_task: '',
      warnings: ['plan', 'prompt'].map((file) => expect.stringMatching(`^${file} file .* does not exist`)),
    })
    expect(readdirSync(directory)).toEqual([])
  })
})

test.each([
  ['no/such', 'neither it nor the folder'],
  ['agents.neam', 'is a file; it names a folder'],
])('--workspace %s is refused by a dry run as it is by a run', async (workspace, message) => {
  const cwd = freshDirectory()
  for (const more of [[], ['--dry-run'], ['--dry-run', '--json']]) {
    const args = ['--agent', 'agents.neam', '--offline', '--workspace', workspace, ...more]
    const { code, stdout, stderr } = await runBin('neam-forge', args, { cwd })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain(`neam-forge: --workspace ${workspace}`)
    expect(stderr).toContain(message)
  }
  expect(readdirSync(cwd)).toEqual(['agents.neam'])
})

describe('a workspace', () => {
  test('that does not exist is made, and that is said', async () => {
    const directory = freshDirectory()
    const { stderr } = await runBin(
      'neam-forge',
      ['--agent', 'agents.neam', '--offline', '--workspace', 'typo'],
      {
        cwd: directory,
      },
    )
    expect(stderr).toContain('[neam-forge] --workspace typo does not exist: it is made, empty\n')
  })

  test('in a folder that does not exist is refused, and nothing is made', async () => {
    const directory = freshDirectory()
    const args = ['--agent', 'agents.neam', '--offline', '--workspace', 'no/such']
    const { code, stderr } = await runBin('neam-forge', args, { cwd: directory })
    expect([code, stderr]).toEqual([
      1,
      `neam-forge: --workspace no/such: neither it nor the folder ${join(directory, 'no')} exists\n`,
    ])
    expect(readdirSync(directory)).toEqual(['agents.neam'])
  })

  test('with uncommitted changes is told about before they are committed', async () => {
    const directory = freshDirectory()
    const workspace = join(directory, 'work')
    mkdirSync(workspace)
    const git = (...args: string[]) => execFileSync('git', ['-C', workspace, ...args], { stdio: 'pipe' })
    git('init', '-q')
    writeFileSync(join(workspace, 'a.txt'), 'one')
    git('add', '.')
    git('-c', 'user.name=A', '-c', 'user.email=a@b', 'commit', '-qm', 'first')
    writeFileSync(join(workspace, 'a.txt'), 'changed')
    writeFileSync(join(workspace, 'new é.txt'), 'new')
    writeFileSync(join(workspace, 'plan.md'), 'Write src/main.py and tests/test_main.py')
    const args = ['--agent', 'agents.neam', '--offline', '--workspace', 'work']
    const { stderr } = await runBin('neam-forge', args, { cwd: directory })
    expect(stderr).toContain(
      'warning: code_builder: uncommitted changes in the workspace (a.txt, new é.txt): the first checkpoint commits them with its task\n',
    )
  })
})

/** Begins a run of `patient.neam` whose process is killed while the model keeps iteration 2 waiting. Answers its exit code. */
async function killedInIteration2(cwd: string): Promise<number | null> {
  const model = await startOpenAIServer()
  model.script({ text: 'Done.' })
  model.always({ fault: 'hang' })
  const { code } = await runBin('neam-forge', ['--agent', 'patient.neam'], {
    cwd,
    env: { OLLAMA_HOST: model.url },
    onStderr: (text, child) => {
      if (text.includes('Iteration 1')) child.kill('SIGKILL')
    },
  })
  await model.close()
  return code
}

describe('--resume', () => {
  test('goes on with a run that was killed, under its own id', async () => {
    const directory = temporaryDirectory()
    writeFileSync(
      join(directory, 'patient.neam'),
      `fun third(ctx) { if (ctx.iteration >= 3) { return true; } return "not yet"; }
       forge agent patient { provider: "ollama" model: "llama3" verify: third workspace: "./work" }`,
    )
    const args = ['--agent', 'patient.neam', '--offline']
    expect(await killedInIteration2(directory)).toBeNull()
    const [run] = readdirSync(join(directory, '.neam/state/forge/patient/runs'))
    const resumed = await runBin('neam-forge', [...args, '--resume'], { cwd: directory })
    expect(resumed.stderr).toContain(`[neam-forge] resuming run ${run}\n`)
    expect(resumed.stdout).toContain('{outcome: "completed", iterations: 3,')
    expect(readdirSync(join(directory, '.neam/state/forge/patient/runs'))).toEqual([run])
    const again = await runBin('neam-forge', [...args, '--resume'], { cwd: directory })
    expect([again.code, again.stderr]).toEqual([
      1,
      'neam-forge: forge agent patient has no run to resume: its newest run ended as completed (All tasks verified)\n',
    ])
  })

  describe('of a run that was killed', () => {
    const args = ['--agent', 'patient.neam', '--offline', '--resume']
    let killed: string
    let cwd: string
    beforeAll(async () => {
      killed = temporaryDirectory()
      mkdirSync(join(killed, 'work'))
      writeFileSync(join(killed, 'work/plan.txt'), 'one\ntwo\n')
      writeFileSync(
        join(killed, 'patient.neam'),
        `fun third(ctx) { if (ctx.iteration >= 3) { return true; } return "not yet"; }
       forge agent patient { provider: "ollama" model: "llama3" verify: third workspace: "./work" checkpoint: "none" loop { plan_file: "plan.txt" } }`,
      )
      await killedInIteration2(killed)
    })
    beforeEach(() => {
      cwd = temporaryDirectory()
      cpSync(killed, cwd, { recursive: true })
      // The record names its workspace.
      const config = join(cwd, '.neam/state/forge/patient/runs', run(), 'config.json')
      writeFileSync(config, readFileSync(config, 'utf8').replaceAll(killed, cwd))
    })
    const run = () => readdirSync(join(killed, '.neam/state/forge/patient/runs'))[0]!

    test('by another program is refused, and the run is there for its own', async () => {
      const program = readFileSync(join(cwd, 'patient.neam'), 'utf8')
      writeFileSync(join(cwd, 'patient.neam'), program.replace('not yet', 'not quite'))
      const refused = await runBin('neam-forge', args, { cwd })
      expect(refused).toEqual({
        code: 1,
        stdout: '',
        stderr: `neam-forge: forge agent patient has no run to resume: its run ${run()} was begun by another version of the program: give that one, or start again without --resume, which keeps verified tasks\n`,
      })
      writeFileSync(join(cwd, 'patient.neam'), program)
      const { code, stdout } = await runBin('neam-forge', args, { cwd })
      expect([code, stdout]).toEqual([0, expect.stringContaining('{outcome: "completed", iterations: 4,')])
    })

    test('takes a plan that was changed meanwhile as it is now', async () => {
      writeFileSync(join(cwd, 'work/plan.txt'), 'ONE\ntwo\n')
      const { code, stdout, stderr } = await runBin('neam-forge', args, { cwd })
      expect([code, stdout]).toEqual([
        0,
        expect.stringContaining('iterations: 4, total_cost: 0, message: "All 2 tasks verified'),
      ])
      expect(stderr).toContain('Iteration 3 (ONE): done')
    })

    test('whose plan was removed meanwhile ends, and says so', async () => {
      rmSync(join(cwd, 'work/plan.txt'))
      const { code, stdout } = await runBin('neam-forge', args, { cwd })
      expect([code, stdout]).toEqual([1, expect.stringContaining('it was removed during the run')])
    })

    test.each([
      ['HEAD.json', ''],
      ['config.json', 'runs/RUN/'],
      ['iter.000001.done.json', 'runs/RUN/'],
    ])(
      'whose record %s is damaged is left as it is, and who knows what to do is named',
      async (name, folder) => {
        const file = join(cwd, '.neam/state/forge/patient', folder.replace('RUN', run()), name)
        writeFileSync(file, '{"agent":')
        expect(await runBin('neam-forge', [...args, '--json'], { cwd })).toEqual({
          code: 1,
          stdout: '',
          stderr: `neam-forge: ${file} is damaged: it is not a JSON object; neam-cli doctor says what to do\n`,
        })
        expect((await runBin('neam-cli', ['doctor'], { cwd })).stdout).toContain(`damaged_record  ${file}`)
      },
    )

    test('whose lease is damaged: a start says so, and when it is over', async () => {
      const file = join(cwd, '.neam/state/forge/patient/run.0000000001.json')
      writeFileSync(file, '{"agent":')
      const { code, stderr } = await runBin('neam-forge', args.slice(0, -1), { cwd })
      expect([code, stderr]).toEqual([
        1,
        expect.stringMatching(
          /patient\/run is damaged: the newest lease does not say whose run it is; it is free again in \d+ s; neam-cli doctor says what to do\n$/,
        ),
      ])
    })

    test('is refused a second start, which says how it is stopped or gone on with', async () => {
      const { code, stderr } = await runBin('neam-forge', args.slice(0, -1), { cwd })
      expect([code, stderr]).toEqual([
        1,
        `neam-forge: forge agent patient is already running (run ${run()}): it ends with Ctrl-C where it runs, or on a server: GET /api/v1/forge/patient/status shows it, POST /api/v1/forge/patient/stop ends it; if its process was killed, neam-forge --resume goes on with it\n`,
      ])
    })
  })

  test('has nothing to take up before a first run', async () => {
    const { code, stderr } = await runBin('neam-forge', ['--agent', 'agents.neam', '--offline', '--resume'], {
      cwd: freshDirectory(),
    })
    expect([code, stderr]).toEqual([
      1,
      'neam-forge: forge agent code_builder has no run to resume: it was never started here\n',
    ])
  })

  test.each(['--max-cost=2', '--workspace=x', '--dry-run'])('and %s do not go together', async (flag) => {
    const { code, stderr } = await runBin('neam-forge', ['--agent', 'agents.neam', '--resume', flag], {
      cwd: freshDirectory(),
    })
    expect([code, stderr]).toEqual([2, `neam-forge: --resume and ${flag.split('=')[0]} do not go together\n`])
  })
})

test('what deserves a look is told while the run goes on, and each once', async () => {
  const cwd = temporaryDirectory()
  writeFileSync(
    join(cwd, 'builder.neam'),
    `fun check(ctx) { exec("echo '{\\"task\\": \\"mine\\"}' >> progress.jsonl"); return true; }
forge agent Builder { provider: "openai" model: "gpt-4o" verify: check workspace: "work" checkpoint: "none"
  loop { plan_file: "plan.txt" progress_file: "progress.jsonl" prompt_file: "prompt.md" } }`,
  )
  mkdirSync(join(cwd, 'work'))
  writeFileSync(join(cwd, 'work/plan.txt'), 'one\ntwo\nthree\n')
  const { code, stderr } = await runBin('neam-forge', ['--agent', 'builder.neam', '--offline'], { cwd })
  expect(code).toBe(0)
  expect(stderr.split('\n').filter((line) => line.startsWith('warning: '))).toEqual([
    'warning: Builder: prompt file prompt.md does not exist: running without it',
    'warning: Builder: progress file progress.jsonl: 1 line written by others during the run ignored',
    'warning: Builder: progress file progress.jsonl: 2 lines written by others during the run ignored',
  ])
})

describe('what cannot be run', () => {
  const cwd = freshDirectory()
  writeFileSync(join(cwd, 'broken.neam'), 'forge agent {')
  writeFileSync(join(cwd, 'none.neam'), 'emit 1;')

  test.each([
    [
      'no --agent',
      [],
      2,
      /^neam-forge: --agent is required: neam-forge --agent FILE; see neam-forge --help\n$/,
    ],
    ['a program without its flag', ['agents.neam'], 2, 'did you mean --agent agents.neam?'],
    [
      'a workspace of a variable that is not set',
      ['--agent', 'agents.neam', '--offline', '--workspace', ''],
      2,
      /^neam-forge: --workspace is empty; it names the directory to work in\n$/,
    ],
    [
      'an unknown flag',
      ['--agent', 'agents.neam', '--max-iteration', '3'],
      2,
      'did you mean --max-iterations?',
    ],
    [
      'more iterations than a run can have',
      ['--agent', 'agents.neam', '--max-iterations', '9999999'],
      2,
      'neam-forge: --max-iterations must be a whole number from 1 to 100000, got "9999999"\n',
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
    if (typeof message === 'string') expect(stderr).toContain(message)
    else expect(stderr).toMatch(message)
    expect({ code, stdout }).toEqual({ code: expected, stdout: '' })
  })
})
