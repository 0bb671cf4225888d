import { describe, expect, test } from '@jest/globals'
import { answeredAs } from '../../agents/claw/answered.ts'
import type { SessionVersion, StoredMessage, TurnRecord } from '../../agents/ports/sessions.ts'

const ASKED: StoredMessage = { role: 'user', content: 'Where is it?', ts: '2026-11-21T10:00:00Z' }
const SAID: StoredMessage = { role: 'assistant', content: 'On its way.', ts: '2026-11-21T10:00:02Z' }
const LATER: readonly StoredMessage[] = [
  { role: 'user', content: 'Thanks', ts: '2026-11-21T10:01:00Z' },
  { role: 'assistant', content: 'Welcome.', ts: '2026-11-21T10:01:01Z' },
]

const version = (messages: readonly StoredMessage[], turns: readonly string[] = ['T1']): SessionVersion => ({
  seq: 1,
  sessionId: 'S1',
  messages,
  turns,
  compactions: 0,
  lastActivityAt: 0,
  startedAt: 0,
  degraded: false,
})

const usage = { inputTokens: 100, outputTokens: 20, cachedTokens: 0, estimated: false }
const RECORD: TurnRecord = {
  intent: {
    turn: 'T1',
    message: 'Where is it?',
    acceptedAt: '2026-11-21T10:00:00.417Z',
    lane: 'default',
    requestId: null,
  },
  steps: [
    { kind: 'model', text: '', toolCalls: [], usage, cost: 0.25 },
    { kind: 'tool', callId: 'c1', name: 'lookup', content: 'x', isError: false },
    { kind: 'model', text: 'On its way.', toolCalls: [], usage, cost: 0.5 },
  ],
  begun: [1],
  waits: [],
  result: null,
}
const NOW = '2026-11-21T11:00:00.000Z'
const END = { status: 'completed', response: 'On its way.', tokens: 240, cost: 0.75, finishedAt: NOW }

describe('how a turn ended whose end was lost', () => {
  test.each<[string, readonly StoredMessage[], object]>([
    ['its answer is the newest', [ASKED, SAID], END],
    ['others came after it', [ASKED, SAID, ...LATER], END],
    ['it was tainted', [ASKED, { ...SAID, tainted: true }], { ...END, tainted: true }],
  ])('is in the history: %s', (_name, messages, end) => {
    expect(answeredAs(version(messages), RECORD, NOW)).toEqual(end)
  })

  test.each<[string, SessionVersion]>([
    ['the turn was never committed', version([ASKED, SAID], ['T0'])],
    ['its messages were summarized', version([{ ...SAID, role: 'system' }, ...LATER])],
    ['the same words were said at another time', version([{ ...ASKED, ts: LATER[0]!.ts }, SAID])],
  ])('is not in the history: %s', (_name, found) => {
    expect(answeredAs(found, RECORD, NOW)).toBeNull()
  })
})
