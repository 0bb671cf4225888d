import { Annotations, CfnOutput, Duration, Stack, type StackProps, Tags } from 'aws-cdk-lib'
import type { RestApi } from 'aws-cdk-lib/aws-apigateway'
import { SecurityGroup } from 'aws-cdk-lib/aws-ec2'
import { EventBus, type IEventBus } from 'aws-cdk-lib/aws-events'
import type { ILogGroup } from 'aws-cdk-lib/aws-logs'
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager'
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions'
import { Trigger } from 'aws-cdk-lib/triggers'
import type { Construct } from 'constructs'
import { ENV } from '../lambda/env.ts'
import { ROUTES } from '../lambda/routes.ts'
import { bedrockModels, grantBedrock } from './constructs/bedrock.ts'
import { ForgeLoop } from './constructs/forge-loop.ts'
import { Api } from './constructs/http-api.ts'
import { API_TIMEOUT, ImageFunction, MOUNT, STEP_TIMEOUT } from './constructs/image-function.ts'
import { Keys } from './constructs/keys.ts'
import { Network } from './constructs/network.ts'
import { Sandbox } from './constructs/sandbox.ts'
import { StreamingApi } from './constructs/streaming-api.ts'
import { Tree } from './constructs/tree.ts'
import { Watch } from './constructs/watch.ts'
import type { StackSettings } from './settings.ts'

