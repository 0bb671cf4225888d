import { Peer, Port, SecurityGroup } from 'aws-cdk-lib/aws-ec2'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import { Construct } from 'constructs'
import { ENV } from '../../lambda/env.ts'
import type { StackSettings } from '../settings.ts'
import { ImageFunction, MOUNT, SANDBOX_TIMEOUT } from './image-function.ts'
import { type Network, VPC_CIDR } from './network.ts'
import type { Tree } from './tree.ts'

/**
 * The function that runs commands of programs (design 6.3, docs/decisions/004). A command can read all that this function
 * holds, so it holds nothing: no secret, no session or run, no way out, and a role that mounts the workspaces.
 */
export class Sandbox extends Construct {
  readonly function: IFunction

  constructor(
    scope: Construct,
    id: string,
    props: { readonly settings: StackSettings; readonly network: Network; readonly tree: Tree },
  ) {
    super(scope, id)
    const { settings, network, tree } = props
    const securityGroup = new SecurityGroup(this, 'Commands', {
      vpc: network.vpc,
      description: 'Commands of programs: NFS to the tree and nothing else',
      allowAllOutbound: false,
    })
    // CDK lets the function reach the mount targets, by a rule beside the group. With none inside of it EC2 would put one
    // there that allows everything.
    securityGroup.addEgressRule(Peer.ipv4(VPC_CIDR), Port.NFS, 'to the mount targets of the tree')
    this.function = new ImageFunction(this, 'Function', {
      settings,
      network,
      securityGroup,
      isolated: true,
      description: 'Runs commands of programs',
      command: 'sandbox.handler',
      timeout: SANDBOX_TIMEOUT,
      memorySize: 2048,
      reservedConcurrency: settings.reservedConcurrency,
      accessPoint: tree.workspaces,
      environment: { [ENV.workspaceDir]: MOUNT },
    })
  }
}
