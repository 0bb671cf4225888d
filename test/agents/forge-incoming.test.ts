import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { dryRunForge } from '../../agents/forge/dry-run.ts'
import { runForge } from '../../agents/forge/run.ts'
import { startForge } from '../../agents/forge/start.ts'
import { forgeStatus } from '../../agents/forge/status.ts'
import { Fault, faultText } from '../../agents/ports/fault.ts'
import { treeWorkspaces } from '../../stores/tree/workspaces.ts'
import { ForgePlace, taskOf } from './forge-world.ts'

const start = (place: ForgePlace, incoming: object) =>
  startForge(place.boot(), { agent: 'Builder', driver: 'asl', ...incoming })

async function refusal(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  )
  return error instanceof Fault ? `${error.code}: ${faultText(error)}` : `no fault: ${error}`
}

describe('a start that brings files', () => {
  test('writes plan, prompt and files, and counts the tasks of the plan that came', async () => {
    const place = new ForgePlace({ files: { 'plan.txt': 'old task\n', 'src/old.txt': 'old' } })
    const config = await start(place, {
      plan: 'first task\nsecond task\n',
      prompt: 'Build it.',
      files: { './src//main.py': 'print(1)\n', 'logo.bin': new Uint8Array([0, 255, 10]) },
    })
    expect(config.tasksAtStart).toBe(2)
    expect([place.read('plan.txt'), place.read('prompt.md'), place.read('src/main.py')]).toEqual([
      'first task\nsecond task\n',
      'Build it.',
      'print(1)\n',
    ])
    expect([...readFileSync(join(place.workspace, 'logo.bin'))]).toEqual([0, 255, 10])
    expect(place.read('src/old.txt')).toBe('old')
    expect(await forgeStatus(place.boot(), 'Builder')).toMatchObject({ task: 'first task', tasks_total: 2 })
  })

  test('runs what it brought, and is checkpointed with it', async () => {
    const place = new ForgePlace({ agent: { checkpoint: 'git' } })
    const world = place.boot()
    await runForge(world, 'Builder', { plan: 'only task\n', files: { 'given.txt': 'kept' } })
    expect(place.requests.map(taskOf)).toEqual(['only task', 'only task'])
    expect(place.read('given.txt')).toBe('kept')
    expect(existsSync(join(place.workspace, '.git'))).toBe(true)
  })

  test.each<[string, object, RegExp]>([
    [
      'a plan without tasks',
      { plan: '# nothing\n' },
      /^plan_invalid: plan plan\.txt cannot be used: it has no tasks$/,
    ],
    [
      'a path that leads out',
      { files: { '../x': '' } },
      /^path_refused: path "\.\.\/x" is refused: it leads out/,
    ],
    [
      'an absolute path',
      { files: { '/etc/x': '' } },
      /^path_refused: path "\/etc\/x" is refused: it is absolute/,
    ],
    ['a path through a link', { files: { 'link/x': '' } }, /^path_refused: .*link is a symbolic link/],
    ['a path through a file', { files: { 'kept.txt/x': '' } }, /^path_refused: .*kept\.txt is not a folder/],
    ['a folder as a file', { files: { folder: '' } }, /^path_refused: .*it is a folder/],
    ['our own folder', { files: { '.neam/x': '' } }, /^path_refused: .*not open to programs/],
    [
      'one file twice',
      { files: { 'a.txt': '', './a.txt': '' } },
      /^bad_request: "\.\/a\.txt" is sent twice$/,
    ],
    ['the plan twice', { plan: 'x', files: { 'plan.txt': 'y' } }, /^bad_request: "plan\.txt" is sent twice$/],
    [
      'a file below a file',
      { files: { a: '', 'a/b': '' } },
      /^bad_request: a is a file, and a\/b needs it to be a folder$/,
    ],
    ['a file too large', { files: { big: 'x'.repeat(6_000_000) } }, /^path_refused: .*6000000 bytes/],
    [
      'too many files',
      { files: Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`f${n}`, ''])) },
      /^bad_request: 1001 files are sent; the limit is 1000$/,
    ],
    [
      'too many bytes',
      { files: Object.fromEntries(Array.from({ length: 5 }, (_, n) => [`f${n}`, 'x'.repeat(5_000_000)])) },
      /^bad_request: the files have 25000003 bytes; the limit is 20971520$/,
    ],
  ])('is refused for %s, and nothing is written', async (_what, incoming, message) => {
    const place = new ForgePlace({ files: { 'kept.txt': 'kept' } })
    mkdirSync(join(place.workspace, 'folder'))
    symlinkSync(place.directory, join(place.workspace, 'link'))
    const before = readdirSync(place.workspace)
    expect(await refusal(start(place, { prompt: 'new', ...incoming }))).toMatch(message)
    expect(readdirSync(place.workspace)).toEqual(before)
    expect(await forgeStatus(place.boot(), 'Builder')).toMatchObject({ last_outcome: 'not_started' })
  })

  test('is refused when the agent has no place for the prompt', async () => {
    const place = new ForgePlace({ loop: { promptFile: null } })
    expect(await refusal(start(place, { prompt: 'Build it.' }))).toBe(
      'bad_request: Builder declares no prompt_file, so prompt has no place; add it to the loop block',
    )
  })

  test('is refused while a run is live, and the files stay as they are', async () => {
    const place = new ForgePlace({ files: { 'plan.txt': 'old task\n' } })
    const { run } = await start(place, {})
    expect(await refusal(start(place, { plan: 'new task\n' }))).toBe(
      `already_running: forge agent Builder is already running (run ${run}): GET /api/v1/forge/Builder/status shows it, POST /api/v1/forge/Builder/stop ends it`,
    )
    expect(place.read('plan.txt')).toBe('old task\n')
  })

  test('that cannot be written ends the run that it began', async () => {
    const place = new ForgePlace()
    const full = new Fault('storage_full', { path: place.workspace })
    const world = place.boot(({ workspaces }) => ({
      workspaces: {
        ...workspaces,
        resolve: (agent, declared) => workspaces.resolve(agent, declared),
        open: async (root) => {
          const workspace = await workspaces.open(root)
          workspace.write = async () => await Promise.reject(full)
          return workspace
        },
      },
    }))
    const work = startForge(world, { agent: 'Builder', driver: 'asl', plan: 'a task\n' })
    expect(await refusal(work)).toMatch(/^storage_full/)
    expect(await forgeStatus(place.boot(), 'Builder')).toMatchObject({
      running: false,
      last_outcome: 'error',
      message: expect.stringContaining('no space left'),
    })
  })
})

