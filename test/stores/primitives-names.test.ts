import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { decodeName, encodeName } from '../../stores/tree/names.ts'
import { hash } from '../support/fs-tree.ts'

describe('names in paths', () => {
  const options = { hash, foldsCase: false }
  const folding = { hash, foldsCase: true }
  const names = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 200 })
    .filter((name) => name.isWellFormed())

  test.each([
    ['cli_user_alice', 'cli_user_alice'],
    ['..', '%2E%2E'],
    ['a/b', 'a%2Fb'],
    ['a.b~c%', 'a%2Eb%7Ec%25'],
    ['ü', '%C3%BC'],
  ])('%s becomes %s', (name, encoded) => {
    expect(encodeName(name, options)).toBe(encoded)
    expect(decodeName(encoded)).toBe(name)
  })

  test('any name becomes one safe part of at most 160 bytes, and comes back when it is short', () => {
    fc.assert(
      fc.property(names, fc.boolean(), (name, foldsCase) => {
        const part = encodeName(name, { hash, foldsCase })
        expect(part).toMatch(/^[A-Za-z0-9_%-][A-Za-z0-9_%~-]*$/)
        expect(part.length).toBeLessThanOrEqual(160)
        expect([name, null]).toContain(decodeName(part))
        if (Buffer.byteLength(name) <= 40) expect(decodeName(part)).toBe(name)
      }),
    )
  })

  test('two names never share a part, on a disk that folds case not even up to case', () => {
    const near = fc.tuple(names, fc.string({ unit: fc.constantFrom('a', 'A', '~', '%', '.', '1', 'ü') }))
    fc.assert(
      fc.property(near, near, fc.boolean(), ([a, tail], [b, other], sameHead) => {
        const [one, two] = [a + tail, (sameHead ? a : b) + other]
        fc.pre(one !== two)
        expect(encodeName(one, options)).not.toBe(encodeName(two, options))
        expect(encodeName(one, folding).toLowerCase()).not.toBe(encodeName(two, folding).toLowerCase())
      }),
    )
  })

  test('keys that differ in case only stay apart where the disk folds case', () => {
    const parts = ['alice', 'Alice', 'aLice', 'ALICE', `${'A'.repeat(119)}b`, `${'A'.repeat(119)}B`].map(
      (name) => encodeName(name, folding).toLowerCase(),
    )
    expect(new Set(parts).size).toBe(parts.length)
  })
})
