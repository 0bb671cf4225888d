import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { isoTime, msOfIsoTime } from '../../agents/iso-time.ts'

test('time is written as Date writes it, and read back', () => {
  fc.assert(
    fc.property(
      fc.date({
        min: new Date('0000-01-01T00:00:00Z'),
        max: new Date('9999-12-31T23:59:59.999Z'),
        noInvalidDate: true,
      }),
      (date) =>
        isoTime(date.getTime()) === date.toISOString() && msOfIsoTime(date.toISOString()) === date.getTime(),
    ),
  )
})

test.each([0, 951_782_400_000, 4_107_542_399_999, -1])('%d ms', (ms) => {
  expect(isoTime(ms)).toBe(new Date(ms).toISOString())
})

test('a text that is no time is no number', () => {
  expect(msOfIsoTime('yesterday')).toBeNaN()
})
