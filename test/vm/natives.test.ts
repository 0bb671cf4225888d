import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { NATIVE_NAMES } from '../../vm/natives/names.ts'
import { METHODS, NATIVES } from '../../vm/natives/table.ts'
import { type Activation, type Limits, Program } from '../../vm/program.ts'
import { textOf } from '../../vm/values/text.ts'
import { NativeValue, RangeValue, TupleValue, type Value } from '../../vm/values/value.ts'
import { assemble } from '../support/assemble.ts'
import { RecordingHost } from '../support/recording-host.ts'

/** Functions of a program, to be called back. */
const CALLBACKS = `
  fun main
    NIL
    RETURN
  fun double(x)
    GET_LOCAL 0
    CONST 2
    MUL
    RETURN
  fun even(x)
    GET_LOCAL 0
    CONST 2
    MOD
    CONST 0
    EQ
    RETURN
  fun add(a, b)
    GET_LOCAL 0
    GET_LOCAL 1
    ADD
    RETURN
  fun below(a, b)
    GET_LOCAL 0
    GET_LOCAL 1
    LT
    RETURN
  fun above(a, b)
    GET_LOCAL 1
    GET_LOCAL 0
    SUB
    RETURN
  fun pair(x)
    GET_LOCAL 0
    GET_LOCAL 0
    LIST 2
    RETURN
  fun asked(x)
    CONST "t"
    SPAWN "A"
    POP
    GET_LOCAL 0
    CONST 10
    MUL
    RETURN
  fun failing(x)
    CONST "stopped at "
    GET_LOCAL 0
    ADD
    THROW
  fun endless(x)
    GET_LOCAL 0
    LIST 1
    CLOSURE endless
    CALL_METHOD "map" 1
    RETURN`

/** A program of the callbacks and of one function for each method name and count that a test calls. */
const link = (methods: readonly (readonly [name: string, count: number])[]): Program => {
  const callers = methods.map(([name, count]) => {
    const args = Array.from({ length: count }, (_, i) => `GET_LOCAL ${i + 1}`).join('\n')
    const params = Array.from({ length: count + 1 }, (_, i) => `p${i}`).join(', ')
    return `\nfun ${name}_${count}(${params})\n GET_LOCAL 0\n ${args}\n CALL_METHOD "${name}" ${count}\n RETURN`
  })
  const module = assemble(CALLBACKS + callers.join(''))
  const globals = module.functions.map(
    ({ name }, index) => ({ name, is: 'function', function: index }) as const,
  )
  return Program.link({ ...module, globals })
}

const LIMITS = { maxItems: 1000, maxTextLength: 10_000, fuel: 100_000 }

const callbacks = link([]).activate(new RecordingHost())
const fn = (name: string): Value => callbacks.global(name)!

const native = (name: string, ...args: Value[]): Value =>
  link([]).activate(new RecordingHost(), LIMITS).call(new NativeValue(name), args) as Value

const method = (receiver: Value, name: string, ...args: Value[]): Value => {
  const activation = link([[name, args.length]]).activate(new RecordingHost(), LIMITS)
  return callMethod(activation, receiver, name, args) as Value
}

const callMethod = (activation: Activation, receiver: Value, name: string, args: Value[]) =>
  activation.call(activation.global(`${name}_${args.length}`)!, [receiver, ...args])

const map = (entries: Record<string, Value>): Value => new Map(Object.entries(entries))

describe('the table', () => {
  test('has the names that the compiler is given', () => {
    expect(NATIVE_NAMES).toEqual([...NATIVES.keys()].sort())
  })

  test('has a doc line for every native and method', () => {
    const rows = [...NATIVES.values(), ...[...METHODS.values()].flatMap((table) => [...table.values()])]
    expect(rows.filter(({ doc }) => doc.length < 5).map(({ name }) => name)).toEqual([])
  })
})

