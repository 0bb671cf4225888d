/** End-of-run notices as webhooks, signed as Standard Webhooks has it (https://www.standardwebhooks.com). */
import { createHmac } from 'node:crypto'
import { Fault, faultText } from '../agents/ports/fault.ts'
import type { NoticeTarget, RunEndedNotice } from '../agents/ports/notices.ts'
import type { Secrets } from '../agents/ports/secrets.ts'
import type { Clock, Timers } from '../agents/ports/time.ts'

export const WEBHOOK_SECRET = 'NEAM_WEBHOOK_SECRET'

/** Waits between the tries, ms. */
const RETRY_AFTER_MS = [1000, 3000]
/** For one try, ms: all of them together fit into a request to the API, which may end a run whose driver died. */
const ANSWER_WITHIN_MS = 5000

export interface WebhookOptions {
  readonly url: string
  readonly secrets: Secrets
  readonly clock: Clock
  readonly timers: Timers
}

/** Posts each notice to `url`, three times at most; a receiver tells repeated ones by `webhook-id`, the run's id. */
export function webhookNotices({ url, secrets, clock, timers }: WebhookOptions): NoticeTarget {
  const tryOnce = async (body: string, headers: Readonly<Record<string, string>>): Promise<string | null> => {
    const limit = timers.deadline(ANSWER_WITHIN_MS)
    try {
      const { status, body: answer } = await fetch(url, {
        method: 'POST',
        body,
        headers,
        signal: limit.signal,
        redirect: 'error',
      })
      // Nobody reads it, and until somebody has the connection stays.
      await answer?.cancel()
      return status >= 200 && status < 300 ? null : `it answered ${status}`
    } catch {
      return limit.signal.aborted ? 'it did not answer in time' : 'it cannot be reached'
    } finally {
      limit.cancel()
    }
  }
  /** What went wrong, null when it was delivered. */
  const deliver = async (notice: RunEndedNotice): Promise<string | null> => {
    const secret = await secrets.get(WEBHOOK_SECRET)
    if (secret === null) return `${WEBHOOK_SECRET} is not set, and a notice is never sent unsigned`
    const body = JSON.stringify(bodyOf(notice))
    let problem: string | null = null
    for (const waitMs of [0, ...RETRY_AFTER_MS]) {
      if (waitMs > 0) await timers.sleep(waitMs)
      problem = await tryOnce(body, signed(secret, notice.run, body, clock.now()))
      if (problem === null) return null
    }
    return problem
  }
  return {
    name: 'webhook',
    runEnded: (notice) =>
      deliver(notice).catch((error: unknown) =>
        error instanceof Fault ? faultText(error) : 'internal error',
      ),
  }
}

const bodyOf = (notice: RunEndedNotice) => ({
  type: 'forge.run.ended',
  timestamp: notice.finished_at,
  data: notice,
})

function signed(secret: string, id: string, body: string, nowMs: number): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(nowMs / 1000))
  const signature = createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.${body}`).digest('base64')
  return {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature}`,
  }
}

/** `whsec_<base64>`, as Standard Webhooks writes keys; any other text is the key itself. */
const keyOf = (secret: string): Buffer =>
  secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : Buffer.from(secret)
