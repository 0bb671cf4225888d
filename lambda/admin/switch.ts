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
  /** What the agent is now. */
  status: v.picklist(['disabled', 'enabled']),
  agent: v.string(),
  disabled_agents: v.array(v.string()),
  /** What stays disabled although it was to be enabled, and how to enable it. */
  message: v.optional(v.string()),
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

/** POST /api/v1/admin/enable. `*` lifts what was set for all; agents disabled by name stay so, as does all while `*` is. */
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
  const off = await world.killSwitch.disabled()
  const message = disabled ? null : stillDisabled(agent, off)
  return {
    body: {
      status: off.includes(ALL) || off.includes(agent) ? 'disabled' : 'enabled',
      agent,
      disabled_agents: off,
      ...(message === null ? {} : { message }),
    },
  }
}

/** Of what was to be enabled, what is not; null = nothing. */
function stillDisabled(agent: string, off: readonly string[]): string | null {
  if (off.length === 0) return null
  if (off.includes(ALL)) return `${agent} stays disabled, because all agents are: enable "${ALL}" for that`
  if (agent !== ALL) return null
  return `disabled by name: ${off.join(', ')}; enable each by its name`
}
