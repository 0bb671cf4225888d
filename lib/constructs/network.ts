import {
  InstanceClass,
  InstanceSize,
  InstanceType,
  InterfaceVpcEndpointAwsService,
  IpAddresses,
  IpProtocol,
  type IVpc,
  NatProvider,
  NatTrafficDirection,
  Peer,
  Port,
  type SubnetConfiguration,
  type SubnetSelection,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2'
import { Construct } from 'constructs'
import type { Egress } from '../settings.ts'

export const VPC_CIDR = '10.42.0.0/16'

const publicSubnets: SubnetConfiguration = { name: 'public', subnetType: SubnetType.PUBLIC, cidrMask: 26 }
const functionSubnets: SubnetConfiguration = {
  name: 'functions',
  subnetType: SubnetType.PRIVATE_WITH_EGRESS,
  cidrMask: 24,
}
/** The file system's mount targets never need a route out, and the sandbox must not have one. */
const treeSubnets: SubnetConfiguration = {
  name: 'tree',
  subnetType: SubnetType.PRIVATE_ISOLATED,
  cidrMask: 28,
}
const isolatedFunctions: SubnetConfiguration = { ...functionSubnets, subnetType: SubnetType.PRIVATE_ISOLATED }

/** AWS services that the functions call whatever the way out (design 9.24). */
const SERVICES = [
  ['Lambda', InterfaceVpcEndpointAwsService.LAMBDA],
  ['States', InterfaceVpcEndpointAwsService.STEP_FUNCTIONS],
  ['Secrets', InterfaceVpcEndpointAwsService.SECRETS_MANAGER],
  ['FileSystem', InterfaceVpcEndpointAwsService.ELASTIC_FILESYSTEM],
  ['Bedrock', InterfaceVpcEndpointAwsService.BEDROCK_RUNTIME],
] as const

/** The VPC that EFS forces on the functions, with one of four ways out. */
export class Network extends Construct {
  readonly vpc: IVpc
  readonly functionSubnets: SubnetSelection = { subnetGroupName: functionSubnets.name }
  readonly treeSubnets: SubnetSelection = { subnetGroupName: treeSubnets.name }
  /** The functions speak IPv6, and must use AWS's dual-stack endpoints. */
  readonly dualStack: boolean

  constructor(
    scope: Construct,
    id: string,
    /** `events`: the functions also call EventBridge. */
    props: { readonly egress: Egress; readonly events: boolean },
  ) {
    super(scope, id)
    this.dualStack = props.egress === 'ipv6'
    const vpc = this.build(props.egress)
    this.vpc = vpc
    if (props.egress === 'bedrock-endpoints-only') {
      for (const [name, service] of SERVICES) {
        vpc.addInterfaceEndpoint(name, { service, subnets: this.functionSubnets })
      }
      if (props.events) {
        const service = InterfaceVpcEndpointAwsService.EVENTBRIDGE
        vpc.addInterfaceEndpoint('Events', { service, subnets: this.functionSubnets })
      }
    }
  }

  private build(egress: Egress): Vpc {
    const shared = { maxAzs: 2, ipAddresses: IpAddresses.cidr(VPC_CIDR) }
    switch (egress) {
      case 'nat':
        return new Vpc(this, 'Vpc', {
          ...shared,
          natGateways: 1,
          subnetConfiguration: [publicSubnets, functionSubnets, treeSubnets],
        })
      case 'nat-instance': {
        const provider = NatProvider.instanceV2({
          instanceType: InstanceType.of(InstanceClass.T4G, InstanceSize.NANO),
          defaultAllowedTraffic: NatTrafficDirection.OUTBOUND_ONLY,
        })
        const vpc = new Vpc(this, 'Vpc', {
          ...shared,
          natGateways: 1,
          natGatewayProvider: provider,
          subnetConfiguration: [publicSubnets, functionSubnets, treeSubnets],
        })
        // The instance forwards for the VPC, and for nobody outside.
        provider.connections.allowFrom(Peer.ipv4(vpc.vpcCidrBlock), Port.allTraffic())
        return vpc
      }
      case 'ipv6':
        return new Vpc(this, 'Vpc', {
          ...shared,
          ipProtocol: IpProtocol.DUAL_STACK,
          natGateways: 0,
          subnetConfiguration: [publicSubnets, functionSubnets, treeSubnets],
        })
      case 'bedrock-endpoints-only':
        return new Vpc(this, 'Vpc', {
          ...shared,
          natGateways: 0,
          // Reserved: the other subnets have the same addresses whatever the way out, which may be changed later.
          subnetConfiguration: [{ ...publicSubnets, reserved: true }, isolatedFunctions, treeSubnets],
        })
    }
  }
}