/** Everything NeamClaw needs in one AWS account: docs/architecture.md draws it. */
export class NeamStack extends Stack {
  constructor(scope: Construct, id: string, props: StackProps & { readonly settings: StackSettings }) {
    super(scope, id, {
      stackName: props.settings.stackName,
      description: 'NeamClaw: claw and forge agents of a Neam program',
      ...props,
    })
    const { settings } = props
    Tags.of(this).add('application', 'NeamClaw')
    const network = new Network(this, 'Network', {
      egress: settings.egress,
      events: settings.eventBus !== null,
    })
    const securityGroup = this.functionGroup(network)
    const tree = new Tree(this, 'Tree', { network, clients: securityGroup })
    const keys = new Keys(this, 'Keys')

    const shared = { settings, network, securityGroup, accessPoint: tree.state }
    const environment = environmentOf(settings, this.stackName)

    const treeInit = new ImageFunction(this, 'TreeInit', {
      ...shared,
      description: 'Creates the tree, once a deployment',
      command: 'tree-init.handler',
      timeout: Duration.minutes(1),
      memorySize: 512,
      environment: { ...environment, [ENV.tree]: 'create' },
    })
    const serving = { ...shared, reservedConcurrency: settings.reservedConcurrency }
    new Trigger(this, 'CreateTree', { handler: treeInit, executeAfter: [tree] })

    const sandbox = new Sandbox(this, 'Sandbox', { settings, network, tree })
    const withCommands = { ...environment, [ENV.sandboxFunction]: sandbox.function.functionName }

    const step = new ImageFunction(this, 'ForgeStep', {
      ...serving,
      description: 'One iteration of a forge run',
      command: 'forge-step.handler',
      timeout: STEP_TIMEOUT,
      memorySize: 2048,
      environment: { ...withCommands, [ENV.secretArn]: keys.providers.secretArn },
    })
    keys.providers.grantRead(step)
    sandbox.function.grantInvoke(step)
    const loop = new ForgeLoop(this, 'ForgeLoop', { step })

    const apiEnvironment = {
      ...withCommands,
      [ENV.secretArn]: `${keys.service.secretArn},${keys.providers.secretArn}`,
      [ENV.stateMachineArn]: loop.machine.stateMachineArn,
    }
    const api = new ImageFunction(this, 'Api', {
      ...serving,
      description: 'The HTTP API',
      command: 'api.handler',
      timeout: API_TIMEOUT,
      memorySize: 1769, // one vCPU
      environment: { ...apiEnvironment, [ENV.fileSystemId]: tree.fileSystem.fileSystemId },
    })
    tree.grantDescribe(api)
    // A turn that is streamed runs where it is streamed: no other process has its words.
    const streaming = settings.streaming
      ? new ImageFunction(this, 'Streaming', {
          ...serving,
          description: 'Turns of claw agents as they happen',
          command: 'streaming.handler',
          timeout: STEP_TIMEOUT,
          memorySize: 1769,
          environment: apiEnvironment,
        })
      : null
    const doors = streaming === null ? [api] : [api, streaming]
    for (const door of doors) {
      keys.service.grantRead(door)
      keys.providers.grantRead(door)
      sandbox.function.grantInvoke(door)
      loop.machine.grantStartExecution(door)
      loop.machine.grantExecution(door, 'states:DescribeExecution')
    }
    // A decision wakes the execution that waits for it.
    loop.machine.grant(api, 'states:SendTaskSuccess')

    // The API hands a turn over before API Gateway gives up; nobody else may invoke the worker.
    const worker = new ImageFunction(this, 'TurnWorker', {
      ...serving,
      description: 'Goes on with turns that take longer than API Gateway waits',
      command: 'turn-worker.handler',
      timeout: STEP_TIMEOUT,
      memorySize: 1769,
      environment: {
        ...withCommands,
        [ENV.secretArn]: keys.providers.secretArn,
        [ENV.stateMachineArn]: loop.machine.stateMachineArn,
      },
    })
    keys.providers.grantRead(worker)
    sandbox.function.grantInvoke(worker)
    loop.machine.grantStartExecution(worker)
    loop.machine.grantExecution(worker, 'states:DescribeExecution')
    worker.grantInvoke(api)
    api.addEnvironment(ENV.turnWorker, worker.functionName)

    const models = settings.offline ? [] : bedrockModels(settings.agents)
    for (const asker of [step, ...doors, worker]) grantBedrock(asker, models)
    if (settings.egress === 'bedrock-endpoints-only') this.warnOfUnreachable(settings)

    // Whoever may end a run tells of it.
    const bus = settings.eventBus === null ? null : this.eventBus(settings.eventBus)
    for (const teller of [step, ...doors, worker]) bus?.grantPutEventsTo(teller)

    const { api: http } = new Api(this, 'Http', { routes: ROUTES, handler: api })
    const streamed = streaming === null ? null : this.streamingApi(streaming)
    new Watch(this, 'Watch', {
      api: http,
      streamed,
      fileSystem: tree.fileSystem,
      functions: {
        Api: api,
        ForgeStep: step,
        TurnWorker: worker,
        Sandbox: sandbox.function,
        ...(streaming === null ? {} : { Streaming: streaming }),
      },
      machine: loop.machine,
      alarmEmail: settings.alarmEmail,
      alarmDailyCost: settings.alarmDailyCost,
    })
    this.outputs({ url: http.apiEndpoint, keys, machine: loop.machine, log: api.logGroup })
  }

  private functionGroup(network: Network): SecurityGroup {
    const securityGroup = new SecurityGroup(this, 'Functions', {
      vpc: network.vpc,
      description: 'The NeamClaw functions',
      allowAllIpv6Outbound: network.dualStack,
    })
    Annotations.of(securityGroup).acknowledgeWarning(
      '@aws-cdk/aws-ec2:ipv4IgnoreEgressRule',
      'all outbound traffic is allowed, so NFS to the tree needs no rule of its own',
    )
    return securityGroup
  }

