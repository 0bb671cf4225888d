/** What the schemas of answers are made of. They tell what a route answers: for /openapi.json and for the tests. */
import * as v from 'valibot'

/** ISO 8601 in UTC. */
export const TIME = v.pipe(v.string(), v.isoTimestamp())
export const TIME_OR_NULL = v.nullable(TIME)
export const TEXT_OR_NULL = v.nullable(v.string())
/** A whole number, 0 or more. */
export const COUNT = v.pipe(v.number(), v.integer(), v.minValue(0))
/** A number, 0 or more: milliseconds, USD. */
export const AMOUNT = v.pipe(v.number(), v.minValue(0))
/** Tokens and USD of what was asked. */
export const USAGE = v.strictObject({ tokens: COUNT, cost_usd: AMOUNT })
/** A body that is no JSON. */
export const BYTES = v.instance(Uint8Array)
/** Text of strangers may have a part in it (docs/untrusted-text.md); left out where it has none. */
export const TAINTED = { tainted: v.optional(v.literal(true)) }
