import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { SealedType, StructType } from '../../bytecode/module.ts'
import { compareText } from '../../vm/values/code-points.ts'
import { isEqual } from '../../vm/values/equality.ts'
import { ErrorValue } from '../../vm/values/error-value.ts'
import { fromJson, parseJson, stringify, toJson } from '../../vm/values/json.ts'
import { NONE, some } from '../../vm/values/option.ts'
import { compare } from '../../vm/values/ordering.ts'
import { textOf } from '../../vm/values/text.ts'
import {
  AgentValue,
  NativeValue,
  OutcomeValue,
  RangeValue,
  SealedTypeValue,
  SkillValue,
  StructTypeValue,
  StructValue,
  TupleValue,
  type Value,
  VariantValue,
} from '../../vm/values/value.ts'

const POINT: StructType = {
  kind: 'struct',
  name: 'Pt',
  mutable: false,
  fields: [{ name: 'x' }, { name: 'y' }],
}
const SHAPE: SealedType = {
  kind: 'sealed',
  name: 'Sh',
  variants: [
    { name: 'Circle', fields: ['radius'] },
    { name: 'Dot', fields: [] },
  ],
}
const map = (entries: Record<string, Value>): Map<string, Value> => new Map(Object.entries(entries))

const outcome = (variant: OutcomeValue['variant']): OutcomeValue =>
  new OutcomeValue(
    variant,
    map({
      iterations: 3,
      total_cost: 0.0018,
      total_tokens: 120,
      message: 'All done.',
      tasks_completed: 2,
      tasks_total: 2,
    }),
  )

const selfContaining = (): Value[] => {
  const list: Value[] = [1]
  list.push(list)
  return list
}

describe('text', () => {
  test.each<readonly [Value, string]>([
    [null, 'nil'],
    [true, 'true'],
    ['a "b"', 'a "b"'],
    [[1, 'a "b"', null, [false]], '[1, "a "b"", nil, [false]]'],
    [[], '[]'],
    [map({ k: 1, s: 'x', m: map({}) }), '{k: 1, s: "x", m: {}}'],
    [new TupleValue([1, 'a']), '(1, "a")'],
    [new TupleValue([1]), '(1,)'],
    [new TupleValue([]), '()'],
    [new RangeValue(0, 5, 1), 'range(0, 5)'],
    [new RangeValue(0, 10, 2), 'range(0, 10, 2)'],
    [new StructValue(POINT, ['a', [1, 'b']]), 'Pt(x: a, y: [1, "b"])'],
    [new VariantValue(SHAPE, 0, [2]), 'Sh.Circle(radius: 2)'],
    [new VariantValue(SHAPE, 1, []), 'Sh.Dot'],
    [some('x'), 'Some("x")'],
    [NONE, 'None'],
    [new StructTypeValue(POINT), '<struct Pt>'],
    [new SealedTypeValue(SHAPE), 'sealed Sh'],
    [new NativeValue('len'), '<fn len>'],
    [new AgentValue('agent', 'A'), '<agent A>'],
    [new AgentValue('claw', 'B'), '<claw agent B>'],
    [new AgentValue('forge', 'C'), '<forge agent C>'],
    [new SkillValue('lookup'), '<skill lookup>'],
    [new ErrorValue('type', 'went wrong', []), 'went wrong'],
    [outcome('Completed'), '{outcome: "completed", iterations: 3, total_cost: 0.0018, message: "All done."}'],
  ])('of %p is %s', (value, text) => {
    expect(textOf(value)).toBe(text)
  })

  test.each([
    [3, '3'],
    [5.0, '5'],
    [2.5, '2.5'],
    [0.0018, '0.0018'],
    [1e6, '1000000'],
    [-0, '0'],
    [0.1 + 0.2, '0.3'],
    [1 / 3, '0.333333333333'],
    [1234567.5, '1234567.5'],
    [1e-7, '1e-7'],
    [1e21, '1e+21'],
    [Number.NaN, 'nan'],
    [Number.POSITIVE_INFINITY, 'inf'],
    [Number.NEGATIVE_INFINITY, '-inf'],
  ])('of the number %p is %s', (number, text) => {
    expect(textOf(number)).toBe(text)
  })

  test('of what contains itself ends', () => {
    expect(textOf(selfContaining())).toBe('[1, [...]]')
    const self = map({})
    self.set('me', self)
    expect(textOf(self)).toBe('{me: {...}}')
  })

  test('shows a part twice that stands twice', () => {
    const part: Value[] = [1]
    expect(textOf([part, part])).toBe('[[1], [1]]')
  })

  test('of ten thousand nested lists ends', () => {
    let deep: Value = []
    for (let i = 0; i < 10_000; i += 1) deep = [deep]
    expect(textOf(deep)).toContain('[...]')
  })

  test('of an error whose message was replaced by itself ends', () => {
    const error = new ErrorValue('type', 'm', [])
    error.set('message', error)
    expect(textOf(error)).toContain('{message: {...}')
  })
})

