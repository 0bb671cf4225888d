import { EndpointType, LambdaIntegration, ResponseTransferMode, RestApi } from 'aws-cdk-lib/aws-apigateway'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import { Construct } from 'constructs'
import type { Route } from '../../lambda/routes.ts'
import { STEP_TIMEOUT } from './image-function.ts'

/** A REST API for the routes that stream: HTTP APIs gather an answer until it is whole. */
export class StreamingApi extends Construct {
  readonly api: RestApi

  constructor(
    scope: Construct,
    id: string,
    props: { readonly routes: readonly Route[]; readonly handler: IFunction },
  ) {
    super(scope, id)
    const integration = new LambdaIntegration(props.handler, {
      responseTransferMode: ResponseTransferMode.STREAM,
      // As long as the function may run; API Gateway's default would cut a stream off after 29 s.
      timeout: STEP_TIMEOUT,
      allowTestInvoke: false,
    })
    this.api = new RestApi(this, 'RestApi', {
      description: 'NeamClaw: turns of claw agents as they happen',
      endpointTypes: [EndpointType.REGIONAL],
      cloudWatchRole: false,
      deployOptions: { stageName: 'stream', throttlingRateLimit: 50, throttlingBurstLimit: 100 },
    })
    for (const { method, path } of props.routes) {
      this.api.root.resourceForPath(path).addMethod(method, integration)
    }
  }
}
