import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { App } from 'aws-cdk-lib'
import { Match, Template } from 'aws-cdk-lib/assertions'
import cdkJson from '../../cdk.json' with { type: 'json' }
import { ROUTES, routeKey } from '../../lambda/routes.ts'
import { DEFINITION_FILE } from '../../lib/constructs/forge-loop.ts'
import { MOUNT } from '../../lib/constructs/image-function.ts'
import { NeamStack } from '../../lib/neam-stack.ts'
import { readSettings } from '../../lib/settings.ts'
import { ASL_PLACEHOLDERS } from '../../statemachine/contract.ts'
import { temporaryDirectory } from '../support/temporary.ts'

type Resource = { readonly Type: string; readonly Properties: Record<string, unknown> }

function synthesize(context: Record<string, string> = {}) {
  const outdir = temporaryDirectory()
  // With the feature flags that `cdk synth` reads.
  const app = new App({ context: { ...cdkJson.context, ...context }, outdir })
  const stack = new NeamStack(app, 'Neam', { settings: readSettings(app.node) })
  const assembly = app.synth()
  return { template: Template.fromStack(stack), directory: assembly.directory }
}

describe('the stack', () => {
  let template: Template
  let directory: string
  beforeAll(() => {
    ;({ template, directory } = synthesize())
  })

  const functions = () =>
    Object.entries(template.findResources('AWS::Lambda::Function') as Record<string, Resource>)
      .filter(([, { Properties }]) => Properties.PackageType === 'Image')
      .map(([id, { Properties }]) => ({ id, ...Properties }) as unknown as ImageFunctionProperties)
  interface ImageFunctionProperties {
    readonly id: string
    readonly ImageConfig: { readonly Command: readonly string[] }
    readonly Timeout: number
    readonly FileSystemConfigs?: readonly { readonly LocalMountPath: string; readonly Arn: unknown }[]
    readonly Environment?: { readonly Variables: Record<string, unknown> }
  }
  const command = (name: string) => functions().find(({ ImageConfig }) => ImageConfig.Command[0] === name)!

  test('has exactly the routes of the table', () => {
    const routes = Object.values(
      template.findResources('AWS::ApiGatewayV2::Route') as Record<string, Resource>,
    )
    expect(routes.map(({ Properties }) => Properties.RouteKey).toSorted()).toEqual(
      ROUTES.map(routeKey).toSorted(),
    )
  })

  test('has one image function for the API, the forge step and the tree', () => {
    expect(
      functions()
        .map(({ ImageConfig }) => ImageConfig.Command[0])
        .toSorted(),
    ).toEqual(['api.handler', 'forge-step.handler', 'tree-init.handler'])
  })

  test('mounts the tree in every function that needs it', () => {
    for (const { FileSystemConfigs } of functions()) {
      expect(FileSystemConfigs).toEqual([expect.objectContaining({ LocalMountPath: MOUNT })])
    }
  })

  test('puts no secret value into any environment', () => {
    for (const { Environment } of functions()) {
      for (const [name, value] of Object.entries(Environment?.Variables ?? {})) {
        // A dynamic reference would be resolved into the function's configuration, readable in the console.
        expect(JSON.stringify(value)).not.toMatch(/\{\{resolve:/)
        if (/KEY|SECRET|TOKEN|PASSWORD/.test(name)) expect(name).toBe('NEAM_SECRET_ARN')
      }
    }
  })

  test('requires the tree everywhere but in the function that creates it', () => {
    const tree = (name: string) => command(name).Environment?.Variables.NEAM_TREE
    expect([tree('tree-init.handler'), tree('api.handler'), tree('forge-step.handler')]).toEqual([
      'create',
      'require',
      'require',
    ])
  })

  test('answers before API Gateway gives up, and steps end before their task does', () => {
    const definition = JSON.parse(readFileSync(DEFINITION_FILE, 'utf8')) as {
      States: Record<string, { Type: string; TimeoutSeconds?: number }>
    }
    expect(command('api.handler').Timeout).toBeLessThan(30)
    const step = command('forge-step.handler').Timeout
    for (const state of Object.values(definition.States)) {
      if (state.Type === 'Task') expect(state.TimeoutSeconds).toBeGreaterThan(step)
    }
  })

  test('deploys the very definition that the local driver interprets', () => {
    const [machine] = Object.values(
      template.findResources('AWS::StepFunctions::StateMachine') as Record<string, Resource>,
    )
    const { Key } = machine!.Properties.DefinitionS3Location as { Key: string }
    const asset = readdirSync(directory).find((file) => file.includes(Key.replace('.json', '')))!
    expect(readFileSync(join(directory, asset), 'utf8')).toBe(readFileSync(DEFINITION_FILE, 'utf8'))
    expect(Object.keys(machine!.Properties.DefinitionSubstitutions as object)).toEqual([...ASL_PLACEHOLDERS])
    expect(machine!.Properties.StateMachineType).toBe('STANDARD')
  })

  test('lets the state machine call the step, and the API start, describe and stop runs of that machine only', () => {
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Action: 'states:StartExecution', Resource: { Ref: Match.anyValue() } }),
        ]),
      },
    })
    const policies = JSON.stringify(template.findResources('AWS::IAM::Policy'))
    expect(policies).toContain('states:DescribeExecution')
    expect(policies).toContain('states:StopExecution')
    expect(policies).not.toContain('"states:*"')
  })

  test('keeps the tree encrypted, elastic, backed up, retained and closed to anonymous clients', () => {
    template.hasResource('AWS::EFS::FileSystem', {
      DeletionPolicy: 'Retain',
      Properties: Match.objectLike({
        Encrypted: true,
        ThroughputMode: 'elastic',
        BackupPolicy: { Status: 'ENABLED' },
        FileSystemPolicy: Match.objectLike({
          Statement: [
            Match.objectLike({
              Effect: 'Allow',
              Condition: { Bool: { 'elasticfilesystem:AccessedViaMountTarget': 'true' } },
            }),
          ],
        }),
      }),
    })
    template.resourceCountIs('AWS::EFS::AccessPoint', 2)
    template.allResourcesProperties('AWS::EFS::AccessPoint', { PosixUser: { Uid: '1000', Gid: '1000' } })
  })

  test('has an alarm for each function and for failed runs, all told to one topic', () => {
    const alarms = Object.values(template.findResources('AWS::CloudWatch::Alarm') as Record<string, Resource>)
    expect(alarms.length).toBeGreaterThanOrEqual(7)
    for (const { Properties } of alarms) expect(Properties.AlarmActions).toHaveLength(1)
    template.resourceCountIs('AWS::CloudWatch::Dashboard', 1)
    template.resourceCountIs('AWS::SNS::Subscription', 0)
    synthesize({ alarmEmail: 'ops@example.com' }).template.resourceCountIs('AWS::SNS::Subscription', 1)
  })

  test('creates the tree at deploy time', () => {
    template.resourceCountIs('Custom::Trigger', 1)
  })
})

describe('settings', () => {
  test.each(['nat', 'nat-instance', 'ipv6', 'bedrock-endpoints-only'])('egress %s synthesizes', (egress) => {
    const { template } = synthesize({ egress })
    const gateways = Object.keys(template.findResources('AWS::EC2::NatGateway')).length
    const endpoints = Object.values(
      template.findResources('AWS::EC2::VPCEndpoint') as Record<string, Resource>,
    )
    const services = JSON.stringify(endpoints.map(({ Properties }) => Properties.ServiceName))
    expect(gateways).toBe(egress === 'nat' ? 1 : 0)
    for (const service of ['lambda', 'states', 'secretsmanager', 'elasticfilesystem']) {
      expect(services.includes(`.${service}"`)).toBe(egress === 'bedrock-endpoints-only')
    }
  })

  test('a wrong choice is refused with the accepted ones', () => {
    expect(() => synthesize({ egress: 'natt' })).toThrow(
      'context egress is "natt"; accepted: nat, nat-instance, ipv6, bedrock-endpoints-only',
    )
    expect(() => synthesize({ architecture: 'arm' })).toThrow('accepted: arm64, x86_64')
    expect(() => synthesize({ program: 'agents.txt' })).toThrow('context program is "agents.txt"')
  })
})
