import { describe, expect, test } from '@jest/globals'
import type { SealedType } from '../../bytecode/module.ts'
import { makeVariant, matchesVariant, variantField } from '../../vm/machine/construct.ts'
import { OutcomeValue, VariantValue } from '../../vm/values/value.ts'

const RESULT: SealedType = {
  kind: 'sealed',
  name: 'Result',
  variants: [
    { name: 'Done', fields: ['message'] },
    { name: 'Nothing', fields: [] },
  ],
}

/** A pattern without parentheses. */
const BARE = -1

describe('a pattern', () => {
  const done = makeVariant(RESULT, 0, ['ok'])

  test('fits a variant of its name, with its payload or without parentheses', () => {
    expect([BARE, 1].map((patterns) => matchesVariant(done, 'Done', patterns))).toEqual([true, true])
    expect(matchesVariant(done, 'Nothing', BARE)).toBe(false)
    expect(variantField(done, 0)).toBe('ok')
  })

  test('with the wrong number of names is an error', () => {
    expect(() => matchesVariant(done, 'Done', 2)).toThrow('Done has 1 payload value, the pattern names 2')
    expect(() => matchesVariant(done, 'Done', 0)).toThrow('Done has 1 payload value, the pattern names 0')
  })

  test('fits nothing that is no variant', () => {
    expect(matchesVariant('Done', 'Done', BARE)).toBe(false)
    expect(matchesVariant(null, 'Done', 1)).toBe(false)
  })
})

describe('what .run() answers', () => {
  const outcome = (variant: OutcomeValue['variant']) =>
    new OutcomeValue(variant, new Map([['message', 'the reason']]))

  test.each(['Completed', 'Aborted', 'MaxIterations', 'BudgetExhausted'] as const)(
    '%s matches with no name, none in parentheses, or one',
    (variant) => {
      expect([BARE, 0, 1].map((patterns) => matchesVariant(outcome(variant), variant, patterns))).toEqual([
        true,
        true,
        true,
      ])
      expect(variantField(outcome(variant), 0)).toBe('the reason')
      expect(() => matchesVariant(outcome(variant), variant, 2)).toThrow('the pattern names 2')
    },
  )

  test('matches its own variant only', () => {
    expect(matchesVariant(outcome('Aborted'), 'Completed', 1)).toBe(false)
  })
})

test('a variant takes exactly its payload', () => {
  expect(makeVariant(RESULT, 1, [])).toEqual(new VariantValue(RESULT, 1, []))
  expect(() => makeVariant(RESULT, 0, [])).toThrow('Result.Done takes 1 value, got 0')
  expect(() => makeVariant(RESULT, 1, [1])).toThrow('Result.Nothing takes no values, got 1')
})
