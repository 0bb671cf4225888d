import { Duration, Stack } from 'aws-cdk-lib'
import type { RestApi } from 'aws-cdk-lib/aws-apigateway'
import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2'
import {
  Alarm,
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  type IMetric,
  Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import type { IFileSystem } from 'aws-cdk-lib/aws-efs'
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import { Topic } from 'aws-cdk-lib/aws-sns'
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions'
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions'
import { Construct } from 'constructs'
import { COST_METRIC, NAMESPACE } from '../../lambda/health/emf.ts'

const PERIOD = Duration.minutes(5)

export interface WatchProps {
  readonly api: HttpApi
  /** The REST API that streams, where there is one. */
  readonly streamed: RestApi | null
  readonly fileSystem: IFileSystem
  readonly functions: Readonly<Record<string, IFunction>>
  readonly machine: StateMachine
  /** Who is told; null = the alarms are only shown. */
  readonly alarmEmail: string | null
  /** US dollars; null = no alarm. */
  readonly alarmDailyCost: number | null
}

/** What tells an operator that something is wrong, and one page that shows whether it is. */
export class Watch extends Construct {
  constructor(scope: Construct, id: string, props: WatchProps) {
    super(scope, id)
    const topic = new Topic(this, 'Alarms', { displayName: 'NeamClaw', enforceSSL: true })
    // With a policy of its own, which TLS takes, a topic loses the one that lets its account publish.
    topic.grantPublish(
      new ServicePrincipal('cloudwatch.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    )
    if (props.alarmEmail !== null) topic.addSubscription(new EmailSubscription(props.alarmEmail))
    const action = new SnsAction(topic)
    const alarm = (name: string, metric: IMetric, alarmDescription: string, threshold = 1) => {
      new Alarm(this, name, {
        metric,
        alarmDescription,
        threshold,
        evaluationPeriods: 1,
        comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treatMissingData: TreatMissingData.NOT_BREACHING,
      }).addAlarmAction(action)
    }

    const sum = { period: PERIOD, statistic: 'Sum' } as const
    const functions = Object.entries(props.functions)
    for (const [name, one] of functions) {
      alarm(`${name}Errors`, one.metricErrors(sum), `${name}: the function failed; see its log`)
      alarm(
        `${name}Throttles`,
        one.metricThrottles(sum),
        `${name}: the concurrency of the account, or what is reserved for the function, is used up`,
      )
    }
    alarm('ServerErrors', props.api.metricServerError(sum), 'API Gateway answered 5xx; see the access log')
    if (props.streamed !== null) {
      alarm(
        'StreamingServerErrors',
        props.streamed.metricServerError(sum),
        'the REST API that streams answered 5xx; see the log of the streaming function',
      )
    }
    const cost = new Metric({ namespace: NAMESPACE, metricName: COST_METRIC, ...sum })
    if (props.alarmDailyCost !== null) {
      alarm(
        'DailyCost',
        cost.with({ period: Duration.days(1) }),
        `models cost ${props.alarmDailyCost} US dollars on one day; see ${COST_METRIC} by agent`,
        props.alarmDailyCost,
      )
    }
    // A run that ends without success ends its execution with success: only what nobody handled fails one.
    alarm(
      'RunsFailed',
      props.machine.metricFailed(sum),
      'a forge execution failed: the status of its run says why; start the agent again, verified tasks are kept',
    )
    alarm('RunsTimedOut', props.machine.metricTimedOut(sum), 'a forge execution ran out of time')

    const bytes = (metricName: string) =>
      new Metric({
        namespace: 'AWS/EFS',
        metricName,
        dimensionsMap: { FileSystemId: props.fileSystem.fileSystemId },
        ...sum,
      })
    const graph = (title: string, left: IMetric[], right: IMetric[] = []) =>
      new GraphWidget({ title, left, right, width: 12 })
    new Dashboard(this, 'Dashboard').addWidgets(
      graph(
        'Requests and errors',
        [props.api.metricCount(sum)],
        [props.api.metricClientError(sum), props.api.metricServerError(sum)],
      ),
      graph('API latency', [
        props.api.metricLatency({ statistic: 'p50' }),
        props.api.metricLatency({ statistic: 'p99' }),
      ]),
      graph(
        'Functions: invocations',
        functions.map(([, one]) => one.metricInvocations(sum)),
      ),
      graph(
        'Functions: duration p99',
        functions.map(([, one]) => one.metricDuration({ statistic: 'p99' })),
      ),
      graph(
        'Forge runs',
        [props.machine.metricStarted(sum), props.machine.metricSucceeded(sum)],
        [props.machine.metricFailed(sum)],
      ),
      graph('Cost of models, US dollars', [cost]),
      graph('The tree: bytes read and written', [bytes('DataReadIOBytes'), bytes('DataWriteIOBytes')]),
    )
  }
}
