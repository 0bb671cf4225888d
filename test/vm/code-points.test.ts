import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { codePointAt, codePointCount, codePointSlice } from '../../vm/values/code-points.ts'

/** Texts with letters, surrogate pairs, and surrogates that stand alone. */
const text = fc
  .array(fc.constantFrom('a', 'é', '語', '😀', '\ud83d', '\ude00'))
  .map((parts) => parts.join(''))

test('counting, taking and cutting code points is what an array of them gives', () => {
  fc.assert(
    fc.property(text, fc.nat(12), fc.nat(12), (of, start, length) => {
      const points = Array.from(of)
      const [from, to] = [Math.min(start, points.length), Math.min(start + length, points.length)]
      expect(codePointCount(of)).toBe(points.length)
      expect(codePointAt(of, start)).toBe(points[start])
      expect(codePointAt(of, -1)).toBe(undefined)
      expect(codePointSlice(of, from, to)).toBe(points.slice(from, to).join(''))
    }),
  )
})