describe('equality', () => {
  test.each<readonly [Value, Value, boolean]>([
    [1, '1', false],
    [0, false, false],
    [null, false, false],
    [Number.NaN, Number.NaN, false],
    [[1, [2, map({ a: 'x' })]], [1, [2, map({ a: 'x' })]], true],
    [[1], [1, 2], false],
    [map({ a: 1, b: 2 }), map({ b: 2, a: 1 }), true],
    [map({ a: null }), map({ b: null }), false],
    [new TupleValue([1]), [1], false],
    [new StructValue(POINT, [1, 2]), new StructValue(POINT, [1, 2]), true],
    [new VariantValue(SHAPE, 0, [1]), new VariantValue(SHAPE, 0, [1]), true],
    [new VariantValue(SHAPE, 0, [1]), new VariantValue(SHAPE, 0, [2]), false],
    [new VariantValue(SHAPE, 1, []), new VariantValue(SHAPE, 1, []), true],
    [new AgentValue('agent', 'A'), new AgentValue('agent', 'A'), true],
    [new AgentValue('agent', 'A'), new SkillValue('A'), false],
  ])('%p == %p is %p', (a, b, equal) => {
    expect(isEqual(a, b)).toBe(equal)
    expect(isEqual(b, a)).toBe(equal)
  })

  test('of what contains itself ends', () => {
    expect(isEqual(selfContaining(), selfContaining())).toBe(true)
    const other = selfContaining()
    other.push(2)
    expect(isEqual(selfContaining(), other)).toBe(false)
  })

  test('of parts shared 50 levels deep takes few steps', () => {
    const shared = (): Value => {
      let value: Value = 1
      for (let i = 0; i < 50; i += 1) value = [value, value]
      return value
    }
    let pairs = 0
    isEqual(shared(), shared(), (count) => {
      pairs = count
    })
    expect(pairs).toBeLessThan(200)
  })
})

describe('order', () => {
  test('of strings is by code points', () => {
    expect(compareText('a', 'b')).toBeLessThan(0)
    expect(compareText('a', 'ab')).toBeLessThan(0)
    // U+FF5E is below U+1F600, though its UTF-16 unit is above the surrogate
    expect(compareText('\uff5e', '\u{1f600}')).toBeLessThan(0)
  })

  test('of code points agrees with the order of their numbers', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        const [x, y] = [a, b].map((text) => Array.from(text, (character) => character.codePointAt(0)!))
        let expected = x!.length - y!.length
        for (let i = 0; i < Math.min(x!.length, y!.length); i += 1) {
          if (x![i] !== y![i]) {
            expected = x![i]! - y![i]!
            break
          }
        }
        expect(Math.sign(compareText(a, b))).toBe(Math.sign(expected))
      }),
    )
  })

  test('of mixed types is an error that names both', () => {
    expect(() => compare(1, 'x')).toThrow('cannot compare number 1 with string "x"')
  })
})

