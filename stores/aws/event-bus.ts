import { lazily } from '../../agents/ports/lazily.ts'
import type { NoticeTarget, RunEndedNotice } from '../../agents/ports/notices.ts'
import { type AwsClientOptions, withTimeouts } from './client-options.ts'

export interface EventBusOptions extends AwsClientOptions {
  /** Name or ARN. */
  readonly eventBus: string
}

/** What rules match on, besides the fields of the detail. */
const EVENT_SOURCE = 'neamclaw'
const RUN_ENDED = 'Forge Run Ended'

/** Puts each end of a run on an EventBridge bus; the SDK repeats what the service could not take. */
export function eventBusNotices({ eventBus, ...options }: EventBusOptions): NoticeTarget {
  const load = lazily(async () => {
    const sdk = await import('@aws-sdk/client-eventbridge')
    return { sdk, client: new sdk.EventBridgeClient(withTimeouts(options)) }
  })
  const put = async (notice: RunEndedNotice): Promise<string | null> => {
    const { client, sdk } = await load()
    const { Entries } = await client.send(
      new sdk.PutEventsCommand({
        Entries: [
          {
            EventBusName: eventBus,
            Source: EVENT_SOURCE,
            DetailType: RUN_ENDED,
            Time: new Date(notice.finished_at),
            Detail: JSON.stringify(notice),
          },
        ],
      }),
    )
    // The call succeeds whatever became of its entries.
    const refused = Entries?.[0]?.ErrorCode
    return refused === undefined ? null : `bus ${eventBus}: ${refused}`
  }
  return {
    name: 'eventbridge',
    async runEnded(notice) {
      try {
        return await put(notice)
      } catch (error) {
        // By name only: the message may hold ARNs and account numbers.
        return `bus ${eventBus}: ${error instanceof Error ? error.name : 'unknown error'}`
      }
    },
  }
}
