import * as v from 'valibot'
import { approveFact, forgetFact, listFacts } from '../../agents/claw/facts.ts'
import { TIME } from '../answer-parts.ts'
import type { RouteHandler, RouteRequest } from '../edge.ts'
import { keyFingerprint } from '../middleware/authenticate.ts'

const FACT = { id: v.string(), text: v.string(), found_at: TIME, quarantined: v.boolean() }

export const FACTS_ANSWER = v.strictObject({
  agent: v.string(),
  session_key: v.string(),
  facts: v.array(v.strictObject(FACT)),
})

export const FACT_ANSWER = v.strictObject({
  agent: v.string(),
  session_key: v.string(),
  status: v.picklist(['approved', 'forgotten']),
  fact: v.strictObject(FACT),
})

const placeOf = ({ params: { agent = '', key = '' } }: RouteRequest) => ({ agent, key })

const requestOf = (request: RouteRequest) => ({
  ...placeOf(request),
  id: request.params.fact ?? '',
  by: keyFingerprint(request.event.headers?.authorization),
  requestId: request.requestId,
})

/** GET /api/v1/claw/:agent/sessions/:key/memory/facts: what compactions found, quarantined or not. */
export const clawFacts: RouteHandler = async (request) => {
  const { agent, key } = placeOf(request)
  const { world } = await request.system()
  return { body: { agent, session_key: key, facts: await listFacts(world, { agent, key }) } }
}

/** POST .../memory/facts/:fact/approve: out of quarantine. Once more is as good as once. */
export const clawFactApprove: RouteHandler = async (request) => {
  const { agent, key } = placeOf(request)
  const fact = await approveFact((await request.system()).world, requestOf(request))
  return { body: { agent, session_key: key, status: 'approved', fact } }
}

/** DELETE .../memory/facts/:fact: one fact; the conversation it came from stays. */
export const clawFactForget: RouteHandler = async (request) => {
  const { agent, key } = placeOf(request)
  const fact = await forgetFact((await request.system()).world, requestOf(request))
  return { body: { agent, session_key: key, status: 'forgotten', fact } }
}