describe('JSON', () => {
  test('keeps the order of keys, also of those that look like numbers', () => {
    const text = '{"b":1,"2":"x","1":[true,null]}'
    expect(stringify(parseJson(text))).toBe(text)
    expect(textOf(parseJson(text))).toBe('{b: 1, 2: "x", 1: [true, nil]}')
  })

  test('treats __proto__, constructor and toString as keys like any other', () => {
    const text = '{"__proto__":{"polluted":1},"constructor":2,"toString":3}'
    const value = parseJson(text)
    expect(stringify(value)).toBe(text)
    const data = toJson(value) as Record<string, unknown>
    expect(Object.keys(data)).toEqual(['__proto__', 'constructor', 'toString'])
    expect(Object.getPrototypeOf(data)).toBe(Object.prototype)
    expect(stringify(fromJson(data))).toBe(text)
    expect(Object.keys({})).toEqual([])
  })

  test('of structs, variants, tuples, ranges and outcomes is data', () => {
    expect(stringify(new StructValue(POINT, [1, 'a']))).toBe('{"x":1,"y":"a"}')
    expect(stringify(new VariantValue(SHAPE, 0, [2]))).toBe('{"variant":"Circle","radius":2}')
    expect(stringify(new TupleValue([1, new RangeValue(0, 3, 1)]))).toBe('[1,[0,1,2]]')
    expect(toJson(outcome('MaxIterations'))).toMatchObject({ outcome: 'max_iterations', tasks_total: 2 })
  })

  test('of nan and the infinities is null', () => {
    expect(stringify([Number.NaN, Number.NEGATIVE_INFINITY])).toBe('[null,null]')
  })

  test.each<readonly [string, Value]>([
    ['a value that contains itself has no JSON form', selfContaining()],
    ['function len has no JSON form', new NativeValue('len')],
    ['agent A has no JSON form', [new AgentValue('agent', 'A')]],
  ])('%s', (message, value) => {
    expect(() => stringify(value)).toThrow(message)
    expect(() => toJson(value)).toThrow(message)
  })

  test('beyond 500 levels is refused both ways', () => {
    let deep: Value = 1
    for (let i = 0; i < 501; i += 1) deep = [deep]
    expect(() => stringify(deep)).toThrow('nested deeper than 500 levels')
    expect(() => parseJson(`${'['.repeat(100_000)}`)).toThrow('nested deeper than 500 levels')
  })

  test('text is read as JSON.parse reads it', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.integer({ min: 0, max: 2 }), (data, indent) => {
        const text = JSON.stringify(data, null, indent)
        expect(JSON.parse(stringify(parseJson(text)))).toEqual(JSON.parse(text))
      }),
    )
  })

  test('a string of millions of escapes is read', () => {
    const text = '\n\\"'.repeat(4_000_000)
    expect(parseJson(JSON.stringify(text)) === text).toBe(true)
  })

  test('text is refused where JSON.parse refuses it', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '1',
      '-',
      '01',
      '1.',
      'e5',
      'true',
      'nul',
      ' ',
      '\n',
      '"\\u12"',
      '"\t"',
      '"\\x"',
      '"',
    )
    const accepts = (read: (text: string) => unknown, text: string): boolean => {
      try {
        read(text)
        return true
      } catch {
        return false
      }
    }
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 6 }), (parts) => {
        const text = parts.join('')
        expect([text, accepts(parseJson, text)]).toEqual([text, accepts(JSON.parse, text)])
      }),
      { numRuns: 3000 },
    )
  })

  test('that is none is an error with its place', () => {
    expect(() => parseJson('{"a": 1,\n "b" 2}')).toThrow(
      'not JSON: expected ":" at line 2 column 6, found "2}"',
    )
    expect(() => parseJson('')).toThrow('not JSON: expected a value at line 1 column 1, found the end')
  })
})
