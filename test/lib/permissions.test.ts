// What the code of each function asks of AWS, against what its role allows: a call that is not allowed fails on AWS only.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import type { Template } from 'aws-cdk-lib/assertions'
import type { Metafile } from 'esbuild'
import { ENV } from '../../lambda/env.ts'
import { bundleLambda } from '../../scripts/bundle.ts'
import { agentDecl } from '../support/model-bench.ts'
import { ROOT } from '../support/server.ts'
import { type Resource, resourcesOf, synthesize } from '../support/stack.ts'
import { temporaryDirectory } from '../support/temporary.ts'

/** Clients of the AWS SDK, by package: prefix of their actions, and the interface endpoint where nothing leads out. */
const SERVICES: Readonly<Record<string, { readonly prefix: string; readonly endpoint: string }>> = {
  '@aws-sdk/client-efs': { prefix: 'elasticfilesystem', endpoint: 'elasticfilesystem' },
  '@aws-sdk/client-eventbridge': { prefix: 'events', endpoint: 'events' },
  '@aws-sdk/client-lambda': { prefix: 'lambda', endpoint: 'lambda' },
  '@aws-sdk/client-secrets-manager': { prefix: 'secretsmanager', endpoint: 'secretsmanager' },
  '@aws-sdk/client-sfn': { prefix: 'states', endpoint: 'states' },
}
/** Where the action has another name than the operation. */
const ACTIONS: Readonly<Record<string, string>> = { 'lambda:Invoke': 'lambda:InvokeFunction' }

/** The variable that names to a function what a module calls; without it the module is not used. */
const NAMED_BY: Readonly<Record<string, string>> = {
  'commands/sandbox-client.ts': ENV.sandboxFunction,
  'stores/aws/efs.ts': ENV.fileSystemId,
  'stores/aws/event-bus.ts': ENV.eventBus,
  'stores/aws/secrets-manager.ts': ENV.secretArn,
  'stores/aws/step-functions-driver.ts': ENV.stateMachineArn,
  'stores/aws/turn-worker.ts': ENV.turnWorker,
}

/** What a function has the code for and never asks, and why. */
const NEVER_ASKED: Readonly<Record<string, (bundle: string) => boolean>> = {
  // a stop is a mark in the tree, forced or not
  'states:StopExecution': () => true,
  // runs are woken by decisions and stops, which are routes of the API
  'states:SendTaskSuccess': (bundle) => bundle !== 'api',
  // no run ends where the tree is made
  'events:PutEvents': (bundle) => bundle === 'tree-init',
}

interface Caller {
  /** Path of the module. */
  readonly file: string
  readonly sdk: string
  readonly actions: readonly string[]
}

const sourcesOf = (folders: readonly string[]): readonly string[] =>
  folders
    .flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true }).map((file) => join(folder, String(file))),
    )
    .filter((file) => file.endsWith('.ts'))

