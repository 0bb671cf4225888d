import { describe, expect, test } from '@jest/globals'
import { promptHistory } from '../../agents/claw/prompt-history.ts'
import type { StoredMessage } from '../../agents/ports/sessions.ts'

const message = (role: StoredMessage['role'], content: string): StoredMessage => ({
  role,
  content,
  ts: '2026-05-02T12:00:00Z',
})
const turns = (count: number): StoredMessage[] =>
  Array.from({ length: count }, (_, i) => [
    message('user', `q${i + 1}`),
    message('assistant', `a${i + 1}`),
  ]).flat()
const perMessage = () => 10

const contents = (history: readonly StoredMessage[], maxTurns: number, maxTokens: number) => {
  const found = promptHistory(history, { maxTurns, maxTokens }, perMessage)
  return { contents: found.messages.map(({ content }) => content), leftOut: found.leftOut }
}

describe('the history in the prompt', () => {
  test('is whole while it fits', () => {
    expect(contents(turns(2), 2, 40)).toEqual({ contents: ['q1', 'a1', 'q2', 'a2'], leftOut: 0 })
  })

  test('loses its oldest turns beyond max_history_turns', () => {
    expect(contents(turns(3), 2, 1000)).toEqual({ contents: ['q2', 'a2', 'q3', 'a3'], leftOut: 1 })
  })

  test('loses whole turns beyond the window, never half of one', () => {
    expect(contents(turns(3), 100, 39)).toEqual({ contents: ['q3', 'a3'], leftOut: 2 })
  })

  test('may be left out altogether', () => {
    expect(contents(turns(3), 100, -5)).toEqual({ contents: [], leftOut: 3 })
  })

  test('keeps a summary that stands before the first turn', () => {
    const history = [message('system', 'summary'), ...turns(2)]
    expect(contents(history, 1, 1000)).toEqual({ contents: ['summary', 'q2', 'a2'], leftOut: 1 })
  })

  test('counts a turn with several answers as one', () => {
    const history = [message('user', 'q'), message('assistant', 'a'), message('assistant', 'b'), ...turns(1)]
    expect(contents(history, 2, 1000).leftOut).toBe(0)
  })
})