describe('a folder beside the program', () => {
  /** A place whose program lies in a folder of its own, with `files` under the name of the workspace. */
  function placeWith(
    files: Readonly<Record<string, string>>,
    workspace: Readonly<Record<string, string>> = {},
  ) {
    const place = new ForgePlace({ files: workspace, agent: { checkpoint: 'git' } })
    const programDir = join(place.directory, 'programs')
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(programDir, path)), { recursive: true })
      writeFileSync(join(programDir, path), text)
    }
    const world = place.boot(() => ({
      workspaces: treeWorkspaces({ workspaceDir: place.directory, cwd: place.directory, programDir }),
    }))
    return { place, world }
  }
  const beside = {
    'project/plan.txt': 'first task\nsecond task\n',
    'project/src/given.txt': 'given',
    'project/.git/config': 'not copied',
    'other/plan.txt': 'not this one',
  }
  const request = { agent: 'Builder', driver: 'asl' } as const

  test('fills an empty workspace at its first start, plan included', async () => {
    const { place, world } = placeWith(beside)
    expect(await startForge(world, request)).toMatchObject({ tasksAtStart: 2 })
    expect([place.read('plan.txt'), place.read('src/given.txt')]).toEqual([
      'first task\nsecond task\n',
      'given',
    ])
    expect(place.read('.git/config')).not.toBe('not copied')
  })

  test('fills it with files of any name', async () => {
    const { place, world } = placeWith({ ...beside, 'project/__proto__': 'a', 'project/constructor': 'b' })
    await startForge(world, request)
    expect([place.read('__proto__'), place.read('constructor')]).toEqual(['a', 'b'])
  })

  test('yields to what the start brings', async () => {
    const { place, world } = placeWith(beside)
    const files = { 'src/given.txt': 'sent', 'plan.txt': new TextEncoder().encode('only task\n') }
    expect(await startForge(world, { ...request, files })).toMatchObject({ tasksAtStart: 1 })
    expect([place.read('plan.txt'), place.read('src/given.txt')]).toEqual(['only task\n', 'sent'])
  })

  test('shows in a dry run, which copies nothing', async () => {
    const { place, world } = placeWith(beside)
    expect(await dryRunForge(world, request)).toMatchObject({ tasks_total: 2, next_task: 'first task' })
    expect(readdirSync(place.workspace)).toEqual([])
  })

  test('leaves alone a workspace that holds anything, and one that somebody names', async () => {
    const { place, world } = placeWith(beside, { 'plan.txt': 'mine\n' })
    execFileSync('git', ['init', '-q'], { cwd: place.workspace })
    expect(await startForge(world, request)).toMatchObject({ tasksAtStart: 1 })
    expect(place.read('src/given.txt')).toBeNull()
    const named = placeWith(beside)
    const config = await startForge(named.world, { ...request, workspace: './elsewhere' })
    expect(readdirSync(config.workspace)).toEqual(['.git'])
  })

  test.each(['.', '..', '../x', '/tmp'])('is never %s', async (declared) => {
    const { world } = placeWith(beside)
    expect(await world.workspaces.beside(declared, '/nowhere')).toBeNull()
  })
})
