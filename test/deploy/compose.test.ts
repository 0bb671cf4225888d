import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { ROUTES } from '../../lambda/routes.ts'
import { VARIABLES } from '../../runtime/variables.ts'
import { argumentsOf, stagesOf } from '../support/dockerfile.ts'
import { page } from '../support/docs.ts'
import { fetch } from '../support/fetch.ts'
import { runBin } from '../support/program.ts'
import { ROOT, startServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

interface Service {
  readonly build: { readonly args: Readonly<Record<string, string>> }
  readonly ports: readonly string[]
  readonly environment: readonly string[]
  readonly volumes: readonly string[]
  readonly command: readonly string[]
  readonly healthcheck: { readonly test: readonly string[] }
  readonly stop_grace_period: string
  readonly read_only: boolean
  readonly tmpfs: readonly string[]
  readonly secrets: readonly string[]
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>
  readonly volumes: Readonly<Record<string, unknown>>
  readonly secrets: Readonly<Record<string, { readonly file: string }>>
}

const compose: Compose = parse(page('docker-compose.yaml'))
const withSecrets: Compose = parse(page('docker-compose.secrets.yaml'))
const agent = compose.services['neam-agent']!
const stages = stagesOf('Dockerfile')
const image = stages.at(-1)!
const variables = VARIABLES.flatMap(({ variables }) => variables)

/** Variables that a service sets where neither .env nor the shell says anything. */
const environmentOf = ({ environment }: Service): Readonly<Record<string, string>> =>
  Object.fromEntries(
    environment.map((line) => {
      const [, name, value] = /^(\w+)=(.*)$/.exec(line)!
      return [name!, value!.replace(/^\$\{\w+:?-(.*)\}$/, '$1')]
    }),
  )

describe('docker-compose.yaml', () => {
  test('sets only variables that the programs read, and builds with an argument that the Dockerfile has', () => {
    const told = variables.map(({ name }) => name)
    expect(Object.keys(environmentOf(agent)).filter((name) => !told.includes(name))).toEqual([])
    const args = stages.flatMap((stage) => argumentsOf(stage, 'ARG'))
    for (const [name, value] of Object.entries(agent.build.args))
      expect(args).toContain(`${name}=${/:-(.*)\}/.exec(value)![1]}`)
  })

  test('publishes the port of the image, and asks an open route there whether the server is healthy', () => {
    const [port] = argumentsOf(image, 'EXPOSE')
    expect(agent.ports).toEqual([`${port}:${port}`])
    const url = new URL(agent.healthcheck.test.at(-1)!)
    expect(url.port).toBe(port)
    expect(ROUTES.find(({ method, path }) => method === 'GET' && path === url.pathname)?.credential).toBe(
      'open',
    )
  })

  test('keeps what the image says must be kept, in volumes that it declares', () => {
    const mounted = agent.volumes.map((line) => line.split(':') as [string, string])
    expect(mounted.map(([, path]) => path)).toEqual(JSON.parse(argumentsOf(image, 'VOLUME')[0]!))
    for (const [name] of mounted) expect(Object.keys(compose.volumes)).toContain(name)
    expect([agent.read_only, agent.tmpfs[0]!.split(':')[0]]).toEqual([true, '/tmp'])
  })

  test('kills after what is in hand has had its time, and what is cut off two seconds more', () => {
    const drain = Number(environmentOf(agent).NEAM_DRAIN_SECONDS)
    expect(Number(/^(\d+)s$/.exec(agent.stop_grace_period)![1])).toBeGreaterThan(drain + 2)
  })

  describe('its command, of the book word for word', () => {
    const sandbox = temporaryDirectory()
    const args = agent.command
      .with(agent.command.indexOf('--port') + 1, '0')
      .map((argument) =>
        argument
          .replace('/home/neam/agents', join(ROOT, 'examples/container'))
          .replace('/home/neam', sandbox),
      )
    const env = { ...environmentOf(agent), NEAM_SESSIONS_DIR: join(sandbox, 'sessions') }

    test('serves, with four workers and an audit file beside the sessions', async () => {
      const keys = { NEAM_API_KEY: 'a-key-for-the-compose-tests', NEAM_OFFLINE: '1' }
      const server = await startServer('bin/neam-api.js', args, { ...env, ...keys }, sandbox)
      const headers = { authorization: `Bearer ${keys.NEAM_API_KEY}`, 'content-type': 'application/json' }
      const message = { method: 'POST', headers, body: '{"message": "Where is ORD-1?"}' }
      const said = await fetch(`${server.url}/api/v1/claw/support/sessions/u/message`, message)
      expect(await said.json()).toMatchObject({ response: expect.stringContaining('Order ORD-1: shipped') })
      const listed = await fetch(`${server.url}/api/v1/claw`, { headers })
      expect(await listed.json()).toMatchObject({ claw_agents: [{ session_count: 1 }, {}] })
      expect(server.log()).toContain('workers       4 processes')
      expect(existsSync(join(sandbox, 'sessions/audit.jsonl'))).toBe(true)
      expect(await server.stop()).toBe(0)
    }, 40_000)

    test('serves nobody where .env has no key', async () => {
      const { code, stderr } = await runBin('neam-api', args, { cwd: sandbox, env })
      expect([code, stderr]).toEqual([1, expect.stringContaining('NEAM_ENV=production needs NEAM_API_KEY')])
    })
  })
})

describe('docker-compose.secrets.yaml', () => {
  const service = withSecrets.services['neam-agent']!

  test('mounts files under the names of secrets, where the server looks for them', () => {
    expect(environmentOf(service)).toEqual({ NEAM_SECRETS_DIR: '/run/secrets' })
    const secret = variables.filter(({ takes }) => typeof takes === 'string' && /\bsecrets?\b/.test(takes))
    for (const name of service.secrets) {
      expect(secret.map((variable) => variable.name)).toContain(name)
      expect(withSecrets.secrets[name]).toEqual({ file: `./secrets/${name}` })
    }
    expect(Object.keys(withSecrets.secrets)).toEqual(service.secrets)
  })
})
