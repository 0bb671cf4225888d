import { join } from 'node:path'
import { Aws, RemovalPolicy } from 'aws-cdk-lib'
import { Policy, PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs'
import { DefinitionBody, LogLevel, StateMachine, StateMachineType } from 'aws-cdk-lib/aws-stepfunctions'
import { Construct } from 'constructs'
import type { AslPlaceholder } from '../../statemachine/contract.ts'

/** The file that the local driver interprets, byte for byte. */
export const DEFINITION_FILE = join(import.meta.dirname, '../../statemachine/forge-run.asl.json')

/** The forge loop: one Standard execution a run (long runs hand over to successors), one Lambda step an iteration. */
export class ForgeLoop extends Construct {
  readonly machine: StateMachine

  constructor(scope: Construct, id: string, props: { readonly step: IFunction }) {
    super(scope, id)
    const substitutions: Record<AslPlaceholder, string> = {
      ForgeStepFunctionArn: props.step.functionArn,
      // Step Functions knows no integration by the name that it has elsewhere: in China, or in GovCloud.
      Partition: Aws.PARTITION,
    }
    this.machine = new StateMachine(this, 'Machine', {
      stateMachineType: StateMachineType.STANDARD,
      definitionBody: DefinitionBody.fromFile(DEFINITION_FILE),
      definitionSubstitutions: substitutions,
      logs: {
        destination: new LogGroup(this, 'Log', {
          retention: RetentionDays.ONE_MONTH,
          removalPolicy: RemovalPolicy.DESTROY,
        }),
        level: LogLevel.ERROR,
        // The state holds ids only.
        includeExecutionData: true,
      },
    })
    // A definition from a file gives CDK nothing to derive this from.
    props.step.grantInvoke(this.machine)
    // A policy of its own: as part of the role's, machine and policy would wait for each other.
    const handOver = new Policy(this, 'HandOver', {
      statements: [
        new PolicyStatement({
          actions: ['states:StartExecution'],
          resources: [this.machine.stateMachineArn],
        }),
      ],
    })
    handOver.attachToRole(this.machine.role)
  }
}