describe('natives', () => {
  test.each<readonly [string, readonly Value[], string]>([
    ['len', ['héllo \u{1f600}'], '7'],
    ['len', [[1, 2]], '2'],
    ['len', [new RangeValue(0, 10, 3)], '4'],
    ['str', [[1, 'a']], '[1, "a"]'],
    ['typeof', [null], 'nil'],
    ['typeof', [new TupleValue([])], 'tuple'],
    ['typeof', [new NativeValue('len')], 'function'],
    ['num', [' 2.50 '], '2.5'],
    ['num', ['1e3'], '1000'],
    ['num', ['0x10'], 'nil'],
    ['num', [''], 'nil'],
    ['int', ['-2.7'], '-2'],
    ['int', ['x'], 'nil'],
    ['bool', [0], 'true'],
    ['bool', [null], 'false'],
    ['range', [3], 'range(0, 3)'],
    ['range', [5, 1, -2], 'range(5, 1, -2)'],
    ['push', [[1], 2], '[1, 2]'],
    ['json_parse', ['{"a": [1, null]}'], '{a: [1, nil]}'],
    ['json_stringify', [map({ a: [1, null] })], '{"a":[1,null]}'],
    ['substring', ['abcdef', 1, 3], 'bc'],
    ['str_upper', ['straße'], 'STRASSE'],
    ['join', [['a', 1], '-'], 'a-1'],
    ['math_round', [-2.5], '-3'],
    ['math_max', [1, 3, 2], '3'],
    ['math_clamp', [9, 0, 5], '5'],
    ['math_pow', [2, 10], '1024'],
    ['math_random_int', [1, 6], '4'],
    ['env_get_or', ['NOPE', 'x'], 'x'],
    ['Some', [1], 'Some(1)'],
    ['Err', ['bad'], '{ok: false, error: "bad"}'],
  ])('%s(...%p) is %s', (name, args, text) => {
    expect(textOf(native(name, ...args))).toBe(text)
  })

  test.each<readonly [string, readonly Value[], string]>([
    ['len', [null], 'len: argument 1 must be a string, list, map, tuple or range, got nil'],
    ['len', [], 'len takes 1 argument, got 0'],
    ['range', [], 'range takes 1 to 3 arguments, got 0'],
    ['range', [0, 1, 0], 'range: the step must not be 0'],
    ['math_min', [], 'math_min takes at least 1 argument, got 0'],
    ['json_parse', ['{'], 'not JSON: expected a string at line 1 column 2, found the end'],
    ['split', [1, ','], 'split: the first argument must be a string, got number 1'],
    ['split', ['a', 2], 'split: argument 2 must be a string, got number 2'],
    ['map', [[1], 'f'], 'map: argument 2 must be a function, got string "f"'],
    ['exec', [['ls']], 'exec: argument 1 must be a string, got list of 1'],
    ['assert', [false, 'must hold'], 'assert: must hold'],
    ['panic', ['over'], 'over'],
    ['None', [], 'cannot call None: it is no function'],
  ])('%s(...%p) fails: %s', (name, args, message) => {
    expect(() => native(name, ...args)).toThrow(message)
  })

  test('exec answers with exit_code, stdout, stderr and timed_out', () => {
    expect(textOf(native('exec', 'fail now'))).toBe(
      '{exit_code: 1, stdout: "ran fail now\n", stderr: "", timed_out: false}',
    )
  })

  test('file natives work in the workspace, nil for what is missing, false for what is refused', () => {
    const host = new RecordingHost()
    const activation = link([]).activate(host)
    const run = (name: string, ...args: Value[]) => activation.call(new NativeValue(name), args)
    expect(run('workspace_read', 'a.txt')).toBe(null)
    expect(run('workspace_write', 'a.txt', 'one')).toBe(true)
    expect(run('workspace_append', 'a.txt', ' two')).toBe(true)
    expect(run('file_read', 'a.txt')).toBe('one two')
    expect(run('file_exists', 'a.txt')).toBe(true)
    expect(run('file_exists', 'b.txt')).toBe(false)
    expect(run('workspace_write', '../b.txt', 'x')).toBe(false)
    expect(run('workspace_list')).toEqual(['a.txt'])
    expect(run('workspace_list', 'nowhere')).toBe(null)
  })
})

describe('regular expressions', () => {
  /** Every look at the clock costs a millisecond. */
  class SlowHost extends RecordingHost {
    turns = 0
    override now(): number {
      this.time += 1
      return this.time
    }
    override sleep(): void {
      this.turns += 1
    }
  }
  const findAll = (host: RecordingHost, limits: Partial<Limits>, text: string, pattern: string) =>
    link([]).activate(host, limits).call(new NativeValue('regex_find_all'), [text, pattern])

  test('pay for the time they take, and stop when the fuel is used up', async () => {
    const searching = findAll(new SlowHost(), { fuel: 2_000_000 }, 'a'.repeat(1000), 'a')
    await expect(searching).rejects.toMatchObject({ kind: 'fuel' })
  })

  test('stop at the deadline', async () => {
    const searching = findAll(new SlowHost(), { deadlineAt: 50 }, 'a'.repeat(1000), 'a')
    await expect(searching).rejects.toMatchObject({ kind: 'deadline' })
  })

  test('let others have their turn between matches', async () => {
    const host = new SlowHost()
    expect(await findAll(host, {}, 'a'.repeat(1000), 'a')).toHaveLength(1000)
    expect(host.turns).toBeGreaterThan(1)
  })

  test('make no list and no text beyond the limits', async () => {
    const host = new RecordingHost()
    await expect(findAll(host, { maxItems: 10 }, 'a'.repeat(11), 'a')).rejects.toMatchObject({
      kind: 'limit',
    })
    const replace = link([])
      .activate(host, { maxTextLength: 100 })
      .call(new NativeValue('regex_replace'), ['a'.repeat(50), 'a', '$0$0$0'])
    await expect(replace).rejects.toMatchObject({ kind: 'limit' })
  })
})

