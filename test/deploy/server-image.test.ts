import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { ROUTES } from '../../lambda/routes.ts'
import packageJson from '../../package.json' with { type: 'json' }
import { VARIABLES } from '../../runtime/variables.ts'
import { argumentsOf, copyContext, isIgnored, stagesOf } from '../support/dockerfile.ts'
import { page } from '../support/docs.ts'
import { fetch } from '../support/fetch.ts'
import { ROOT, startCommand } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const [build, packages, final] = stagesOf('Dockerfile')
const ENTRYPOINT = 'deploy/entrypoint.sh'

/** Variables of the image, by name. */
const ENV = Object.fromEntries(
  argumentsOf(final!, 'ENV').flatMap((line) =>
    line.split(' ').map((pair) => pair.split('=') as [string, string]),
  ),
) as Readonly<Record<string, string>>

/** Copies of the last stage: stage, source and destination. */
const COPIES = argumentsOf(final!, 'COPY').map((line) => {
  const [, stage, from, to] = /^--from=(\w+) (\S+) (\S+)$/.exec(line)!
  return { stage: stage!, from: from!, to: to! }
})

/** A user to whom nothing of the image belongs, and who has no name; ours when we may not become another. */
const uid = process.getuid?.() === 0 ? { uid: 54_321 } : {}

describe('Dockerfile', () => {
  test('has the Node that the tests run on, in every stage', () => {
    const image = `node:${packageJson.devDependencies.node}-trixie-slim`
    expect([build, packages, final].map((stage) => stage![0]![1].replace(/ AS \w+$/, ''))).toEqual(
      Array(3).fill(image),
    )
  })

  test('installs what the lock file says before it copies a source, which would make every change an installation', () => {
    for (const [stage, flags] of [
      [build!, ''],
      [packages!, '--omit=dev --omit=optional '],
    ] as const) {
      expect(stage.slice(1, 4)).toEqual([
        ['WORKDIR', '/build'],
        ['COPY', 'package.json package-lock.json ./'],
        ['RUN', expect.stringMatching(`^npm ci ${flags}--ignore-scripts --no-audit --no-fund( && find |$)`)],
      ])
    }
  })

  test('leaves out no optional package but those of the TypeScript compiler', () => {
    const { packages: locked } = JSON.parse(page('package-lock.json')) as {
      packages: Record<string, { dev?: boolean; optional?: boolean; devOptional?: boolean }>
    }
    const left = Object.entries(locked).filter(([, one]) => !one.dev && (one.optional || one.devOptional))
    expect(
      left.map(([path]) => path).filter((path) => !/^node_modules\/(@typescript\/)?typescript/.test(path)),
    ).toEqual([])
  })

  test('copies only what Docker gets, and no secret is among it', () => {
    for (const path of ['package.json', 'package-lock.json', ENTRYPOINT, 'examples/container/main.neam'])
      expect([path, existsSync(join(ROOT, path)), isIgnored(path)]).toEqual([path, true, false])
    for (const path of [
      '.env',
      'programs/.env',
      'programs/.neam/sessions/a/u/current.jsonl',
      '.git/HEAD',
      'deploy/x',
    ])
      expect([path, isIgnored(path)]).toEqual([path, true])
  })

  test('sets only variables that the programs read, and HOME', () => {
    const told = VARIABLES.flatMap(({ variables }) => variables.map(({ name }) => name))
    expect(Object.keys(ENV).filter((name) => !told.includes(name))).toEqual(['HOME'])
  })

  test('is labelled with the version and the license of the package', () => {
    expect(argumentsOf(final!, 'LABEL')[0]!.split(' ')).toEqual([
      'org.opencontainers.image.title=neam-agents',
      `org.opencontainers.image.version=${packageJson.version}`,
      `org.opencontainers.image.licenses=${packageJson.license}`,
    ])
  })

  test('exposes the port that is served, and asks it whether the process is alive', () => {
    const [health] = argumentsOf(final!, 'HEALTHCHECK')
    expect(argumentsOf(final!, 'EXPOSE')).toEqual([ENV.NEAM_PORT])
    const [, path] = /http:\/\/localhost:\$\{NEAM_PORT\}(\/\w+)"/.exec(health!)!
    expect(ROUTES.find((route) => route.method === 'GET' && route.path === path)?.credential).toBe('open')
  })

  test('runs as a user that Kubernetes sees is not root, who owns the volumes', () => {
    const [user] = argumentsOf(final!, 'USER')
    expect(user).toMatch(/^[1-9]\d*:[1-9]\d*$/)
    const volumes = JSON.parse(argumentsOf(final!, 'VOLUME')[0]!) as string[]
    expect(volumes).toEqual([ENV.NEAM_SESSIONS_DIR, ENV.NEAM_WORKSPACE_DIR])
    const made = argumentsOf(final!, 'RUN').find((command) => command.includes('install -d'))!
    for (const volume of volumes) expect(made).toContain(` ${volume}`)
  })

  test('drains before `docker stop` kills after ten seconds; what is cut off takes two', () => {
    expect(Number(ENV.NEAM_DRAIN_SECONDS) + 2).toBeLessThan(10)
  })

  test('has git for checkpoints, curl for the health checks of the book, and a first process that ends orphans', () => {
    const installed = argumentsOf(final!, 'RUN')[0]!.split(' ')
    expect(installed).toEqual(expect.arrayContaining(['git', 'curl', 'tini', 'ca-certificates']))
    expect(JSON.parse(argumentsOf(final!, 'ENTRYPOINT')[0]!)).toEqual(['tini', '--', 'neam-entrypoint'])
  })
})

