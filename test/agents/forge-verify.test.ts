import { describe, expect, test } from '@jest/globals'
import { completedMessage, lastOutcome, outcomeValue } from '../../agents/forge/outcome.ts'
import { verdictOf } from '../../agents/forge/verify.ts'
import type { OutcomeKind } from '../../agents/ports/runs.ts'
import type { SealedType } from '../../bytecode/module.ts'
import { type Value, VariantValue } from '../../vm/values/value.ts'

const VERIFY_RESULT: SealedType = {
  kind: 'sealed',
  name: 'VerifyResult',
  variants: [
    { name: 'Done', fields: ['message'] },
    { name: 'Retry', fields: ['feedback'] },
    { name: 'Abort', fields: ['reason'] },
  ],
}
const variant = (tag: number, ...fields: Value[]) => new VariantValue(VERIFY_RESULT, tag, fields)
const other = new VariantValue({ ...VERIFY_RESULT, name: 'Result' }, 0, ['x'])

const done = (message: string) => ({ kind: 'done', message })
const retry = (feedback: string) => ({ kind: 'retry', feedback })
const abort = (reason: string) => ({ kind: 'abort', reason })

describe('what verify answers', () => {
  const table: readonly (readonly [string, Value, object])[] = [
    ['Done(m)', variant(0, 'All tests pass'), done('All tests pass')],
    ['Retry(f)', variant(1, 'Tests failed'), retry('Tests failed')],
    ['Abort(r)', variant(2, 'Too expensive'), abort('Too expensive')],
    ['Done(a number)', variant(0, 3), done('3')],
    ['Retry(nil)', variant(1, null), retry('Verification failed')],
    ['true', true, done('Verified')],
    ['false', false, retry('Verification failed')],
    ['nil', null, retry('Verification failed')],
    ...['done', 'ok', 'pass', 'passed', 'verified', 'success', ' OK ', 'Verified'].map(
      (word): readonly [string, Value, object] => [`"${word}"`, word, done('Verified')],
    ),
    ['"retry"', 'retry', retry('retry')],
    [
      'a sentence',
      'No tests found. Please create tests/test_main.py',
      retry('No tests found. Please create tests/test_main.py'),
    ],
    ['"abort"', 'abort', abort('abort')],
    ['"abort: x"', 'Abort: the plan is wrong', abort('the plan is wrong')],
    ['a sentence about aborting', 'abort mission?', retry('abort mission?')],
    ['a sentence with ok', 'ok but no tests', retry('ok but no tests')],
    ['""', '', retry('Verification failed')],
    [
      'a number',
      1,
      abort('verify returned 1, a number; return VerifyResult.Done, Retry or Abort, true, false or a text'),
    ],
    [
      'a list',
      [true],
      abort(
        'verify returned [true], a list; return VerifyResult.Done, Retry or Abort, true, false or a text',
      ),
    ],
    ['a map', new Map([['status', 'done']]), { kind: 'abort', reason: expect.stringContaining('a map') }],
    [
      'a variant of another type',
      other,
      { kind: 'abort', reason: expect.stringContaining('a Result variant') },
    ],
  ]
  test.each(table)('%s', (_name, answer, verdict) => {
    expect(verdictOf(answer)).toEqual(verdict)
  })
})

describe('the outcome', () => {
  test.each<[OutcomeKind, string, string]>([
    ['completed', 'Completed', 'completed'],
    ['max_iterations', 'MaxIterations', 'iteration_limit'],
    ['aborted', 'Aborted', 'aborted'],
    ['budget_exhausted', 'BudgetExhausted', 'cost_limit'],
    ['error', 'Aborted', 'error'],
  ])('%s is %s in the language and %s over HTTP', (outcome, name, http) => {
    const value = outcomeValue({
      outcome,
      message: 'why',
      iterations: 3,
      totalCost: 0.5,
      totalTokens: 100,
      tasksCompleted: 1,
      tasksTotal: 2,
      finishedAt: '',
    })
    expect(value.variant).toBe(name)
    expect(Object.fromEntries(value.properties)).toEqual({
      outcome,
      message: 'why',
      iterations: 3,
      total_cost: 0.5,
      total_tokens: 100,
      tasks_completed: 1,
      tasks_total: 2,
    })
    expect(lastOutcome(outcome)).toBe(http)
  })

  test('has the messages of the chapters', () => {
    expect(completedMessage(5, true)).toBe('All 5 tasks verified successfully.')
    expect(completedMessage(1, false)).toBe('All tasks verified')
  })
})
