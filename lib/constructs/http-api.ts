import { RemovalPolicy } from 'aws-cdk-lib'
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway'
import { type CfnStage, HttpApi, HttpMethod, LogGroupLogDestination } from 'aws-cdk-lib/aws-apigatewayv2'
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs'
import { Construct } from 'constructs'
import type { Route } from '../../lambda/routes.ts'
import { INTEGRATION_TIMEOUT } from './image-function.ts'

/** HTTP API v2 with one route a row of the route table, all to one function. */
export class Api extends Construct {
  readonly api: HttpApi

  constructor(
    scope: Construct,
    id: string,
    props: { readonly routes: readonly Route[]; readonly handler: IFunction },
  ) {
    super(scope, id)
    const integration = new HttpLambdaIntegration('Integration', props.handler, {
      timeout: INTEGRATION_TIMEOUT,
      // A permission for each route would not fit into the 20 KB that the policy of a function may have.
      scopePermissionToRoute: false,
    })
    const accessLog = new LogGroup(this, 'AccessLog', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    })
    this.api = new HttpApi(this, 'HttpApi', {
      description: 'NeamClaw: claw and forge agents',
      createDefaultStage: false,
    })
    const stage = this.api.addStage('Stage', {
      stageName: '$default',
      autoDeploy: true,
      throttle: { rateLimit: 50, burstLimit: 100 },
      accessLogSettings: {
        destination: new LogGroupLogDestination(accessLog),
        format: AccessLogFormat.custom(
          JSON.stringify({
            request_id: '$context.requestId',
            ip: '$context.identity.sourceIp',
            route: '$context.routeKey',
            status: '$context.status',
            latency_ms: '$context.responseLatency',
            error: '$context.integrationErrorMessage',
          }),
        ),
      },
    })
    ;(stage.node.defaultChild as CfnStage).applyRemovalPolicy(RemovalPolicy.DESTROY)
    for (const { method, path } of props.routes) {
      this.api.addRoutes({ path, methods: [HttpMethod[method]], integration })
    }
  }
}