/** Every module of ours that calls AWS because of a variable; the program decides whether a provider does. */
const callers: readonly Caller[] = sourcesOf([
  'agents',
  'commands',
  'lambda',
  'runtime',
  'stores',
  'vm',
]).flatMap((file) => {
  const text = readFileSync(join(ROOT, file), 'utf8')
  return [...new Set(text.match(/@aws-sdk\/client-[\w-]+/g))].map((sdk) => {
    const operations = [...text.matchAll(/new sdk\.(\w+)Command\(/g)].map(([, name]) => name)
    const actions = operations.map((name) => `${SERVICES[sdk]?.prefix}:${name}`)
    return { file, sdk, actions: actions.map((action) => ACTIONS[action] ?? action) }
  })
})

/** All that an output of a bundle may load, at once or later. */
function carried({ outputs }: Metafile, bundle: string): ReadonlySet<string> {
  const seen = new Set<string>()
  const inputs = new Set<string>()
  const visit = (path: string): void => {
    const output = outputs[path]
    if (!output || seen.has(path)) return
    seen.add(path)
    for (const input of Object.keys(output.inputs)) inputs.add(input)
    for (const one of output.imports) visit(one.path)
  }
  visit(Object.keys(outputs).find((path) => path.endsWith(`/${bundle}.mjs`))!)
  return inputs
}

interface Statement {
  readonly Effect: string
  readonly Action: string | readonly string[]
  readonly Resource: unknown
}

interface DeployedFunction {
  readonly bundle: string
  readonly variables: Readonly<Record<string, unknown>>
  readonly allowed: readonly Statement[]
}

function deployedFunctions(template: Template): readonly DeployedFunction[] {
  const policies = Object.values(resourcesOf(template, 'AWS::IAM::Policy'))
  return Object.values(resourcesOf(template, 'AWS::Lambda::Function'))
    .map(({ Properties }) => Properties as unknown as LambdaProperties)
    .filter(({ ImageConfig }) => ImageConfig !== undefined)
    .map(({ ImageConfig, Environment, Role }) => ({
      bundle: ImageConfig!.Command[0]!.replace(/\.handler$/, ''),
      variables: Environment.Variables,
      allowed: policies.filter(belongsTo(Role['Fn::GetAtt'][0])).flatMap(allowing),
    }))
}

interface LambdaProperties {
  readonly ImageConfig?: { readonly Command: readonly string[] }
  readonly Environment: { readonly Variables: Readonly<Record<string, unknown>> }
  readonly Role: { readonly 'Fn::GetAtt': readonly [string, string] }
}

const belongsTo =
  (role: string) =>
  ({ Properties }: Resource): boolean =>
    JSON.stringify(Properties.Roles).includes(JSON.stringify({ Ref: role }))

const allowing = ({ Properties }: Resource): readonly Statement[] =>
  (Properties.PolicyDocument as { readonly Statement: readonly Statement[] }).Statement.filter(
    ({ Effect }) => Effect === 'Allow',
  )

/** What a variable names: logical ids, or the name itself. */
const namesIn = (value: unknown): readonly string[] =>
  typeof value === 'string' ? [value] : JSON.stringify(value).match(/(?<="Ref":")\w+/g)!

describe('every call of AWS that a function can make', () => {
  let functions: readonly DeployedFunction[]
  let metafile: Metafile
  beforeAll(async () => {
    functions = deployedFunctions(synthesize({ streaming: 'on', eventBus: 'runs' }).template)
    metafile = await bundleLambda(temporaryDirectory())
  }, 60_000)

  test('is in a module of which is known what it calls, and which variable switches it on', () => {
    expect(callers.map(({ file }) => file).toSorted()).toEqual(Object.keys(NAMED_BY).toSorted())
    for (const { file, sdk, actions } of callers) {
      expect([file, Object.keys(SERVICES).includes(sdk)]).toEqual([file, true])
      expect([file, actions.length > 0]).toEqual([file, true])
    }
  })

  test('is allowed to its role, on what its environment names', () => {
    const found: string[] = []
    for (const { bundle, variables, allowed } of functions) {
      const files = carried(metafile, bundle)
      for (const { file, actions } of callers) {
        const variable = variables[NAMED_BY[file]!]
        if (variable === undefined) continue
        expect([bundle, [...files]]).toEqual([bundle, expect.arrayContaining([file])])
        for (const action of actions) {
          if (NEVER_ASKED[action]?.(bundle)) continue
          for (const name of namesIn(variable)) {
            const granted = allowed.some(
              ({ Action, Resource }) =>
                [Action].flat().includes(action) && JSON.stringify(Resource).includes(name),
            )
            expect([bundle, action, name, granted]).toEqual([bundle, action, name, true])
          }
          found.push(`${bundle} ${action}`)
        }
      }
    }
    // So many at least: a change that hides calls from this test shall not make it pass.
    expect(new Set(found).size).toBe(21)
  })

  test('that is never made is not allowed', () => {
    for (const { bundle, allowed } of functions)
      for (const action of allowed.flatMap(({ Action }) => Action))
        expect([bundle, action, NEVER_ASKED[action]?.(bundle) ?? false]).toEqual([bundle, action, false])
  })

  test('has an endpoint where nothing leads out of the network', () => {
    const { template } = synthesize({ egress: 'bedrock-endpoints-only', eventBus: 'runs' })
    const endpoints = JSON.stringify(resourcesOf(template, 'AWS::EC2::VPCEndpoint'))
    for (const { sdk } of callers) expect(endpoints).toContain(`.${SERVICES[sdk]!.endpoint}"`)
  })
})

describe('what a provider asks of AWS', () => {
  const egress = 'bedrock-endpoints-only'
  const filer = agentDecl({ provider: 'bedrock', model: 'eu.amazon.nova-lite-v1:0' })
  /** Functions that may call Bedrock, by what they may do there. */
  const allowed = (template: Template) =>
    Object.fromEntries(
      deployedFunctions(template).flatMap(({ bundle, allowed: statements }) => {
        const actions = statements
          .flatMap(({ Action }) => Action)
          .filter((action) => action.startsWith('bedrock:'))
        return actions.length === 0 ? [] : [[bundle, [...new Set(actions)].toSorted()]]
      }),
    )

  test('is Converse and ConverseStream of Bedrock, and nothing else', () => {
    const asked = sourcesOf(['providers']).flatMap((file) => {
      const text = readFileSync(join(ROOT, file), 'utf8')
      const packages = text.match(/@aws-sdk\/[\w-]+/g) ?? []
      const operations = [...text.matchAll(/new (\w+)Command\(/g)].map(([, name]) => name)
      return [...packages, ...operations]
    })
    expect(new Set(asked)).toEqual(new Set(['@aws-sdk/client-bedrock-runtime', 'Converse', 'ConverseStream']))
  })

  test('is allowed to the functions that ask models, when the program has an agent of Bedrock', () => {
    const both = ['bedrock:InvokeModel', 'bedrock:InvokeModelWithResponseStream']
    expect(allowed(synthesize({ streaming: 'on' }, { agents: [filer] }).template)).toEqual({
      api: both,
      streaming: both,
      'forge-step': both,
      'turn-worker': both,
    })
  })

  test('is not allowed without such an agent, offline, or where a key of its own speaks for it', () => {
    expect(allowed(synthesize({}).template)).toEqual({})
    expect(allowed(synthesize({ offline: 'on' }, { agents: [filer] }).template)).toEqual({})
    const withKey = { ...filer, apiKeyEnv: 'BEDROCK_KEY' }
    expect(allowed(synthesize({}, { agents: [withKey] }).template)).toEqual({})
  })

  test('has an endpoint where nothing leads out of the network', () => {
    const { template } = synthesize({ egress }, { agents: [filer] })
    expect(JSON.stringify(resourcesOf(template, 'AWS::EC2::VPCEndpoint'))).toContain('.bedrock-runtime"')
  })
})
