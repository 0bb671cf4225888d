import { expect, test } from '@jest/globals'
import type { RunEndedNotice } from '../../../agents/ports/notices.ts'
import { eventBusNotices } from '../../../stores/aws/event-bus.ts'
import { awsService, type ServiceAnswer } from './service.ts'

const notice: RunEndedNotice = {
  agent: 'code_builder',
  run: '01RUN',
  last_outcome: 'completed',
  message: 'All 2 tasks verified successfully.',
  iterations: 2,
  total_cost: 0.42,
  total_tokens: 1284,
  tasks_completed: 2,
  tasks_total: 2,
  finished_at: '2026-02-18T10:23:45.123Z',
}

async function put(answer: ServiceAnswer) {
  const { requests, client } = await awsService(() => answer)
  const problem = await eventBusNotices({ eventBus: 'default', ...client }).runEnded(notice)
  return { requests, problem }
}

test('the end of a run is one event, which rules match by source, detail type and the fields of the notice', async () => {
  const { requests, problem } = await put({ body: { FailedEntryCount: 0, Entries: [{ EventId: '1' }] } })
  expect(problem).toBeNull()
  expect(requests).toEqual([
    {
      operation: 'PutEvents',
      body: {
        Entries: [
          {
            EventBusName: 'default',
            Source: 'neamclaw',
            DetailType: 'Forge Run Ended',
            Time: Date.parse(notice.finished_at) / 1000,
            Detail: JSON.stringify(notice),
          },
        ],
      },
    },
  ])
})

test('an event that the bus did not take is not delivered, although the call succeeded', async () => {
  const Entries = [{ ErrorCode: 'InternalFailure', ErrorMessage: 'arn:aws:events:eu-central-1:123456789012' }]
  const { problem } = await put({ body: { FailedEntryCount: 1, Entries } })
  expect(problem).toBe('bus default: InternalFailure')
})

test('a refused call is told by the name of its error, without account numbers', async () => {
  const body = { __type: 'AccessDeniedException', message: 'arn:aws:iam::123456789012:role/x may not' }
  expect((await put({ status: 400, body })).problem).toBe('bus default: AccessDeniedException')
})
