import * as v from 'valibot'
import { MAX_ITERATIONS } from '../../agents/forge/start.ts'
import { MAX_AGENT_DEPTH } from '../../agents/limits/depth.ts'
import { COUNT } from '../answer-parts.ts'
import type { RouteHandler } from '../edge.ts'
import { MAX_BODY_BYTES, MAX_BODY_DEPTH } from '../middleware/json-body.ts'

export const LIMITS_ANSWER = v.strictObject({
  body_bytes: COUNT,
  body_depth: COUNT,
  agent_depth: COUNT,
  forge_iterations: COUNT,
  requests_per_minute: v.nullable(COUNT),
  concurrent_requests: v.nullable(COUNT),
  wrong_keys_per_minute: COUNT,
  pool_size: COUNT,
  llm_pool_size: COUNT,
})

/**
 * GET /api/v1/limits (design 6.2): what is refused however often it is tried, and how much one key may ask, null = no limit,
 * and how many wrong keys one address may try.
 */
export const limits: RouteHandler = async ({ system }) => {
  const { requestLimits, instances, modelConnections } = (await system()).settings
  const { perMinute, concurrent, wrongKeysPerMinute } = requestLimits
  return {
    body: {
      body_bytes: MAX_BODY_BYTES,
      body_depth: MAX_BODY_DEPTH,
      agent_depth: MAX_AGENT_DEPTH,
      forge_iterations: MAX_ITERATIONS,
      requests_per_minute: perMinute,
      concurrent_requests: concurrent,
      wrong_keys_per_minute: wrongKeysPerMinute,
      pool_size: instances,
      llm_pool_size: modelConnections,
    },
  }
}
