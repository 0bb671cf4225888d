import { describe, expect, test } from '@jest/globals'
import { MAX_TASKS, parsePlan, surveyPlan } from '../../agents/forge/plan.ts'
import { Fault, faultText } from '../../agents/ports/fault.ts'

const texts = (content: string) => parsePlan(content, 'plan.txt').map(({ text }) => text)

function problem(content: string): string {
  try {
    parsePlan(content, 'plan.txt')
  } catch (error) {
    if (error instanceof Fault) return faultText(error)
  }
  throw new Error('the plan was accepted')
}

describe('a plan as text', () => {
  test('has one task a line; blank lines and # lines are skipped', () => {
    expect(texts('# plan.txt -- TDD\n\nWrite the model\n   \n  # a note\nWrite the tests\n')).toEqual([
      'Write the model',
      'Write the tests',
    ])
  })

  test.each([
    ['- Write it', 'Write it'],
    ['* Write it', 'Write it'],
    ['+ Write it', 'Write it'],
    ['1. Write it', 'Write it'],
    ['12) Write it', 'Write it'],
    ['- [ ] Write it', 'Write it'],
    ['[ ] Write it', 'Write it'],
    ['3. [ ] Write it', 'Write it'],
    ['  Write \t it  ', 'Write it'],
    ['-Write it', '-Write it'],
    ['1.5 times faster', '1.5 times faster'],
    ['Write "it" and \'that\' $(now)', 'Write "it" and \'that\' $(now)'],
  ])('reads %j as the task %j', (line, task) => {
    expect(texts(line)).toEqual([task])
  })

  test('knows ticked boxes as done', () => {
    expect(parsePlan('- [x] a\n- [X] b\n- [ ] c\n', 'plan.md')).toEqual([
      { text: 'a', done: true },
      { text: 'b', done: true },
      { text: 'c', done: false },
    ])
  })

  test('may have a byte order mark and any line ends', () => {
    expect(texts('\uFEFF# title\r\na\r\nb\rc')).toEqual(['a', 'b', 'c'])
  })

  test('passes over rules and empty bullets', () => {
    expect(texts('---\na\n-\n- [ ]\n***\nb')).toEqual(['a', 'b'])
  })

  test('without tasks is an error', () => {
    expect(problem('# nothing yet\n')).toBe('plan plan.txt cannot be used: it has no tasks')
  })

  test(`may have ${MAX_TASKS} tasks, and the line of the next one is named`, () => {
    const lines = Array.from({ length: MAX_TASKS }, (_, index) => `task ${index}`)
    expect(texts(lines.join('\n'))).toHaveLength(MAX_TASKS)
    expect(problem(['# title', ...lines, 'one more'].join('\n'))).toContain(
      'line 1002 is task 1001; the limit is 1000',
    )
  })
})

describe('a plan as JSON', () => {
  const plan = (stories: unknown) => JSON.stringify({ project: 'p', stories })

  test('has its stories as tasks', () => {
    expect(
      parsePlan(
        plan([
          { id: 1, title: 'a', status: 'done' },
          { id: 2, title: 'b', status: 'in_progress' },
        ]),
        'plan.json',
      ),
    ).toEqual([
      { text: 'a', done: true },
      { text: 'b', done: false },
    ])
  })

  test('puts no story before what it depends on', () => {
    expect(
      texts(
        plan([
          { id: 'c', title: 'last', depends_on: ['b', 'a'] },
          { id: 'a', title: 'first' },
          { id: 'b', title: 'second', depends_on: ['a'] },
        ]),
      ),
    ).toEqual(['first', 'second', 'last'])
  })

  test.each([
    ['{ "stories": [', 'it is not valid JSON'],
    [plan('none'), 'its JSON form needs a list "stories"'],
    [
      '[\n  {"title": "one"}\n]',
      'its JSON form needs a list "stories", and it is a list itself: {"stories": [{"title": "..."}]}',
    ],
    [
      '["one", "two"]',
      'its JSON form needs a list "stories", and it is a list itself: {"stories": [{"title": "..."}]}',
    ],
    ['[{"title": "one"', 'it is not valid JSON'],
    [plan([{ id: 1 }]), 'story 1 has no title'],
    [plan([{ id: 1, title: 'a', depends_on: [7] }]), 'story "a" depends on "7", which does not exist'],
    [
      plan([
        { id: 1, title: 'a', depends_on: [2] },
        { id: 2, title: 'b', depends_on: [1] },
      ]),
      'depends on itself',
    ],
  ])('that is wrong says so: %#', (content, message) => {
    expect(problem(content)).toContain(message)
  })
})

describe('the survey of a plan', () => {
  const tasks = (...names: string[]) => names.map((text) => ({ text, done: false }))

  test('names the first task that is not done', () => {
    expect(surveyPlan(tasks('a', 'b', 'c'), ['a'])).toEqual({ current: 'b', completed: 1, total: 3 })
  })

  test('skips tasks done out of order', () => {
    expect(surveyPlan(tasks('a', 'b', 'c'), ['a', 'b'])).toMatchObject({ current: 'c' })
    expect(surveyPlan(tasks('a', 'b', 'c'), ['b'])).toEqual({ current: 'a', completed: 1, total: 3 })
  })

  test('counts equal tasks by occurrence', () => {
    expect(surveyPlan(tasks('a', 'b', 'a'), ['a'])).toMatchObject({ current: 'b', completed: 1 })
    expect(surveyPlan(tasks('a', 'b', 'a'), ['a', 'b'])).toMatchObject({ current: 'a', completed: 2 })
  })

  test('counts a ticked task once, though the progress file has it too', () => {
    const plan = [
      { text: 'a', done: true },
      { text: 'a', done: false },
    ]
    expect(surveyPlan(plan, ['a'])).toMatchObject({ current: 'a', completed: 1 })
  })

  test('compares tasks without regard to white space', () => {
    expect(surveyPlan(tasks('write the model'), ['  write   the model '])).toMatchObject({ current: null })
  })

  test('ignores done tasks that the plan does not have', () => {
    expect(surveyPlan(tasks('a'), ['x', 'y'])).toEqual({ current: 'a', completed: 0, total: 1 })
  })
})
