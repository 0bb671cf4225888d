import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { isIgnored, type Step, stagesOf } from '../support/dockerfile.ts'
import { ROOT } from '../support/server.ts'
import { resourcesOf, synthesize } from '../support/stack.ts'

describe('the image', () => {
  /** What CDK hands to `docker build`. */
  let context: string
  let commands: readonly string[]
  const [build, final] = stagesOf('Dockerfile.lambda')

  beforeAll(() => {
    const { template, directory } = synthesize({ program: 'examples/word-count/word-count.neam' })
    const images = readdirSync(directory).filter((name) =>
      existsSync(join(directory, name, 'Dockerfile.lambda')),
    )
    expect(images).toHaveLength(1)
    context = join(directory, images[0]!)
    commands = Object.values(resourcesOf(template, 'AWS::Lambda::Function')).flatMap(
      ({ Properties }) =>
        (Properties.ImageConfig as { readonly Command: string[] } | undefined)?.Command ?? [],
    )
  })

  test('is built from sources: no installed package, repository, key or state goes to Docker', () => {
    for (const path of [
      ...[
        '.git/HEAD',
        'node_modules/x/index.js',
        'test/lib/image.test.ts',
        'cdk.out/manifest.json',
        '.env',
        'dist/x',
      ],
      ...[
        'programs/.env',
        'programs/.env.local',
        'programs/app/.git/config',
        'programs/app/node_modules/x/y.js',
      ],
      ...['programs/.neam/sessions/A/u/current.jsonl', 'examples/a.neamb'],
    ]) {
      expect([path, isIgnored(path)]).toEqual([path, true])
    }
    for (const path of [
      'programs/app/main.neam',
      'programs/app/work/plan.txt',
      'lambda/api.ts',
      'tsconfig.json',
    ]) {
      expect([path, isIgnored(path)]).toEqual([path, false])
    }
    const bytes = readdirSync(context, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
    expect(bytes).toBeLessThan(8 * 2 ** 20)
  })

  test('every step of its build works on what Docker gets, and leaves what the functions need, readable to all', () => {
    symlinkSync(join(ROOT, 'node_modules'), join(context, 'node_modules'))
    const workspace = join(context, 'examples/word-count/word-count')
    mkdirSync(workspace)
    writeFileSync(join(workspace, 'plan.txt'), 'a task', { mode: 0o600 })
    const run = build!.filter(([name]) => name === 'RUN').map(([, command]) => command)
    expect(run[0]).toBe('npm ci --ignore-scripts --no-audit --no-fund')
    const task = join(context, 'task')
    const env = {
      ...process.env,
      PROGRAM: 'examples/word-count/word-count.neam',
      LAMBDA_TASK_ROOT: task,
    }
    for (const command of run.slice(1)) {
      execFileSync('sh', ['-c', `umask 077; ${command}`], { cwd: context, env, stdio: 'pipe' })
    }

    const copied = final!.filter(([name]) => name === 'COPY').map(([, argument]) => argument.split(' '))
    const root = `$${'{LAMBDA_TASK_ROOT}'}/`
    expect(copied.map(([from, , to]) => [from, to])).toEqual([
      ['--from=build', root],
      ['--from=build', `${root}bytecode/`],
    ])
    expect(copied.map(([, from]) => from)).toEqual([root, '/build/baked/'])
    const [code, program] = [task, join(context, 'baked')]
    for (const command of commands) {
      expect(existsSync(join(code, command.replace(/\.handler$/, '.mjs')))).toBe(true)
    }
    const files = readdirSync(code, { recursive: true }).map(String)
    expect(files.filter((file) => file.endsWith('.map'))).toEqual([])
    // empty here, where no runtime of Lambda's is: test/scripts/compile-cache.test.ts
    expect(files).toContain('compile-cache')
    const preload = final!.find(([name, argument]) => name === 'ENV' && argument.startsWith('NODE_OPTIONS='))
    expect(preload?.[1]).toBe('NODE_OPTIONS=--require=/var/task/compile-cache.cjs')
    expect(files).toContain('compile-cache.cjs')
    expect(readdirSync(program).toSorted()).toEqual(['word-count', 'word-count.neamb'])
    for (const entry of [code, program].flatMap((path) =>
      readdirSync(path, { recursive: true, withFileTypes: true }),
    )) {
      const needed = entry.isDirectory() ? 0o555 : 0o444
      expect(statSync(join(entry.parentPath, entry.name)).mode & needed).toBe(needed)
    }
  }, 120_000)

  test('has the Node that the bundles are built for, in both stages, and what installs first changes least', () => {
    const from = [build![0]![1], final![0]![1]]
    expect(from.map((image) => image.replace(/ AS \w+$/, ''))).toEqual(
      Array(2).fill('public.ecr.aws/lambda/nodejs:24'),
    )
    expect(readFileSync(join(ROOT, 'scripts/bundle.ts'), 'utf8')).toContain("target: 'node24'")
    const first = (stage: readonly Step[] | undefined) => stage!.slice(1, 5).map(([name]) => name)
    expect([first(build), first(final)]).toEqual([
      ['WORKDIR', 'COPY', 'RUN', 'COPY'],
      ['RUN', 'COPY', 'COPY', 'ENV'],
    ])
  })
})