  /** What whoever deploys it needs next. */
  private outputs({
    url,
    keys,
    machine,
    log,
  }: {
    readonly url: string
    readonly keys: Keys
    readonly machine: IStateMachine
    readonly log: ILogGroup
  }): void {
    new CfnOutput(this, 'ApiUrl', { value: url, description: 'Base URL of the API' })
    new CfnOutput(this, 'ServiceKeys', {
      value: keys.service.secretArn,
      description: 'Secret with NEAM_API_KEY and NEAM_ADMIN_KEY',
    })
    new CfnOutput(this, 'ProviderKeys', {
      value: keys.providers.secretArn,
      description:
        'Secret for the keys of the models: OPENAI_API_KEY, ANTHROPIC_API_KEY, GEMINI_API_KEY, NEAM_WEBHOOK_SECRET',
    })
    new CfnOutput(this, 'StateMachine', {
      value: machine.stateMachineArn,
      description: 'Forge runs in the Step Functions console',
    })
    const aws = (command: string, secret: ISecret) =>
      `aws secretsmanager ${command} --region ${this.region} --secret-id ${secret.secretArn}`
    new CfnOutput(this, 'Next1SetModelKey', {
      value: `${aws('put-secret-value', keys.providers)} --secret-string '{"OPENAI_API_KEY": "..."}'`,
      description: 'First command after a deployment',
    })
    new CfnOutput(this, 'Next2ReadApiKey', {
      value: `${aws('get-secret-value', keys.service)} --query SecretString --output text`,
      description: 'Second command',
    })
    new CfnOutput(this, 'Next3ListAgents', {
      value: `curl -s ${url}/api/v1/claw -H "Authorization: Bearer $NEAM_API_KEY"`,
      description: 'Third command, with the key that the second one prints',
    })
    new CfnOutput(this, 'Next4ReadLog', {
      value: `aws logs tail ${log.logGroupName} --region ${this.region} --since 1h`,
      description: 'Log and audit records of the API function',
    })
  }

  private streamingApi(handler: ImageFunction): RestApi {
    const routes = ROUTES.filter(({ streams }) => streams)
    const { api } = new StreamingApi(this, 'StreamingHttp', { routes, handler })
    new CfnOutput(this, 'StreamingUrl', { value: api.url, description: 'Base URL of the routes that stream' })
    return api
  }

  /** An address of an agent's own may lie inside the VPC. */
  private warnOfUnreachable({ agents, offline }: StackSettings): void {
    const cut = agents.filter(
      ({ provider, endpoint }) => endpoint === null && !['bedrock', 'offline'].includes(provider),
    )
    if (offline || cut.length === 0) return
    const named = cut.map(({ name, provider }) => `${name} (${provider})`).join(', ')
    Annotations.of(this).addWarningV2(
      'neam:providerUnreachable',
      `egress "bedrock-endpoints-only" reaches no other provider than bedrock, and these agents name one: ${named}`,
    )
  }

  /** By name or ARN; it is there already. */
  private eventBus(bus: string): IEventBus {
    return bus.startsWith('arn:')
      ? EventBus.fromEventBusArn(this, 'EventBus', bus)
      : EventBus.fromEventBusName(this, 'EventBus', bus)
  }
}

/** What every function of the stack is told. */
const environmentOf = (settings: StackSettings, stackName: string): Readonly<Record<string, string>> => ({
  [ENV.sessionsDir]: `${MOUNT}/sessions`,
  [ENV.workspaceDir]: `${MOUNT}/workspace`,
  [ENV.stateDir]: `${MOUNT}/state`,
  // A missing mount must look like a missing mount, not like an empty tree.
  [ENV.tree]: 'require',
  // Nor must that of another stack, mounted by mistake, look like ours.
  [ENV.treeOf]: stackName,
  [ENV.environment]: 'production',
  // Said either way: `sam local invoke` sets only what the template names.
  [ENV.offline]: settings.offline ? '1' : '0',
  [ENV.confirmationSeconds]: String(settings.confirmationSeconds),
  ...(settings.agentTurns === null ? {} : { [ENV.agentTurns]: String(settings.agentTurns) }),
  ...(settings.webhookUrl === null ? {} : { [ENV.webhookUrl]: settings.webhookUrl }),
  ...(settings.otlpEndpoint === null ? {} : { [ENV.otlpEndpoint]: settings.otlpEndpoint }),
  ...(settings.eventBus === null ? {} : { [ENV.eventBus]: settings.eventBus }),
})
