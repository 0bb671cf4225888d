import { describe, expect, test } from '@jest/globals'
import { compactableTurns } from '../../agents/claw/compactable-turns.ts'
import { withFacts } from '../../agents/memory/memory-file.ts'
import { readSummary } from '../../agents/memory/summary.ts'

const TIME = '2026-11-21T10:00:00Z'

describe('the turns that a compaction summarizes', () => {
  test('are the oldest two thirds', () => {
    expect(compactableTurns(90, 100)).toBe(60)
    expect(compactableTurns(101, 100)).toBe(67)
  })

  test('are never among the newest 20', () => {
    expect(compactableTurns(20, 100)).toBe(0)
    expect(compactableTurns(21, 100)).toBe(1)
    expect(compactableTurns(30, 30)).toBe(10)
  })

  test('leave a third of max_history_turns where that is below 30', () => {
    expect(compactableTurns(11, 10)).toBe(7)
    expect(compactableTurns(4, 10)).toBe(0)
    expect(compactableTurns(2, 1)).toBe(1)
    expect(compactableTurns(30, 29)).toBe(20)
  })

  test('are none in an empty history', () => {
    expect(compactableTurns(0, 100)).toBe(0)
  })
})

describe('the answer of the summary call', () => {
  test('is read as facts and summary', () => {
    expect(
      readSummary(
        '## Facts\n- Alice is the owner.\n* Order ORD-1 is open.\n\n## Summary\nShe asked.\n\nTwice.\n',
      ),
    ).toEqual({ facts: ['Alice is the owner.', 'Order ORD-1 is open.'], text: 'She asked.\n\nTwice.' })
  })

  test('may write its headings in other ways', () => {
    expect(readSummary('**Facts:**\n1. One.\n2) Two.\n**Summary:**\nText')).toEqual({
      facts: ['One.', 'Two.'],
      text: 'Text',
    })
  })

  test('may hold nothing but line ends, as many as fit', () => {
    const ends = '\n'.repeat(250_000)
    expect(readSummary(`${ends}facts and a summary`)).toEqual({ facts: [], text: 'facts and a summary' })
    expect(readSummary(`## Facts${ends}- One.${ends}## Summary${ends}Text`)).toEqual({
      facts: ['One.'],
      text: 'Text',
    })
  })

  test('without facts has none', () => {
    expect(readSummary('## Facts\n- None.\n## Summary\nText')).toEqual({ facts: [], text: 'Text' })
    expect(readSummary('## Facts\n\n## Summary\nText')).toEqual({ facts: [], text: 'Text' })
  })

  test('that keeps to no form is a summary', () => {
    expect(readSummary('  They spoke of facts and a summary.\n')).toEqual({
      facts: [],
      text: 'They spoke of facts and a summary.',
    })
  })

  test('with an empty summary is empty', () => {
    expect(readSummary('## Facts\n- One.\n## Summary\n').text).toBe('')
  })
})

describe('MEMORY.md', () => {
  const first = withFacts('', 'http_a', ['Likes tea.'], TIME)

  test('begins with a title and a section for the session', () => {
    expect(first).toBe(`# Memory\n\n## Session "http_a"\n\n### ${TIME}\n\n- Likes tea.\n`)
  })

  test('has one section a session, and further facts go into it', () => {
    const other = withFacts(first, 'http_b', ['Likes milk.'], TIME)
    const later = withFacts(other, 'http_a', ['Lives in Oslo.'], '2026-11-22T10:00:00Z')
    expect(later).toBe(
      [
        '# Memory',
        '',
        '## Session "http_a"',
        '',
        `### ${TIME}`,
        '',
        '- Likes tea.',
        '',
        '### 2026-11-22T10:00:00Z',
        '',
        '- Lives in Oslo.',
        '',
        '## Session "http_b"',
        '',
        `### ${TIME}`,
        '',
        '- Likes milk.',
        '',
      ].join('\n'),
    )
  })

  test('does not repeat a fact of the section', () => {
    expect(withFacts(first, 'http_a', ['Likes tea.'], '2026-11-22T10:00:00Z')).toBe(first)
    expect(withFacts(first, 'http_b', ['Likes tea.', 'Likes tea.'], TIME).match(/Likes tea/g)).toHaveLength(2)
  })

  test('keeps what people wrote', () => {
    const file = withFacts('# Notes\nBe kind.\n', 'a', ['One.'], TIME)
    expect(file).toBe(`# Notes\nBe kind.\n\n## Session "a"\n\n### ${TIME}\n\n- One.\n`)
  })

  test('takes a key with line ends for one heading', () => {
    expect(withFacts('', 'a\n## Session "b"', ['One.'], TIME)).toContain(
      '## Session "a\\n## Session \\"b\\""\n',
    )
  })
})