describe('time', () => {
  test('is written and read in UTC as JavaScript does it', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('0000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
        (date) => {
          const text = native('time_format', date.getTime(), '%FT%T.%LZ')
          expect(text).toBe(date.toISOString())
          expect(native('time_parse', text, '%FT%T.%LZ')).toBe(date.getTime())
        },
      ),
      { numRuns: 300 },
    )
  })

  test.each([
    ['2026-02-29', '%F', null],
    ['2024-02-29', '%F', Date.UTC(2024, 1, 29)],
    ['24:00', '%H:%M', null],
    ['2026-1-01', '%F', null],
    ['2026-01-01 ', '%F', null],
    ['100%', '%L%%', 100],
  ])('%s read as %s is %p', (text, format, ms) => {
    expect(native('time_parse', text, format)).toBe(ms)
  })

  test('knows the day of the year and refuses what it does not know', () => {
    expect(native('time_format', Date.UTC(2024, 11, 31), '%j')).toBe('366')
    expect(() => native('time_format', 0, '%Q')).toThrow('time_format: %Q is no directive')
    expect(() => native('time_format', Number.NaN, '%Y')).toThrow('argument 1 must be a time')
  })
})

describe('methods', () => {
  test.each<readonly [Value, string, readonly Value[], string]>([
    ['abc', 'contains', ['bc'], 'true'],
    ['a,b,', 'split', [','], '["a", "b", ""]'],
    ['a\u{1f600}', 'split', [''], '["a", "\u{1f600}"]'],
    ['-', 'join', [['a', 'b']], 'a-b'],
    ['a.b.c', 'replace', ['.', '$&'], 'a$&b$&c'],
    ['\u{1f600}abc', 'substring', [1, 2], 'ab'],
    ['abc', 'substring', [5, 2], ''],
    ['\u{1f600}b', 'index_of', ['b'], '1'],
    ['ab', 'pad_left', [4, '.'], '..ab'],
    ['ab', 'pad_right', [3], 'ab '],
    ['ab\n\ncd\r\n', 'lines', [], '["ab", "", "cd"]'],
    [' a  b ', 'words', [], '["a", "b"]'],
    ['12.5', 'is_numeric', [], 'true'],
    ['x', 'to_number', [], 'nil'],
    ['aXbX', 'count', ['X'], '2'],
    [[3, 1, 2], 'sort', [], '[1, 2, 3]'],
    [['b', 'a'], 'sort', [], '["a", "b"]'],
    [[1, 2, 3], 'reverse', [], '[3, 2, 1]'],
    [[1, 2, 3], 'get', [-1], '3'],
    [[1], 'get', [5], 'nil'],
    [[], 'pop', [], 'nil'],
    [[], 'first', [], 'nil'],
    [[1, 2, 3, 4], 'slice', [1, -1], '[2, 3]'],
    [[1, [2, [3]]], 'flatten', [], '[1, 2, [3]]'],
    [[1, 2], 'zip', [['a', 'b', 'c']], '[(1, "a"), (2, "b")]'],
    [['a'], 'enumerate', [], '[(0, "a")]'],
    [[1, [2], 1, [2], '1'], 'unique', [], '[1, [2], "1"]'],
    [[1, 2, 3], 'chunk', [2], '[[1, 2], [3]]'],
    [[2, 3, 1], 'max', [], '3'],
    [[], 'min', [], 'nil'],
    [[1, 2, 3], 'mean', [], '2'],
    [[[1], [2]], 'index_of', [[2]], '1'],
    [map({ a: 1 }), 'get', ['b'], 'nil'],
    [map({ a: 1 }), 'get_or', ['b', 9], '9'],
    [map({ a: 1, b: 2 }), 'keys', [], '["a", "b"]'],
    [map({ a: 1 }), 'entries', [], '[{key: "a", value: 1}]'],
    [map({ a: 1 }), 'remove', ['a'], '1'],
    [map({ a: 1 }), 'merge', [map({ b: 2 })], '{a: 1, b: 2}'],
    [new RangeValue(0, 7, 3), 'to_list', [], '[0, 3, 6]'],
    [new RangeValue(0, 7, 3), 'reverse', [], 'range(6, -3, -3)'],
    [new RangeValue(0, 7, 3), 'contains', [4], 'false'],
    [new TupleValue([1, 2]), 'to_list', [], '[1, 2]'],
  ])('%p.%s(...%p) is %s', (receiver, name, args, text) => {
    expect(textOf(method(receiver, name, ...args))).toBe(text)
  })

  test.each<readonly [Value, string, readonly Value[], string]>([
    ['abc', 'foo', [], 'string "abc" has no method foo'],
    [null, 'len', [], 'nil has no method len'],
    ['abc', 'contains', [], 'contains takes 1 argument, got 0'],
    [[1], 'take', [1.5], 'take: argument 1 must be a whole number, got number 1.5'],
    [[1, 'a'], 'sort', [], 'cannot compare'],
    [[1, 'a'], 'sum', [], 'sum: every element must be a number, got a'],
    ['ab', 'repeat', [10_000], 'a text would be longer than 10000 characters'],
    ['ab', 'replace', ['', 'x'.repeat(9000)], 'a text would be longer than 10000 characters'],
    [new RangeValue(0, 1e9, 1), 'to_list', [], 'a collection would have more than 1000 elements'],
    [map({}), 'insert', [1, 2], 'insert: argument 1 must be a string, got number 1'],
  ])('%p.%s(...%p) fails: %s', (receiver, name, args, message) => {
    expect(() => method(receiver, name, ...args)).toThrow(message)
  })

  test('a map calls its own methods before its entries', () => {
    const entries = map({ len: fn('double'), twice: fn('double') })
    expect(method(entries, 'len')).toBe(2)
    expect(method(entries, 'twice', 4)).toBe(8)
  })
})

