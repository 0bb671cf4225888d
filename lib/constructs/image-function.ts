import { join } from 'node:path'
import { Duration, RemovalPolicy } from 'aws-cdk-lib'
import type { ISecurityGroup } from 'aws-cdk-lib/aws-ec2'
import { Platform } from 'aws-cdk-lib/aws-ecr-assets'
import type { AccessPoint } from 'aws-cdk-lib/aws-efs'
import { Effect, Policy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Architecture, DockerImageCode, DockerImageFunction, FileSystem } from 'aws-cdk-lib/aws-lambda'
import { LogGroup } from 'aws-cdk-lib/aws-logs'
import type { Construct } from 'constructs'
import type { StackSettings } from '../settings.ts'
import type { Network } from './network.ts'

const ROOT = join(import.meta.dirname, '../..')
/** Where every function finds what it mounts: the tree, and in the sandbox the workspaces. */
export const MOUNT = '/mnt/neam'

export interface ImageFunctionProps {
  readonly settings: StackSettings
  readonly network: Network
  readonly securityGroup: ISecurityGroup
  /** In the subnets without a route out. */
  readonly isolated?: boolean
  readonly description: string
  /** `file.export` in the image. */
  readonly command: string
  readonly timeout: Duration
  readonly memorySize: number
  /** Default: what the account has left. */
  readonly reservedConcurrency?: number | null
  readonly accessPoint: AccessPoint
  readonly environment: Readonly<Record<string, string>>
}

/** What Lambda itself does with the role to place a function in a VPC; none of it takes a resource. */
const VPC_ACTIONS = [
  'ec2:CreateNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:DeleteNetworkInterface',
  'ec2:AssignPrivateIpAddresses',
  'ec2:UnassignPrivateIpAddresses',
]

/**
 * One function of the one image: they differ in command, role, time and memory. Its role may mount the access point, write
 * its own log and be placed in the VPC; what else it may do is granted to it. AWS's managed policies would let it write
 * every log and delete network interfaces of the whole account.
 */
export class ImageFunction extends DockerImageFunction {
  constructor(scope: Construct, id: string, props: ImageFunctionProps) {
    const arm = props.settings.architecture === 'arm64'
    const { isolated = false } = props
    const dualStack = props.network.dualStack && !isolated
    const role = new Role(scope, `${id}Role`, {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: props.description,
    })
    role.addToPolicy(new PolicyStatement({ actions: VPC_ACTIONS, resources: ['*'] }))
    const logGroup = new LogGroup(scope, `${id}Log`, {
      retention: props.settings.logRetentionDays,
      // Audit records are in it: it goes when they are old enough, not with the stack.
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    })
    logGroup.grantWrite(role)
    super(scope, id, {
      description: props.description,
      code: DockerImageCode.fromImageAsset(ROOT, {
        file: 'Dockerfile.lambda',
        cmd: [props.command],
        buildArgs: { PROGRAM: props.settings.program },
        platform: arm ? Platform.LINUX_ARM64 : Platform.LINUX_AMD64,
      }),
      architecture: arm ? Architecture.ARM_64 : Architecture.X86_64,
      timeout: props.timeout,
      memorySize: props.memorySize,
      ...(props.reservedConcurrency == null
        ? {}
        : { reservedConcurrentExecutions: props.reservedConcurrency }),
      vpc: props.network.vpc,
      vpcSubnets: isolated ? props.network.treeSubnets : props.network.functionSubnets,
      ipv6AllowedForDualStack: dualStack,
      securityGroups: [props.securityGroup],
      role,
      filesystem: FileSystem.fromEfsAccessPoint(props.accessPoint, MOUNT),
      environment: {
        ...props.environment,
        ...(dualStack ? { AWS_USE_DUALSTACK_ENDPOINT: 'true' } : {}),
      },
      logGroup,
    })
    // Lambda may place the function; code that runs in it may not. A policy of its own: the function waits for the role's,
    // and this one names the function.
    new Policy(scope, `${id}NotForCode`, {
      roles: [role],
      statements: [
        new PolicyStatement({
          effect: Effect.DENY,
          actions: VPC_ACTIONS,
          resources: ['*'],
          conditions: { ArnEquals: { 'lambda:SourceFunctionArn': this.functionArn } },
        }),
      ],
    })
  }
}

/** A handler answers 2 s before that. */
export const API_TIMEOUT = Duration.seconds(29)
/** Whoever waits for a function that hangs gets API Gateway's 503; when Lambda has ended the function it would be a 500. */
export const INTEGRATION_TIMEOUT = Duration.millis(28_500)
/** Lambda's limit; iteration < function < task < execution. */
export const STEP_TIMEOUT = Duration.minutes(15)
/** Of one command, and less than the iteration that waits for it. */
export const SANDBOX_TIMEOUT = Duration.minutes(10)
