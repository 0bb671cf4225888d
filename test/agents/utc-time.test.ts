import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { utcTime } from '../../agents/utc-time.ts'

test('a date in UTC is the same instant as for the platform', () => {
  const date = fc.date({
    min: new Date('0000-03-01T00:00:00Z'),
    max: new Date('9999-12-31'),
    noInvalidDate: true,
  })
  fc.assert(
    fc.property(date, (at) => {
      const ms = utcTime(
        at.getUTCFullYear(),
        at.getUTCMonth() + 1,
        at.getUTCDate(),
        at.getUTCHours(),
        at.getUTCMinutes(),
        at.getUTCSeconds(),
      )
      expect(ms).toBe(Math.floor(at.getTime() / 1000) * 1000)
    }),
  )
})

test('a month past December lies in the next year', () => {
  expect(utcTime(2026, 13, 1)).toBe(Date.UTC(2027, 0, 1))
})