describe('the image, built here step by step from what Docker gets', () => {
  /** `/` of the image. */
  const root = temporaryDirectory()
  const inside = (text: string): string =>
    text.replaceAll(/(?<![\w.])\/(image|opt\/neam|usr\/local\/bin|home\/neam)\b/g, `${root}/$1`)
  const env: Readonly<Record<string, string>> = {
    ...Object.fromEntries(Object.entries(ENV).map(([name, value]) => [name, inside(value)])),
    PATH: `${root}/usr/local/bin:${dirname(process.execPath)}:/usr/bin:/bin`,
    TMPDIR: join(root, 'tmp'),
  }
  const entrypoint = join(root, 'usr/local/bin/neam-entrypoint')
  const options = { cwd: join(root, 'home/neam'), env, ...uid }

  beforeAll(() => {
    const context = join(root, 'build')
    copyContext(context)
    symlinkSync(join(ROOT, 'node_modules'), join(context, 'node_modules'))
    const shell = (command: string) =>
      execFileSync('sh', ['-c', `umask 077; ${inside(command)}`], {
        cwd: context,
        env: { ...process.env, AGENTS: argumentsOf(build!, 'ARG')[0]!.replace('AGENTS=', '') },
        stdio: 'pipe',
      })
    for (const command of argumentsOf(build!, 'RUN').slice(1)) shell(command)
    for (const { stage, from, to } of COPIES) {
      // COPY puts a file into a destination that ends in a slash, and what is in a folder into any.
      const source = stage === 'packages' ? join(context, 'node_modules') : join(root, from)
      const destination = join(root, to.endsWith('/') ? to + basename(from) : to)
      mkdirSync(dirname(destination), { recursive: true })
      if (stage === 'packages') symlinkSync(source, destination)
      else cpSync(source, destination, { recursive: true })
    }
    shell(argumentsOf(final!, 'RUN').at(-1)!)
    for (const volume of [env.NEAM_SESSIONS_DIR!, env.NEAM_WORKSPACE_DIR!, env.TMPDIR!]) {
      mkdirSync(volume, { recursive: true })
      if (uid.uid !== undefined) chownSync(volume, uid.uid, uid.uid)
    }
    chmodSync(root, 0o755)
    for (const folder of ['opt', 'opt/neam', 'usr', 'usr/local', 'usr/local/bin', 'home', 'home/neam'])
      chmodSync(join(root, folder), 0o755)
  }, 120_000)

  test.each(Object.keys(packageJson.bin))('runs %s when it is named first', (program) => {
    const { stdout, status } = spawnSync(entrypoint, [program, '--help'], { ...options, encoding: 'utf8' })
    expect([status, stdout]).toEqual([0, expect.stringContaining(`Usage: ${program} `)])
  })

  test('serves its program without an argument, to others than itself, and ends with 0 at SIGTERM', async () => {
    const server = await startCommand(entrypoint, [], {
      ...options,
      env: { ...env, NEAM_PORT: '0', NEAM_OFFLINE: '1' },
    })
    const claw = await fetch(`${server.url}/api/v1/claw`)
    expect(await claw.json()).toMatchObject({ claw_agents: [{ name: 'support' }, { name: 'tutor' }] })
    const forge = await fetch(`${server.url}/api/v1/forge`)
    expect(await forge.json()).toMatchObject({ forge_agents: [{ name: 'page_builder' }] })
    expect(server.log()).toContain('0.0.0.0 is reachable from other machines: set NEAM_API_KEY')
    expect(await server.stop()).toBe(0)
    expect(server.log()).toContain(`at most ${ENV.NEAM_DRAIN_SECONDS} s`)
  })

  test('takes arguments for the server as well, and they win', async () => {
    const args = ['--program', join(root, 'home/neam/agents/build_pipeline.neam'), '--port', '0', '--offline']
    const server = await startCommand(entrypoint, args, options)
    const answer = await fetch(`${server.url}/api/v1/claw`)
    expect(await answer.json()).toEqual({ claw_agents: [] })
    expect(await server.stop()).toBe(0)
  })

  test('runs a forge agent of a pipeline, with a commit, as a user without a name', () => {
    const workspace = env.NEAM_WORKSPACE_DIR!
    const args = [
      'neam-forge',
      '--agent',
      join(root, 'home/neam/agents/build_pipeline.neam'),
      '--workspace',
      workspace,
    ]
    const { stdout, stderr, status } = spawnSync(
      entrypoint,
      [...args, '--max-iterations', '10', '--offline'],
      {
        ...options,
        encoding: 'utf8',
      },
    )
    expect({ status, stdout, stderr }).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('"completed"'),
    })
    const git = ['-c', 'safe.directory=*', '-C', workspace]
    expect(execFileSync('git', [...git, 'log', '--format=%s'], { encoding: 'utf8' })).toBe(
      'forge: checkpoint\n',
    )
  })

  test('refuses what is no program of ours as an argument of the server', () => {
    const { stderr, status } = spawnSync(entrypoint, ['bash'], { ...options, encoding: 'utf8' })
    expect([status, stderr]).toEqual([2, expect.stringContaining('unexpected argument bash')])
  })

  test('holds no source maps, and nothing that only its owner may read', () => {
    const found = (...test: string[]) =>
      execFileSync('find', [join(root, 'opt'), join(root, 'home/neam/agents'), ...test], { encoding: 'utf8' })
    expect(found('-name', '*.map')).toBe('')
    expect(found('-not', '-type', 'l', '-not', '-perm', '-a=r')).toBe('')
    expect(statSync(entrypoint).mode & 0o111).toBe(0o111)
  })

  test('its entrypoint knows every program of the package', () => {
    const [, names] = /^ {2}(neam.*)\) exec "\$@"/m.exec(readFileSync(join(ROOT, ENTRYPOINT), 'utf8'))!
    expect(names!.split(' | ').toSorted()).toEqual(Object.keys(packageJson.bin).toSorted())
  })
})