describe('natives that call back', () => {
  test.each<readonly [Value, string, readonly Value[], string]>([
    [[1, 2, 3], 'map', [fn('double')], '[2, 4, 6]'],
    [[1, 2, 3, 4], 'filter', [fn('even')], '[2, 4]'],
    [[1, 2, 3], 'fold', [10, fn('add')], '16'],
    [[1, 2, 3, 4], 'find', [fn('even')], '2'],
    [[1, 3], 'find', [fn('even')], 'nil'],
    [[1, 2], 'any', [fn('even')], 'true'],
    [[1, 2], 'all', [fn('even')], 'false'],
    [[1, 2, 4], 'count', [fn('even')], '2'],
    [[1, 2, 1], 'count', [1], '2'],
    [[1, 2], 'flat_map', [fn('pair')], '[1, 1, 2, 2]'],
    [[1, 2, 3], 'group_by', [fn('even')], '{false: [1, 3], true: [2]}'],
    [[3, 1, 2], 'sort_by', [fn('double')], '[1, 2, 3]'],
    [[3, 1, 2], 'sort_by', [fn('below')], '[1, 2, 3]'],
    [[3, 1, 2], 'sort_by', [fn('above')], '[3, 2, 1]'],
    [['1', 'x'], 'map', [new NativeValue('num')], '[1, nil]'],
    [[[1, 2], [3]], 'map', [new NativeValue('len')], '[2, 1]'],
    [map({ a: 1, b: 2 }), 'map_values', [fn('double')], '{a: 2, b: 4}'],
    [map({ a: 'x', b: 'y' }), 'count', [fn('add')], '2'],
    [new RangeValue(0, 4, 1), 'filter', [fn('even')], '[0, 2]'],
  ])('%p.%s(...) is right', (receiver, name, args, text) => {
    expect(textOf(method(receiver, name, ...args))).toBe(text)
  })

  test('sort stably, whatever the length', () => {
    for (let length = 0; length < 40; length += 1) {
      const list = Array.from({ length }, (_, i) => (i * 7) % 11)
      const sorted = [...list].sort((a, b) => a - b)
      expect(method([...list], 'sort_by', fn('below'))).toEqual(sorted)
    }
  })

  test('may suspend in every call', async () => {
    const host = new RecordingHost()
    host.later = true
    const activation = link([['map', 1]]).activate(host)
    const running = callMethod(activation, [1, 2, 3], 'map', [fn('asked')])
    expect(running).toBeInstanceOf(Promise)
    await expect(running).resolves.toEqual([10, 20, 30])
    expect(host.calls).toHaveLength(3)
  })

  test('let an error of the function through, with the place where it was thrown', () => {
    expect(() => method([1, 2], 'map', fn('failing'))).toThrow('stopped at 1')
  })

  test('count as calls: endless recursion through them is a stack overflow', () => {
    expect(() => method([1], 'map', fn('endless'))).toThrow('stack overflow')
  })

  test('check what they are given to call', () => {
    expect(() => method([1], 'map', 'double')).toThrow(
      'map: argument 1 must be a function, got string "double"',
    )
    expect(() => method([1], 'map', fn('add'))).toThrow('add takes 2 arguments, got 1')
  })
})
