import type { MiddlewareObj } from '@middy/core'
import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import type { EdgeContext, HandlerAnswer } from '../edge.ts'

/** A Middy middleware of our handlers. */
export type Middleware = MiddlewareObj<APIGatewayProxyEventV2, HandlerAnswer, Error, EdgeContext>
