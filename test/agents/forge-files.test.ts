import { describe, expect, test } from '@jest/globals'
import { onOwnLine } from '../../agents/forge/json-line.ts'
import {
  extractLearnings,
  formatLearning,
  parseLearnings,
  recentLearnings,
} from '../../agents/forge/learnings.ts'
import { formatProgress, parseProgress } from '../../agents/forge/progress.ts'

describe('the progress file', () => {
  const line = {
    task: 'Write "it"\nthere',
    run: 'r1',
    iteration: 2,
    timestamp: '2026-02-18T10:23:45.123Z',
    cost: 0.1 + 0.2,
    tokens: 12840,
    totalCost: 0.42,
    totalTokens: 20000,
  }

  test('gets the line of chapter 25.6, with a JSON encoder', () => {
    expect(formatProgress(line)).toBe(
      '{"task": "Write \\"it\\"\\nthere", "status": "done", "iteration": 2, "timestamp": "2026-02-18T10:23:45Z", "cost": 0.3, "tokens": 12840, "total_cost": 0.42, "total_tokens": 20000, "run": "r1"}\n',
    )
  })

  test('is read back', () => {
    expect(parseProgress(formatProgress(line))).toEqual({
      entries: [{ task: line.task, run: 'r1', iteration: 2 }],
      damaged: 0,
    })
  })

  test.each([
    [
      'the chapter',
      '{"task": "a", "status": "done", "iteration": 2, "timestamp": "t", "cost": 0.42, "tokens": 1}',
      2,
    ],
    ['the first implementation', '{"iteration":3,"task":"a","status":"completed"}', 3],
    ['a line without status', '{"task":"a"}', 0],
  ])('is read as %s wrote it', (_writer, text, iteration) => {
    expect(parseProgress(text).entries).toEqual([{ task: 'a', run: null, iteration }])
  })

  test('is read even where a task was written unescaped', () => {
    const text = '{"iteration":1,"task":"say "hi" twice","status":"completed"}'
    expect(parseProgress(text)).toEqual({
      entries: [{ task: 'say "hi" twice', run: null, iteration: 1 }],
      damaged: 0,
    })
  })

  test('counts what it cannot read, and takes other states for not done', () => {
    expect(parseProgress('{"task": "a", "status": "open"}\n\n[1]\n{"status":"done"}\n{"task": "tor')).toEqual(
      {
        entries: [],
        damaged: 3,
      },
    )
  })
})

test('a line after a torn one stands on its own', () => {
  expect(onOwnLine('{"a":1', '{"b":2}\n')).toBe('\n{"b":2}\n')
  expect(onOwnLine('{"a":1}\n', '{"b":2}\n')).toBe('{"b":2}\n')
  expect(onOwnLine(null, '{"b":2}\n')).toBe('{"b":2}\n')
})

describe('learnings', () => {
  test.each([
    ['LEARNING: use ESM', ['use ESM']],
    ['Learning: use ESM', ['use ESM']],
    ['- [LEARNING] use ESM', ['use ESM']],
    ['* **LEARNING:** use ESM', ['use ESM']],
    ['Done.\n<learning>use\n  ESM</learning> and <learning>run npm ci</learning>', ['use ESM', 'run npm ci']],
    ['LEARNING: <learning>use ESM</learning>', ['use ESM']],
    ['I kept learning: a lot', []],
    ['LEARNING:', []],
    ['nothing', []],
  ])('are found in %j', (text, found) => {
    expect(extractLearnings(text, [])).toEqual(found)
  })

  test('are kept once, shortened, and at most ten an answer', () => {
    expect(extractLearnings('LEARNING: a\nLEARNING:  a \nLEARNING: b', ['b'])).toEqual(['a'])
    expect(extractLearnings(`LEARNING: ${'x'.repeat(2000)}`, [])[0]).toHaveLength(500)
    const many = Array.from({ length: 30 }, (_, index) => `LEARNING: ${index}`).join('\n')
    expect(extractLearnings(many, [])).toHaveLength(10)
  })

  test('are not looked for to the end of an answer from each tag that nothing closes', () => {
    expect(extractLearnings('<learning>'.repeat(26_000), [])).toEqual([])
    expect(extractLearnings(`<LEARNING>a\nb</Learning>${'<learning>'.repeat(26_000)}`, [])).toEqual(['a b'])
  })

  test('have the line of chapter 25.6', () => {
    expect(formatLearning({ learning: 'use ESM', iteration: 1, task: 'Implement', tainted: false })).toBe(
      '{"learning": "use ESM", "iteration": 1, "task": "Implement"}\n',
    )
  })

  test('are read from either form; other lines are passed over', () => {
    expect(
      parseLearnings(
        '{"learning": "a"}\n{"iteration":1,"task":"t","status":"retry","detail":"b"}\n{"learning": "a"}\n{"learn',
      ),
    ).toEqual(['a', 'b'])
  })

  test('enter a request newest first, as many as fit', () => {
    const all = Array.from({ length: 100 }, (_, index) => `${index} ${'x'.repeat(400)}`)
    const recent = recentLearnings(all)
    expect(recent.at(-1)).toBe(all.at(-1))
    expect(recent.join('').length).toBeLessThanOrEqual(4000)
    expect(recent.length).toBeGreaterThan(5)
  })
})
