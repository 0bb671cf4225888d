import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { Match, type Template } from 'aws-cdk-lib/assertions'
import { ROUTES, routeKey } from '../../lambda/routes.ts'
import { DEFINITION_FILE } from '../../lib/constructs/forge-loop.ts'
import { MOUNT } from '../../lib/constructs/image-function.ts'
import { VPC_CIDR } from '../../lib/constructs/network.ts'
import { ASL_PLACEHOLDERS, ITERATIONS_PER_EXECUTION } from '../../statemachine/contract.ts'
import { type Resource, synthesize } from '../support/stack.ts'

describe('the stack', () => {
  let template: Template
  let directory: string
  beforeAll(() => {
    ;({ template, directory } = synthesize())
  })

  const functions = () => {
    type Found = Record<string, { readonly Properties: Omit<ImageFunctionProperties, 'id'> }>
    return Object.entries(template.findResources('AWS::Lambda::Function') as Found)
      .filter(([, { Properties }]) => Properties.PackageType === 'Image')
      .map(([id, { Properties }]) => ({ id, ...Properties }))
  }
  interface ImageFunctionProperties {
    readonly id: string
    readonly PackageType?: string
    readonly Role: unknown
    readonly VpcConfig: {
      readonly SubnetIds: readonly { readonly Ref: string }[]
      readonly SecurityGroupIds: readonly { readonly 'Fn::GetAtt': readonly string[] }[]
    }
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

  test('a caller of a function that hangs is answered by API Gateway before Lambda ends the function', () => {
    const integrations = Object.values(
      template.findResources('AWS::ApiGatewayV2::Integration') as Record<string, Resource>,
    )
    expect(integrations.map(({ Properties }) => Properties.TimeoutInMillis)).toEqual([28_500])
    expect(command('api.handler')).toMatchObject({ Timeout: 29 })
  })

  test('has one image function for the API, long turns, the forge step, the tree and the sandbox', () => {
    expect(
      functions()
        .map(({ ImageConfig }) => ImageConfig.Command[0])
        .toSorted(),
    ).toEqual([
      'api.handler',
      'forge-step.handler',
      'sandbox.handler',
      'tree-init.handler',
      'turn-worker.handler',
    ])
  })

  test('lets the API, and nobody else, hand turns over to the worker', () => {
    const worker = command('turn-worker.handler')
    expect(command('api.handler').Environment?.Variables.NEAM_TURN_WORKER).toEqual({ Ref: worker.id })
    const invokes = (name: string) =>
      JSON.stringify(statements(name).filter(({ Action }) => Action === 'lambda:InvokeFunction')).includes(
        worker.id,
      )
    expect(['api.handler', 'forge-step.handler', 'turn-worker.handler'].filter(invokes)).toEqual([
      'api.handler',
    ])
    expect(worker.Timeout).toBeGreaterThan(command('api.handler').Timeout)
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

  test('tells functions of the webhook that a deployment asks for, which is an https URL', () => {
    const hooked = synthesize({ webhookUrl: 'https://hooks.example.com/forge' }).template
    hooked.hasResourceProperties('AWS::Lambda::Function', {
      ImageConfig: { Command: ['forge-step.handler'] },
      Environment: { Variables: Match.objectLike({ NEAM_WEBHOOK_URL: 'https://hooks.example.com/forge' }) },
    })
    expect(() => synthesize({ webhookUrl: 'http://hooks.example.com' })).toThrow(
      'context webhookUrl must be an https URL, or empty, got "http://hooks.example.com"',
    )
  })

  test('tells functions where traces are collected, when a deployment asks for it', () => {
    const otlpEndpoint = 'http://collector.internal:4318'
    const traced = synthesize({ otlpEndpoint }).template
    for (const command of ['api.handler', 'forge-step.handler', 'turn-worker.handler']) {
      traced.hasResourceProperties('AWS::Lambda::Function', {
        ImageConfig: { Command: [command] },
        Environment: { Variables: Match.objectLike({ OTEL_EXPORTER_OTLP_ENDPOINT: otlpEndpoint }) },
      })
    }
    expect(JSON.stringify(synthesize().template)).not.toContain('OTEL_')
    expect(() => synthesize({ otlpEndpoint: 'collector:4318' })).toThrow(
      'context otlpEndpoint must be an http or https URL, or empty, got "collector:4318"',
    )
  })

  test.each([
    ['default', /:event-bus\/default"/],
    [
      'arn:aws:events:eu-central-1:123456789012:event-bus/ops',
      /"arn:aws:events:eu-central-1:123456789012:event-bus\/ops"/,
    ],
  ])('lets whoever ends a run put an event on the bus %s, and nobody else on any', (eventBus, resource) => {
    const { template: told } = synthesize({ eventBus })
    told.hasResourceProperties('AWS::Lambda::Function', {
      ImageConfig: { Command: ['forge-step.handler'] },
      Environment: { Variables: Match.objectLike({ NEAM_EVENT_BUS: eventBus }) },
    })
    const putting = Object.entries(told.findResources('AWS::IAM::Policy')).filter(([, policy]) =>
      JSON.stringify(policy).includes('events:PutEvents'),
    )
    expect(putting.map(([id]) => id.replace(/Role.*/, '')).toSorted()).toEqual([
      'Api',
      'ForgeStep',
      'TurnWorker',
    ])
    for (const [, policy] of putting) expect(JSON.stringify(policy)).toMatch(resource)
    expect(JSON.stringify(template.findResources('AWS::IAM::Policy'))).not.toContain('events:PutEvents')
  })

  test('reaches EventBridge without a way out when a bus is asked for, which is a name or an ARN', () => {
    const egress = 'bedrock-endpoints-only'
    const endpoints = (context: Record<string, string>) =>
      JSON.stringify(synthesize(context).template.findResources('AWS::EC2::VPCEndpoint'))
    expect(endpoints({ egress, eventBus: 'default' })).toMatch(/\.events"/)
    expect(endpoints({ egress })).not.toMatch(/\.events"/)
    expect(() => synthesize({ eventBus: 'my bus' })).toThrow(
      'context eventBus must be the name or the ARN of an EventBridge bus ("default" is each account\'s own), or empty, got "my bus"',
    )
  })

  test('requires the tree everywhere but in the function that creates it', () => {
    const tree = (name: string) => command(name).Environment?.Variables.NEAM_TREE
    expect([tree('tree-init.handler'), tree('api.handler'), tree('forge-step.handler')]).toEqual([
      'create',
      'require',
      'require',
    ])
    const of = (name: string) => command(name).Environment?.Variables.NEAM_TREE_OF
    expect([of('tree-init.handler'), of('api.handler'), of('forge-step.handler')]).toEqual([
      'Neam',
      'Neam',
      'Neam',
    ])
  })

  test('answers before API Gateway gives up, and steps end before their task does', () => {
    const definition = JSON.parse(readFileSync(DEFINITION_FILE, 'utf8')) as {
      TimeoutSeconds: number
      States: Record<string, { Type: string; Resource?: string; TimeoutSeconds?: number }>
    }
    expect(command('api.handler').Timeout).toBeLessThan(30)
    const step = command('forge-step.handler').Timeout
    for (const state of Object.values(definition.States)) {
      if (state.Resource === 'arn:aws:states:::lambda:invoke')
        expect(state.TimeoutSeconds).toBeGreaterThan(step)
    }
    // An execution that nobody ends comes to its end: after all of its iterations, and as far as a timer of Node goes.
    expect(definition.TimeoutSeconds).toBeGreaterThan(ITERATIONS_PER_EXECUTION * step)
    expect(definition.TimeoutSeconds * 1000).toBeLessThan(2 ** 31)
  })

  test('deploys the very definition that the local driver interprets', () => {
    const [machine] = Object.values(
      template.findResources('AWS::StepFunctions::StateMachine') as Record<string, Resource>,
    )
    const { Key } = machine!.Properties.DefinitionS3Location as { Key: string }
    const asset = readdirSync(directory).find((file) => file.includes(Key.replace('.json', '')))!
    expect(readFileSync(join(directory, asset), 'utf8')).toBe(readFileSync(DEFINITION_FILE, 'utf8'))
    const substitutions = machine!.Properties.DefinitionSubstitutions as Record<string, unknown>
    expect(Object.keys(substitutions)).toEqual([...ASL_PLACEHOLDERS])
    // The names of the integrations begin with the partition of the stack.
    expect(substitutions.Partition).toEqual({ Ref: 'AWS::Partition' })
    expect(machine!.Properties.StateMachineType).toBe('STANDARD')
  })

  test('lets the state machine call the step, and the API start, describe and wake runs of that machine only: a stop is a mark in the tree', () => {
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Action: 'states:StartExecution', Resource: { Ref: Match.anyValue() } }),
        ]),
      },
    })
    const policies = JSON.stringify(template.findResources('AWS::IAM::Policy'))
    expect(policies).toContain('states:DescribeExecution')
    expect(policies).not.toContain('states:StopExecution')
    expect(policies.match(/states:SendTask\w+/g)).toEqual(['states:SendTaskSuccess'])
    expect(policies).not.toContain('"states:*"')
  })

  test('tells the functions how long a tool call waits for a person', () => {
    for (const name of ['api.handler', 'forge-step.handler']) {
      expect(command(name).Environment?.Variables.NEAM_CONFIRMATION_SECONDS).toBe('300')
    }
    const longer = synthesize({ confirmationSeconds: '3600', agentTurns: '4' }).template.toJSON()
    expect(JSON.stringify(longer)).toContain('"NEAM_CONFIRMATION_SECONDS":"3600"')
    expect(JSON.stringify(longer)).toContain('"NEAM_AGENT_TURNS":"4"')
  })

  test('lets a vendor answer, or the offline model where a deployment asks for it', () => {
    for (const name of ['api.handler', 'forge-step.handler', 'turn-worker.handler']) {
      expect(command(name).Environment?.Variables.NEAM_OFFLINE).toBe('0')
    }
    const offline = JSON.stringify(synthesize({ offline: 'on' }).template.toJSON())
    expect(offline).toContain('"NEAM_OFFLINE":"1"')
    expect(offline).not.toContain('"NEAM_OFFLINE":"0"')
    expect(() => synthesize({ offline: 'yes' })).toThrow('context offline must be "off" or "on", got "yes"')
  })

  test('lets the state machine start itself, for runs that are longer than a history', () => {
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: [
          {
            Effect: 'Allow',
            Action: 'states:StartExecution',
            Resource: { Ref: Match.stringLikeRegexp('^ForgeLoopMachine') },
          },
        ],
      },
      Roles: [{ Ref: Match.stringLikeRegexp('^ForgeLoopMachineRole') }],
    })
  })

  test('keeps the tree encrypted, elastic, backed up, and retained once a deployment has made it', () => {
    template.hasResource('AWS::EFS::FileSystem', {
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
      Properties: Match.objectLike({
        Encrypted: true,
        ThroughputMode: 'elastic',
        LifecyclePolicies: [
          { TransitionToIA: 'AFTER_30_DAYS' },
          { TransitionToPrimaryStorageClass: 'AFTER_1_ACCESS' },
        ],
        BackupPolicy: { Status: 'ENABLED' },
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

  interface Statement {
    readonly Effect: string
    readonly Action: string | readonly string[]
    readonly Resource: unknown
    readonly Condition?: unknown
  }
  /** The statements of a function's role, those with one action as with many. */
  const statements = (name: string) => {
    const [role] = (command(name).Role as { readonly 'Fn::GetAtt': readonly string[] })['Fn::GetAtt']
    const policies = Object.values(template.findResources('AWS::IAM::Policy') as Record<string, Resource>)
    return policies
      .filter(({ Properties }) => JSON.stringify(Properties.Roles) === JSON.stringify([{ Ref: role }]))
      .flatMap(
        ({ Properties }) => (Properties.PolicyDocument as { readonly Statement: Statement[] }).Statement,
      )
      .map((statement) => ({ ...statement, actions: [statement.Action].flat() }))
  }

  test('lets the API alone ask EFS about the file system, which it knows by id', () => {
    const describes = (handler: string) =>
      statements(handler).filter(({ actions }) => actions.includes('elasticfilesystem:DescribeMountTargets'))
    const [statement] = describes('api.handler')
    expect(statement).toMatchObject({
      Effect: 'Allow',
      actions: ['elasticfilesystem:DescribeFileSystems', 'elasticfilesystem:DescribeMountTargets'],
    })
    expect(JSON.stringify(statement)).toContain('TreeFileSystem')
    expect(JSON.stringify(command('api.handler').Environment)).toContain('NEAM_FILE_SYSTEM_ID')
    expect(['forge-step.handler', 'turn-worker.handler', 'sandbox.handler'].flatMap(describes)).toEqual([])
  })

  test('gives the sandbox the workspaces and no secret, session, run or program key', () => {
    const { FileSystemConfigs, Environment } = command('sandbox.handler')
    const workspaces = JSON.stringify(FileSystemConfigs)
    expect(workspaces).toContain('TreeFileSystemWorkspaces')
    expect(workspaces).not.toContain('TreeFileSystemState')
    expect(Environment?.Variables).toEqual({ NEAM_WORKSPACE_DIR: MOUNT })
  })

  const EVERY_FUNCTION = [
    ['api.handler', 'ApiLog'],
    ['forge-step.handler', 'ForgeStepLog'],
    ['sandbox.handler', 'SandboxFunctionLog'],
    ['tree-init.handler', 'TreeInitLog'],
    ['turn-worker.handler', 'TurnWorkerLog'],
  ] as const

  test('gives the sandbox a role that may be placed, log and mount the workspaces', () => {
    const allowed = statements('sandbox.handler').filter(({ Effect }) => Effect === 'Allow')
    const actions = allowed.flatMap((statement) => statement.actions)
    expect(
      actions.filter((action) => !/^(ec2:.*(NetworkInterface|PrivateIp|Subnets)|logs:)/.test(action)),
    ).toEqual(['elasticfilesystem:ClientMount', 'elasticfilesystem:ClientWrite'])
    const mounting = allowed.filter(({ actions }) => actions[0] === 'elasticfilesystem:ClientMount')
    expect(JSON.stringify(mounting)).toContain('TreeFileSystemWorkspaces')
  })

  test.each(EVERY_FUNCTION)(
    '%s may write no log but its own, and everything only what is named',
    (name, log) => {
      const allowed = statements(name).filter(({ Effect }) => Effect === 'Allow')
      const logging = allowed.filter(({ actions }) => actions[0]!.startsWith('logs:'))
      expect(logging.map(({ Resource }) => JSON.stringify(Resource))).toEqual([expect.stringContaining(log)])
      const anything = allowed.filter(({ Resource }) => Resource === '*')
      // EC2 takes no resource for the first; the second is bound to an access point by its condition.
      expect(
        anything.map(({ actions, Condition }) => [actions[0]!.split(':')[0], Condition !== undefined]),
      ).toEqual([
        ['ec2', false],
        ['elasticfilesystem', true],
      ])
      expect(allowed.flatMap(({ actions }) => actions).filter((action) => action.includes('*'))).toEqual([])
      const [role] = (command(name).Role as { readonly 'Fn::GetAtt': readonly string[] })['Fn::GetAtt']
      const { Properties } = (template.findResources('AWS::IAM::Role') as Record<string, Resource>)[role!]!
      expect([Properties.ManagedPolicyArns, Properties.Policies]).toEqual([undefined, undefined])
    },
  )

  test.each(EVERY_FUNCTION.map(([name]) => name))(
    'denies the code of %s what Lambda needs the role for',
    (name) => {
      const [denied, ...more] = statements(name).filter(({ Effect }) => Effect === 'Deny')
      const placing = statements(name).find(
        ({ Effect, actions }) => Effect === 'Allow' && actions[0]!.startsWith('ec2:'),
      )
      expect(more).toEqual([])
      expect(denied!.actions).toEqual(placing!.actions)
      expect(denied!.Condition).toEqual({
        ArnEquals: { 'lambda:SourceFunctionArn': { 'Fn::GetAtt': [command(name).id, 'Arn'] } },
      })
    },
  )

  test('lets the step and the API call the sandbox, and tells them its name', () => {
    for (const caller of ['forge-step.handler', 'api.handler']) {
      const [invoke] = statements(caller).filter(({ Action }) => Action === 'lambda:InvokeFunction')
      expect(JSON.stringify(invoke!.Resource)).toContain(command('sandbox.handler').id)
      expect(command(caller).Environment?.Variables.NEAM_SANDBOX_FUNCTION).toEqual({
        Ref: command('sandbox.handler').id,
      })
    }
    expect(command('sandbox.handler').Timeout).toBeLessThan(command('forge-step.handler').Timeout)
  })

  test('lets nothing but NFS out of the sandbox', () => {
    const [group] = command('sandbox.handler').VpcConfig.SecurityGroupIds.map((id) => id['Fn::GetAtt'][0]!)
    const groups = template.findResources('AWS::EC2::SecurityGroup') as Record<string, Resource>
    expect(groups[group!]!.Properties.SecurityGroupEgress).toEqual([
      expect.objectContaining({ IpProtocol: 'tcp', FromPort: 2049, ToPort: 2049, CidrIp: VPC_CIDR }),
    ])
    const more = Object.values(
      template.findResources('AWS::EC2::SecurityGroupEgress') as Record<string, Resource>,
    ).filter(({ Properties }) => JSON.stringify(Properties.GroupId).includes(group!))
    for (const { Properties } of more) {
      expect([Properties.IpProtocol, Properties.FromPort, Properties.ToPort]).toEqual(['tcp', 2049, 2049])
      expect(JSON.stringify(Properties.DestinationSecurityGroupId)).toContain('TreeMountTargets')
    }
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

  test.each(['nat', 'nat-instance', 'ipv6', 'bedrock-endpoints-only'])(
    'egress %s leaves the subnets of the sandbox without a route out',
    (egress) => {
      const { template } = synthesize({ egress })
      const resources = (type: string) =>
        Object.values(template.findResources(type) as Record<string, Resource>)
      const sandbox = resources('AWS::Lambda::Function').find(({ Properties }) =>
        JSON.stringify(Properties.ImageConfig ?? '').includes('sandbox.handler'),
      )!
      const { SubnetIds, Ipv6AllowedForDualStack } = sandbox.Properties.VpcConfig as {
        readonly SubnetIds: readonly unknown[]
        readonly Ipv6AllowedForDualStack: boolean
      }
      const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)
      const tables = resources('AWS::EC2::SubnetRouteTableAssociation')
        .filter(({ Properties }) => SubnetIds.some((id) => same(id, Properties.SubnetId)))
        .map(({ Properties }) => Properties.RouteTableId)
      const routes = resources('AWS::EC2::Route').filter(({ Properties }) =>
        tables.some((table) => same(table, Properties.RouteTableId)),
      )
      expect([tables.length, routes]).toEqual([SubnetIds.length, []])
      const gateways = resources('AWS::EC2::VPCEndpoint').filter(
        ({ Properties }) => Properties.VpcEndpointType === 'Gateway',
      )
      expect(gateways).toEqual([]) // they would be routes, too
      expect(Ipv6AllowedForDualStack).toBe(false)
    },
  )

  test('a wrong choice is refused with the accepted ones', () => {
    expect(() => synthesize({ egress: 'natt' })).toThrow(
      'context egress must be "nat", "nat-instance", "ipv6" or "bedrock-endpoints-only", got "natt"',
    )
    expect(() => synthesize({ architecture: 'arm' })).toThrow(
      'architecture must be "arm64" or "x86_64", got "arm"',
    )
    expect(() => synthesize({ confirmationSeconds: 'soon' })).toThrow(
      'context confirmationSeconds must be a whole number from 1 to 604800, got "soon"',
    )
    expect(() => synthesize({ program: 'agents.txt' })).toThrow('context program is "agents.txt"')
    expect(() => synthesize({ program: 'test/x.neam' })).toThrow(
      'the image is built from programs and examples: put it there',
    )
    expect(() => synthesize({ program: 'examples/../../x.neam' })).toThrow('put it there')
    expect(() => synthesize({ program: 'examples/nowhere.neam' })).toThrow('there is no such file')
  })
})

interface Described {
  readonly Environment: { readonly Variables: Readonly<Record<string, unknown>> }
  readonly Timeout: number
}

describe('context streaming', () => {
  test('is off by default: no REST API and no function for it', () => {
    const { template } = synthesize()
    template.resourceCountIs('AWS::ApiGateway::RestApi', 0)
    template.resourcePropertiesCountIs(
      'AWS::Lambda::Function',
      { ImageConfig: { Command: ['streaming.handler'] } },
      0,
    )
  })

  test('on adds a REST API whose two routes stream from a function with the keys of the API', () => {
    const { template } = synthesize({ streaming: 'on' })
    const methods = Object.values(
      template.findResources('AWS::ApiGateway::Method') as Record<string, Resource>,
    )
    expect(methods.map(({ Properties }) => Properties.HttpMethod).toSorted()).toEqual(['GET', 'HEAD', 'POST'])
    for (const { Properties } of methods) {
      expect(Properties.Integration).toMatchObject({
        Type: 'AWS_PROXY',
        ResponseTransferMode: 'STREAM',
        TimeoutInMillis: 900_000,
      })
      expect(JSON.stringify(Properties.Integration)).toContain('response-streaming-invocations')
    }
    const [api, streaming] = ['api.handler', 'streaming.handler'].map(
      (command) =>
        Object.values(
          template.findResources('AWS::Lambda::Function', {
            Properties: { ImageConfig: { Command: [command] } },
          }) as Record<string, { readonly Properties: Described }>,
        )[0]!.Properties,
    )
    const { NEAM_TURN_WORKER: worker, NEAM_FILE_SYSTEM_ID: _id, ...variables } = api!.Environment.Variables
    expect(worker).toBeDefined()
    expect(streaming!.Environment).toEqual({ Variables: variables })
    expect(streaming!.Timeout).toBe(900)
    expect(Object.keys(template.findOutputs('StreamingUrl'))).toEqual(['StreamingUrl'])
  })

  test('is on or off', () => {
    expect(() => synthesize({ streaming: 'yes' })).toThrow(
      'context streaming must be "off" or "on", got "yes"',
    )
  })
})
