import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import packageJson from '../../package.json' with { type: 'json' }
import { VARIABLES } from '../../runtime/variables.ts'
import { argumentsOf, stagesOf } from '../support/dockerfile.ts'
import { commands, curl, page } from '../support/docs.ts'
import { fetch } from '../support/fetch.ts'
import { ROOT, type Server, startServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const PAGE = page('docs/containers.md')
const PRINTED = commands(PAGE)
const FINAL = stagesOf('Dockerfile').at(-1)!
const VOLUMES = JSON.parse(argumentsOf(FINAL, 'VOLUME')[0]!) as string[]

/** How keys are made. */
const IN_SHELL = /^(echo "NEAM_|openssl rand |mkdir -p secrets$|cp \S+ secrets\/)/

/** What is given to `docker run`, and to the image. */
const runs = PRINTED.filter((command) => command.startsWith('docker run ')).map((command) => {
  const [given, args] = command.split(/ neam-agents:latest ?/)
  return { command, given: given!, args: args! }
})

describe('docs/containers.md', () => {
  let server: Server
  beforeAll(async () => {
    server = await startServer(
      'bin/neam-api.js',
      ['--program', 'examples/container/main.neam', '--offline'],
      { NEAM_SESSIONS_DIR: join(temporaryDirectory(), 'sessions') },
    )
  })

  test('prints requests that a server of the image’s program answers', async () => {
    const [health, claw] = PRINTED.filter((command) => command.startsWith('curl '))
    expect(await curl(server.url, health!)).toMatchObject({ status: 200, answer: { status: 'ok' } })
    expect(await curl(server.url, claw!)).toMatchObject({ status: 200, answer: { claw_agents: [{}, {}] } })
  })

  test('builds what it runs', () => {
    const built = PRINTED.filter((command) => command.startsWith('docker build '))
    expect(built.filter((command) => !command.endsWith(' -t neam-agents:latest .'))).toEqual([])
    expect(runs.map(({ args }) => typeof args)).toEqual(runs.map(() => 'string'))
  })

  test('mounts over the volumes of the image, and gives it only variables that are read', () => {
    const mounted = runs.flatMap(({ given }) =>
      [...given.matchAll(/ -v "?[^ :]+:([^ "]+)"?/g)].map(([, to]) => to!),
    )
    expect(mounted.length).toBeGreaterThan(0)
    expect(mounted.filter((path) => !VOLUMES.includes(path))).toEqual([])
    const told = VARIABLES.flatMap(({ variables }) => variables.map(({ name }) => name))
    const given = runs.flatMap(({ given }) => [...given.matchAll(/ -e (\w+)/g)].map(([, name]) => name!))
    expect(given.length).toBeGreaterThan(0)
    expect(given.filter((name) => !told.includes(name))).toEqual([])
  })

  test('starts programs that the image has, with files that it holds', () => {
    const started = runs.flatMap(({ args }) => (args === '' ? [] : [args.split(' ')]))
    expect(started.map(([program]) => program)).toEqual(['neam-forge'])
    expect(Object.keys(packageJson.bin)).toContain('neam-forge')
    const files = PAGE.match(/\/home\/neam\/agents\/\w+\.neam/g)!
    for (const file of files)
      expect(existsSync(join(ROOT, file.replace('/home/neam/agents', 'examples/container')))).toBe(true)
  })

  test('tells what the image sets', () => {
    for (const pair of argumentsOf(FINAL, 'ENV').flatMap((line) => line.split(' '))) {
      const [name, value] = pair.split('=') as [string, string]
      if (name === 'HOME') continue
      const row = PAGE.split('\n').find((line) => line.startsWith('| ') && line.includes(`\`${name}\``))
      expect([name, row]).toEqual([
        name,
        expect.stringContaining(value === '0.0.0.0' ? 'all interfaces' : value),
      ])
    }
  })

  test('makes keys, in .env and in files, that a server takes', async () => {
    const cwd = temporaryDirectory()
    writeFileSync(join(cwd, 'openai-key'), 'sk-of-openai')
    const shell = PRINTED.filter((command) => IN_SHELL.test(command)).join('\n')
    execFileSync('sh', ['-ec', shell.replace('/path/to/', '')], { cwd })
    const [, key] = /^NEAM_API_KEY=([0-9a-f]{64})\n$/.exec(readFileSync(join(cwd, '.env'), 'utf8'))!
    const names = readdirSync(join(cwd, 'secrets')).toSorted()
    const { secrets } = parse(page('docker-compose.secrets.yaml')) as { secrets: object }
    expect(names).toEqual(Object.keys(secrets).toSorted())
    const inFile = readFileSync(join(cwd, 'secrets/NEAM_API_KEY'), 'utf8').trim()
    for (const [env, bearer] of [
      [{ NEAM_API_KEY: key! }, key],
      [{ NEAM_SECRETS_DIR: 'secrets', NEAM_API_KEY: key! }, inFile],
    ] as const) {
      const args = ['--program', join(ROOT, 'examples/container/main.neam'), '--offline']
      const production = await startServer('bin/neam-api.js', args, { ...env, NEAM_ENV: 'production' }, cwd)
      const headers = { authorization: `Bearer ${bearer}` }
      expect((await fetch(`${production.url}/api/v1/claw`, { headers })).status).toBe(200)
      await production.stop()
    }
  })

  test('prints no command that is neither run here nor needs Docker', () => {
    const elsewhere = /^(docker (build|run|logs|stop|start|exec|compose|tag|push) |kubectl |mkdir -p output$)/
    const here = (command: string) => command.startsWith('curl ') || IN_SHELL.test(command)
    expect(PRINTED.filter((command) => !elsewhere.test(command) && !here(command))).toEqual([])
  })
})
