import { describe, expect, test } from '@jest/globals'
import { type Brief, briefMessages } from '../../agents/forge/brief.ts'

const first: Brief = {
  system: 'You are a code builder.',
  prompt: '## Project\nA REST API.',
  task: 'Implement the user model',
  completed: [],
  learnings: [],
  feedback: null,
  sameFeedback: 0,
  decisions: [],
}

describe('the context of an iteration', () => {
  test('has the six parts of chapter 25.3 in their order', () => {
    expect(
      briefMessages({
        ...first,
        completed: [
          { task: 'Write the plan', iteration: 0 },
          { task: 'Set up', iteration: 2 },
        ],
        learnings: ['use ESM', 'tests expect camelCase'],
        feedback: 'Tests failed',
        sameFeedback: 1,
      }),
    ).toEqual([
      { role: 'system', content: 'You are a code builder.' },
      { role: 'user', content: '## Project\nA REST API.' },
      { role: 'user', content: 'Current task: Implement the user model' },
      { role: 'user', content: 'Completed tasks: Write the plan; Set up (iteration 2)' },
      { role: 'user', content: 'Learnings: - use ESM\n- tests expect camelCase' },
      { role: 'assistant', content: 'Tests failed' },
    ])
  })

  test('at the first iteration says that nothing is done, and has no learnings and no feedback', () => {
    expect(briefMessages(first).slice(2)).toEqual([
      { role: 'user', content: 'Current task: Implement the user model' },
      { role: 'user', content: 'No tasks completed yet.' },
    ])
  })

  test('without a plan points at the work described above', () => {
    expect(briefMessages({ ...first, prompt: null, task: null })).toEqual([
      { role: 'system', content: 'You are a code builder.' },
      { role: 'user', content: 'Current task: Complete the work described above.' },
      { role: 'user', content: 'No tasks completed yet.' },
    ])
  })

  test('without a system prompt has no empty message', () => {
    expect(briefMessages({ ...first, system: '' })[0]).toMatchObject({ role: 'user' })
  })

  test('does not grow with the run', () => {
    const size = (tasks: number, learnings: number) =>
      JSON.stringify(
        briefMessages({
          ...first,
          completed: Array.from({ length: tasks }, (_, n) => ({
            task: `Task ${n} of the plan`,
            iteration: n,
          })),
          learnings: Array.from({ length: learnings }, (_, n) => `learning number ${n}`),
          feedback: 'x'.repeat(tasks * 1000),
        }),
      ).length
    expect(size(900, 900)).toBeLessThan(size(20, 250) * 1.1)
  })

  test('counts the earlier tasks that it no longer names', () => {
    const completed = Array.from({ length: 12 }, (_, n) => ({ task: `t${n + 1}`, iteration: n + 1 }))
    expect(briefMessages({ ...first, completed })[3]!.content).toMatch(
      /^Completed tasks: 2 earlier tasks; t3 \(iteration 3\); /,
    )
  })

  test('keeps both ends of long feedback', () => {
    const feedback = `start ${'x'.repeat(20_000)} end`
    const content = briefMessages({ ...first, feedback }).at(-1)!.content
    expect(content).toMatch(/^start x+\n\[\.\.\. 12010 characters left out \.\.\.\]\nx+ end$/)
  })

  test('asks for another approach after three equal failures', () => {
    const content = (sameFeedback: number) =>
      briefMessages({ ...first, feedback: 'Tests failed', sameFeedback }).at(-1)!.content
    expect(content(2)).toBe('Tests failed')
    expect(content(3)).toContain('The last 3 tries ended with this same result.')
  })
})
