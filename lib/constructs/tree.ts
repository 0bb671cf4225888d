import { RemovalPolicy } from 'aws-cdk-lib'
import { type ISecurityGroup, Port, SecurityGroup } from 'aws-cdk-lib/aws-ec2'
import {
  type AccessPoint,
  FileSystem,
  LifecyclePolicy,
  OutOfInfrequentAccessPolicy,
  PerformanceMode,
  ThroughputMode,
} from 'aws-cdk-lib/aws-efs'
import {
  AnyPrincipal,
  Effect,
  Grant,
  type IGrantable,
  PolicyDocument,
  PolicyStatement,
} from 'aws-cdk-lib/aws-iam'
import { Construct } from 'constructs'
import type { Network } from './network.ts'

/** Lambda runs as another uid; an access point makes every file belong to this one. */
const OWNER = { uid: '1000', gid: '1000' }

/**
 * The tree (reliability 2.4): one encrypted EFS with two access points. `state` is the whole tree, for the functions
 * that hold sessions and runs; `workspaces` is the only part that executed commands may see.
 */
export class Tree extends Construct {
  readonly fileSystem: FileSystem
  readonly state: AccessPoint
  readonly workspaces: AccessPoint

  constructor(
    scope: Construct,
    id: string,
    props: { readonly network: Network; readonly clients: ISecurityGroup },
  ) {
    super(scope, id)
    const { network, clients } = props
    const securityGroup = new SecurityGroup(this, 'MountTargets', {
      vpc: network.vpc,
      description: 'NFS from the functions only',
      allowAllOutbound: false,
    })
    securityGroup.addIngressRule(clients, Port.tcp(2049), 'the functions mount the tree')
    this.fileSystem = new FileSystem(this, 'FileSystem', {
      vpc: network.vpc,
      vpcSubnets: network.treeSubnets,
      securityGroup,
      encrypted: true,
      performanceMode: PerformanceMode.GENERAL_PURPOSE,
      // Bursting would give a small tree 1 MiB/s once its credits are spent.
      throughputMode: ThroughputMode.ELASTIC,
      enableAutomaticBackups: true,
      // What nobody has read for 30 days is cheaper and slower, and fast again once it is read.
      lifecyclePolicy: LifecyclePolicy.AFTER_30_DAYS,
      outOfInfrequentAccessPolicy: OutOfInfrequentAccessPolicy.AFTER_1_ACCESS,
      fileSystemPolicy: onlyAsTheFunctionsDo(),
      // `false` would add a statement that lets everybody write and be root; a policy without it lets nobody in.
      allowAnonymousAccess: true,
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    })
    this.state = this.accessPoint('State', '/neam')
    this.workspaces = this.accessPoint('Workspaces', '/neam/workspace')
    // The workspace root lies inside the state root, which must exist first.
    this.workspaces.node.addDependency(this.state)
  }

  /** GET /ready tells the state of the file system and its mount targets. */
  grantDescribe(grantee: IGrantable): Grant {
    const actions = ['elasticfilesystem:DescribeFileSystems', 'elasticfilesystem:DescribeMountTargets']
    return Grant.addToPrincipal({ grantee, actions, resourceArns: [this.fileSystem.fileSystemArn] })
  }

  private accessPoint(id: string, path: string): AccessPoint {
    return this.fileSystem.addAccessPoint(id, {
      path,
      posixUser: OWNER,
      createAcl: { ownerUid: OWNER.uid, ownerGid: OWNER.gid, permissions: '700' },
    })
  }
}

const CLIENT_ACTIONS = ['ClientMount', 'ClientRootAccess', 'ClientWrite'].map(
  (action) => `elasticfilesystem:${action}`,
)

/** Only with TLS and through an access point. It allows nothing: that is for the roles of the functions, so nobody is anonymous. */
function onlyAsTheFunctionsDo(): PolicyDocument {
  const denied = (sid: string, conditions: Readonly<Record<string, unknown>>) =>
    new PolicyStatement({
      sid,
      effect: Effect.DENY,
      principals: [new AnyPrincipal()],
      actions: CLIENT_ACTIONS,
      conditions,
    })
  return new PolicyDocument({
    statements: [
      denied('OnlyWithTls', { Bool: { 'aws:SecureTransport': 'false' } }),
      denied('OnlyThroughAnAccessPoint', { Null: { 'elasticfilesystem:AccessPointArn': 'true' } }),
    ],
  })
}
