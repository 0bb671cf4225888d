import * as v from 'valibot'
import { findAnyAgent } from '../../agents/find-agent.ts'
import { isoTime } from '../../agents/iso-time.ts'
import type { RouteAnswer, RouteHandler, RouteRequest } from '../edge.ts'
import { keyFingerprint } from '../middleware/authenticate.ts'
import { TEXT, validate } from '../validate.ts'

/** All agents at once. */
const ALL = '*'

const REASON = v.optional(v.pipe(v.string(), v.maxLength(200)))
export const DISABLE_BODY = v.strictObject({ agent: TEXT, reason: REASON })
export const KILL_BODY = v.strictObject({ agent: v.optional(TEXT, ALL), reason: REASON })
export const ENABLE_BODY = v.strictObject({ agent: TEXT })

export const SWITCH_ANSWER = v.strictObject({
  status: v.picklist(['disabled', 'enabled']),
  agent: v.string(),
  disabled_agents: v.array(v.string()),
})

/** POST /api/v1/admin/disable (chapter 28.4): the agent, or `*`, answers 503 from its next model call on. */
export const adminDisable: RouteHandler = async (request) => {
  const { agent, reason } = validate(DISABLE_BODY, request.body ?? {})
  return turn(request, { agent, disabled: true, reason: reason ?? null })
}

/** POST /api/v1/admin/kill and /admin/kill (chapter 24.3): the same, of all agents unless the body names one. */
export const adminKill: RouteHandler = async (request) => {
  const { agent, reason } = validate(KILL_BODY, request.body ?? {})
  return turn(request, { agent, disabled: true, reason: reason ?? null })
}

/** POST /api/v1/admin/enable. `*` lifts what was set for all; agents disabled by name stay so. */
export const adminEnable: RouteHandler = async (request) => {
  const { agent } = validate(ENABLE_BODY, request.body ?? {})
  return turn(request, { agent, disabled: false, reason: null })
}

interface Change {
  readonly agent: string
  readonly disabled: boolean
  readonly reason: string | null
}

async function turn(
  { system, event, requestId }: RouteRequest,
  { agent, disabled, reason }: Change,
): Promise<RouteAnswer> {
  const { world } = await system()
  if (agent !== ALL) findAnyAgent(world, agent)
  const by = keyFingerprint(event.headers?.authorization)
  await world.killSwitch.set(agent, { disabled, reason, by, at: isoTime(world.clock.now()) })
  world.audit.record({
    event: disabled ? 'admin.disable' : 'admin.enable',
    agent,
    ...(reason === null ? {} : { detail: reason }),
    requestId,
    metadata: { by },
  })
  return {
    body: {
      status: disabled ? 'disabled' : 'enabled',
      agent,
      disabled_agents: await world.killSwitch.disabled(),
    },
  }
}
