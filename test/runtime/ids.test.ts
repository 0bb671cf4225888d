import { expect, test } from '@jest/globals'
import { systemIds } from '../../runtime/ids.ts'

test('ids have 26 safe characters, sort by time, and differ', () => {
  let now = 1_795_000_000_000
  const ids = systemIds({ now: () => now })
  const first = ids.next()
  expect(first).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/)
  now += 1
  const second = ids.next()
  expect(second > first).toBe(true)
  expect(new Set(Array.from({ length: 1000 }, () => ids.next())).size).toBe(1000)
})
