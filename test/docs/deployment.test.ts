import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { commands, page } from '../support/docs.ts'
import { type Invocation, lambdaImage, mounted } from '../support/lambda-image.ts'
import { ROOT } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const PAGE = page('docs/deployment.md')
const PRINTED = commands(PAGE)

interface Template {
  readonly Resources: Readonly<
    Record<
      string,
      {
        readonly Type: string
        readonly Properties: { readonly Environment?: { readonly Variables: object } }
      }
    >
  >
  readonly Outputs: Readonly<Record<string, { readonly Value: unknown }>>
}

/** Functions by what `sam local invoke` calls them, and the bundles that they run. */
const BUNDLES: Readonly<Record<string, Invocation['function']>> = { Api: 'api', ForgeStep: 'forge-step' }

describe('docs/deployment.md', () => {
  let template: Template
  beforeAll(() => {
    expect(PRINTED[0]).toBe('npx cdk synth')
    const outdir = temporaryDirectory()
    const args = ['cdk', 'synth', '--quiet', '--no-notices', '--output', outdir]
    execFileSync('npx', args, { cwd: ROOT, stdio: 'ignore' })
    template = JSON.parse(readFileSync(join(outdir, 'Neam.template.json'), 'utf8'))
  }, 60_000)

  test('has a row for every choice, with its default', () => {
    const { context } = JSON.parse(page('cdk.json')) as { context: Record<string, unknown> }
    const rows = PAGE.split('\n').filter((line) => line.startsWith('| `'))
    for (const [name, initial] of Object.entries(context).filter(([key]) => !key.startsWith('@'))) {
      const row = rows.find((line) => line.split(' | ')[0]!.includes(`\`${name}\``))
      expect([name, row]).toEqual([name, expect.stringContaining(` | ${cell(initial)}`)])
    }
  })

  test('has a row for every output', () => {
    const missing = Object.keys(template.Outputs).filter((name) => !PAGE.includes(`\`${name}\``))
    expect(missing).toEqual([])
  })

  test('the outputs are commands that can be pasted', () => {
    const text = (name: string) =>
      JSON.stringify(template.Outputs[name]!.Value, (_, value) =>
        value !== null && typeof value === 'object' && 'Ref' in value ? `<${value.Ref}>` : value,
      )
    expect(text('Next1SetModelKey')).toContain('aws secretsmanager put-secret-value --region ')
    expect(text('Next1SetModelKey')).toMatch(/--secret-id ","<KeysProviders\w+>"/)
    expect(text('Next2ReadApiKey')).toMatch(/get-secret-value .*--secret-id ","<KeysService\w+>"/)
    expect(text('Next3ListAgents')).toContain('/api/v1/claw -H ')
    expect(text('Next4ReadLog')).toMatch(/aws logs tail .*<ApiLog\w+>/)
  })

  test('every `sam local invoke` sets only variables that the template names: SAM passes no others', () => {
    for (const { name, environment } of invocations()) {
      expect(Object.keys(variablesOf(name))).toEqual(expect.arrayContaining(Object.keys(environment)))
    }
    expect(invocations().map(({ name }) => name)).toEqual(['Api', 'Api', 'ForgeStep'])
  })

  test('every `sam local invoke`, run from the bundles as SAM runs it, answers without key, mount or network', async () => {
    const image = await lambdaImage('examples/agents.neam', '')
    const answers = []
    for (const { name, event, environment } of invocations()) {
      const mount = mounted()
      const env = { ...variablesOf(name), ...environment, AWS_SAM_LOCAL: 'true' }
      const local = Object.entries(env).map(([key, value]) => [
        key,
        typeof value === 'string' ? value.replace('/mnt/neam', mount) : 'Unresolved',
      ])
      const { results } = await image.run(
        mount,
        [{ function: BUNDLES[name]!, event }],
        Object.fromEntries(local) as Record<string, string>,
      )
      answers.push(...results)
    }
    const [message, list, step] = answers
    expect(message.statusCode).toBe(200)
    expect(message.body).toContain('Order ORD-12345: Shipped')
    expect(JSON.parse(list.body)).toMatchObject({ claw_agents: [{ name: 'support_bot' }] })
    expect(JSON.stringify(step)).toContain('not found')
  }, 60_000)

  test('prints no command that is neither run here nor needs AWS or Docker', () => {
    const elsewhere = /^(npx cdk (deploy|import)|sam build|sam local invoke)\b/
    expect(PRINTED.filter((command) => !elsewhere.test(command))).toEqual(['npx cdk synth', 'npx cdk synth'])
  })

  const variablesOf = (name: string): Readonly<Record<string, unknown>> => {
    const found = Object.entries(template.Resources).find(
      ([id, { Type }]) => Type === 'AWS::Lambda::Function' && new RegExp(`^${name}[0-9A-F]{8}$`).test(id),
    )
    return found![1].Properties.Environment!.Variables as Record<string, unknown>
  }
})

/** As a table shows the default of a choice. */
const cell = (initial: unknown): string =>
  initial === '' ? '|' : typeof initial === 'number' ? String(initial) : `\`${initial}\``

/** What the printed `sam local invoke` lines invoke, with which event and variables. */
const invocations = () =>
  PRINTED.flatMap((command) => {
    const found = /^sam local invoke (\w+) -e (\S+) -n (\S+)$/.exec(command)
    if (found === null) return []
    const [, name, event, environment] = found
    const { Parameters } = JSON.parse(page(environment!)) as { Parameters: Record<string, string> }
    return [{ name: name!, event: JSON.parse(page(event!)) as unknown, environment: Parameters }]
  })
