import { RemovalPolicy } from 'aws-cdk-lib'
import { type ISecurityGroup, Port, SecurityGroup } from 'aws-cdk-lib/aws-ec2'
import {
  type AccessPoint,
  FileSystem,
  LifecyclePolicy,
  PerformanceMode,
  ThroughputMode,
} from 'aws-cdk-lib/aws-efs'
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam'
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
      lifecyclePolicy: LifecyclePolicy.AFTER_30_DAYS,
      // Only through an access point, with IAM and TLS.
      allowAnonymousAccess: false,
      removalPolicy: RemovalPolicy.RETAIN,
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
