import { describe, expect, test } from '@jest/globals'
import { App } from 'aws-cdk-lib'
import type { Template } from 'aws-cdk-lib/assertions'
import { NeamStack } from '../../lib/neam-stack.ts'
import { readSettings } from '../../lib/settings.ts'
import { type Resource, resourcesOf, synthesize } from '../support/stack.ts'

type ImageFunction = Readonly<Record<string, unknown>> & { readonly command: string }

const functions = (template: Template): readonly ImageFunction[] =>
  Object.values(resourcesOf(template, 'AWS::Lambda::Function'))
    .map(({ Properties }) => Properties)
    .filter(({ PackageType }) => PackageType === 'Image')
    .map((properties) => ({
      ...properties,
      command: (properties.ImageConfig as { readonly Command: readonly string[] }).Command[0]!,
    }))

describe('context stackName', () => {
  test('makes a second stack in the same account, whose tree knows that it is its', () => {
    const app = new App({ context: { stackName: 'Neam-staging' } })
    const stack = new NeamStack(app, 'Neam', { settings: readSettings(app.node) })
    expect(stack.stackName).toBe('Neam-staging')
    const { template } = synthesize({ stackName: 'Neam-staging' })
    const trees = functions(template).flatMap(({ Environment }) => {
      const { NEAM_TREE_OF } = (Environment as { readonly Variables: Record<string, unknown> }).Variables
      return NEAM_TREE_OF === undefined ? [] : [NEAM_TREE_OF]
    })
    expect(new Set(trees)).toEqual(new Set(['Neam-staging']))
    // What is named by hand would be there twice.
    const name = /^(?:Role|LogGroup|StateMachine|Topic|Dashboard|Api)?Name$|^FunctionName$/
    for (const { Type, Properties } of Object.values(
      template.toJSON().Resources as Record<string, Resource>,
    )) {
      if (/^AWS::Lambda::(?:Permission|Version)$|^AWS::ApiGateway/.test(Type)) continue // their function's, their API's
      expect([Type, Object.keys(Properties ?? {}).filter((key) => name.test(key))]).toEqual([Type, []])
    }
  })

  test('is what CloudFormation takes', () => {
    expect(() => synthesize({ stackName: 'my_stack' })).toThrow(
      'context stackName must be a letter, then at most 127 letters, digits and hyphens, got "my_stack"',
    )
  })
})

describe('context reservedConcurrency', () => {
  const reserved = (context: Record<string, string>) =>
    Object.fromEntries(
      functions(synthesize(context).template).map(
        ({ command, ReservedConcurrentExecutions: number = null }) => [
          command.replace('.handler', ''),
          number,
        ],
      ),
    )

  test('is empty by default: a new account has nothing to reserve', () => {
    expect(new Set(Object.values(reserved({})))).toEqual(new Set([null]))
  })

  test('caps every function that serves, and keeps that much free for it', () => {
    expect(reserved({ reservedConcurrency: '20', streaming: 'on' })).toEqual({
      api: 20,
      'forge-step': 20,
      sandbox: 20,
      streaming: 20,
      'turn-worker': 20,
      'tree-init': null,
    })
  })

  test.each(['0', '-1', '1.5', 'many'])('%s is refused', (reservedConcurrency) => {
    expect(() => synthesize({ reservedConcurrency })).toThrow(
      `context reservedConcurrency must be a whole number from 1 to 10000, got "${reservedConcurrency}"`,
    )
  })
})

describe('context logRetentionDays', () => {
  test('says how long the log of each function is kept, which outlives the stack: audit records are in it', () => {
    const { template } = synthesize({ logRetentionDays: '365' })
    const logs = functions(template).map(
      ({ LoggingConfig }) => (LoggingConfig as { readonly LogGroup: { readonly Ref: string } }).LogGroup.Ref,
    )
    for (const log of logs) {
      expect(resourcesOf(template, 'AWS::Logs::LogGroup')[log]).toMatchObject({
        Properties: { RetentionInDays: 365 },
        DeletionPolicy: 'RetainExceptOnCreate',
      })
    }
    for (const { Properties } of Object.values(resourcesOf(template, 'AWS::Logs::LogGroup')))
      expect(Properties.RetentionInDays).toBeGreaterThan(0)
  })

  test('is one of those that CloudWatch accepts', () => {
    expect(() => synthesize({ logRetentionDays: '45' })).toThrow(
      /^context logRetentionDays must be "1", "3", "5", "7", "14", "30", "60", "90",.* or "3653", got "45"$/,
    )
    expect(() => synthesize({ logRetentionDays: '9999' })).toThrow('got "9999"')
  })
})

describe('what is watched', () => {
  const alarms = (context: Record<string, string> = {}) =>
    Object.values(resourcesOf(synthesize(context).template, 'AWS::CloudWatch::Alarm')).map(
      ({ Properties }) => Properties,
    )

  test('the cost of models on one day, when a deployment says how much is too much', () => {
    expect(alarms().filter(({ Namespace }) => Namespace === 'NeamClaw')).toEqual([])
    expect(alarms({ alarmDailyCost: '25' }).filter(({ Namespace }) => Namespace === 'NeamClaw')).toEqual([
      expect.objectContaining({
        MetricName: 'neam_agent_cost_usd',
        Statistic: 'Sum',
        Period: 86_400,
        Threshold: 25,
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      }),
    ])
    expect(() => synthesize({ alarmDailyCost: 'much' })).toThrow(
      'context alarmDailyCost must be a whole number from 1 to 1000000, got "much"',
    )
  })

  test('the REST API that streams, where there is one', () => {
    const rest = (found: ReturnType<typeof alarms>) =>
      found.filter(({ MetricName }) => MetricName === '5XXError')
    expect(rest(alarms())).toEqual([])
    expect(rest(alarms({ streaming: 'on' }))).toHaveLength(1)
  })
})

describe('context egress', () => {
  test('may be changed: the file system, its mount targets and their subnets stay what they are', () => {
    const kept = (egress: string) => {
      const { template } = synthesize({ egress })
      const subnets = resourcesOf(template, 'AWS::EC2::Subnet')
      const addresses = Object.entries(subnets)
        .filter(([id]) => !id.includes('public'))
        .map(([id, { Properties }]) => [id, Properties.CidrBlock, Properties.AvailabilityZone])
      const tree = Object.keys(resourcesOf(template, 'AWS::EFS::FileSystem'))
      return { addresses, tree, targets: resourcesOf(template, 'AWS::EFS::MountTarget') }
    }
    const first = kept('nat')
    expect(first.addresses).toHaveLength(4)
    for (const egress of ['nat-instance', 'ipv6', 'bedrock-endpoints-only'])
      expect(kept(egress)).toEqual(first)
  })
})

describe('the file system', () => {
  test('can be imported alone into a new stack: it needs nothing else of it', () => {
    const { template } = synthesize()
    const [fileSystem] = Object.values(resourcesOf(template, 'AWS::EFS::FileSystem'))
    expect(JSON.stringify(fileSystem)).not.toMatch(/"Ref"|"Fn::/)
    expect(fileSystem).not.toHaveProperty('DependsOn')
  })
})
