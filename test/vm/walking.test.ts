// What walks through long texts and lists pays by their length, so that it neither outlasts a deadline nor keeps the
// process from other work.
import { describe, expect, test } from '@jest/globals'
import { type Limits, Program } from '../../vm/program.ts'
import { NativeValue, type Value } from '../../vm/values/value.ts'
import { compileSource } from '../support/compile-source.ts'
import { RecordingHost } from '../support/recording-host.ts'

/** Every look at the clock costs a millisecond; counts the pauses. */
class SlowHost extends RecordingHost {
  pauses = 0
  override now(): number {
    this.time += 1
    return this.time
  }
  override async sleep(): Promise<void> {
    this.pauses += 1
  }
}
const LONG = 'ab'.repeat(500_000)
const walking: readonly (readonly [call: string, expression: string])[] = [
  ['len(text)', 'len(text)'],
  ['an index', 'text[7]'],
  ['a slice', 'text[7:9]'],
  ['in', '("x" in text)'],
  ['.contains()', 'text.contains("x")'],
  ['.index_of()', 'text.index_of("x")'],
  ['.count()', 'text.count("x")'],
  ['.split()', 'text.split("x")'],
  ['.replace()', 'text.replace("x", "y")'],
  ['.trim()', 'text.trim()'],
  ['.to_upper()', 'text.to_upper()'],
  ['.substring()', 'text.substring(7, 1)'],
  ['substring()', 'substring(text, 7, 8)'],
  ['.pad_left()', 'text.pad_left(3)'],
  ['.to_number()', 'text.to_number()'],
]

/** Evaluates an expression in `text` 200 times. */
function repeated(host: SlowHost, expression: string, limits: Partial<Limits>, hotAfter: number) {
  const module = compileSource(
    `fun walks(text) { let i = 0; while (i < 200) { let found = ${expression}; i = i + 1; } return i; }`,
  )
  const walks = module.functions.findIndex(({ name }) => name === 'walks')
  return Program.link(module, hotAfter).activate(host, limits).callFunction(walks, [LONG])
}

describe.each([
  ['interpreted', 1_000_000],
  ['translated', 0],
])('%s', (_, hotAfter) => {
  test.each(walking)(
    '%s pays for its length: others have their turn meanwhile',
    async (_call, expression) => {
      const host = new SlowHost()
      expect(await repeated(host, expression, {}, hotAfter)).toBe(200)
      expect(host.pauses).toBeGreaterThan(1)
    },
  )

  test.each(walking)('%s ends at the deadline', async (_call, expression) => {
    const ended = (async () => await repeated(new SlowHost(), expression, { deadlineAt: 100 }, hotAfter))()
    await expect(ended).rejects.toMatchObject({ kind: 'deadline' })
  })
})

test('unique() of elements that must be compared pauses, and finds what it would find at once', async () => {
  const host = new SlowHost()
  const list = Array.from({ length: 2000 }, (_, n) => [n % 1000])
  const unique = await Program.link(compileSource(''))
    .activate(host, {})
    .call(new NativeValue('list_unique'), [list])
  expect(unique).toEqual(list.slice(0, 1000))
  expect(host.pauses).toBeGreaterThan(1)
})

/** Calls a native on values, with a clock that goes on by a millisecond at each look. */
async function called(name: string, args: readonly Value[], limits: Partial<Limits> = {}) {
  const host = new SlowHost()
  const answer = await Program.link(compileSource(''))
    .activate(host, limits)
    .call(new NativeValue(name), args)
  return { answer, host }
}
/** Many more than are sorted at a stretch, each value twice, in an order that is none. */
const shuffled = (length = 50_000): number[] => Array.from({ length }, (_, n) => (n * 7919) % 25_000)
const byNumber = (a: number, b: number) => a - b

test.each([
  ['numbers', shuffled(), shuffled().sort(byNumber)],
  [
    'strings',
    shuffled().map((n) => String(n).padStart(6, '0')),
    shuffled()
      .map((n) => String(n).padStart(6, '0'))
      .sort(),
  ],
  [
    'a list that is no multiple of a piece',
    shuffled().slice(0, 12_289),
    shuffled().slice(0, 12_289).sort(byNumber),
  ],
  ['one element', [7], [7]],
  ['none', [], []],
])('sort() of %s sorts the list itself', async (_, list, sorted) => {
  const { answer } = await called('list_sort', [list])
  expect(list).toEqual(sorted)
  expect(answer).toBe(list)
})

test('sort() of a long list gives way; unique() of simple elements does, too', async () => {
  expect((await called('list_sort', [shuffled(300_000)])).host.pauses).toBeGreaterThan(1)
  const many = Array.from({ length: 500_000 }, (_, n) => n % 1000)
  const { answer, host } = await called('list_unique', [many])
  expect(answer).toEqual(many.slice(0, 1000))
  expect(host.pauses).toBeGreaterThan(1)
})

test.each([
  ['sort() is stopped by its fuel', 'list_sort', { fuel: 500_000 }, 'fuel'],
  ['sort() ends at the deadline', 'list_sort', { deadlineAt: 20 }, 'deadline'],
  ['unique() is stopped by its fuel', 'list_unique', { fuel: 40_000 }, 'fuel'],
] as const)('%s before it is done, and leaves the list as it was', async (_, name, limits, kind) => {
  const list = shuffled()
  await expect(called(name, [list], limits)).rejects.toMatchObject({ kind })
  expect(list).toEqual(shuffled())
})

test('sort() of a list with values that cannot be compared leaves it as it was', async () => {
  const list: Value[] = [...shuffled(), 'a text']
  await expect(called('list_sort', [list])).rejects.toMatchObject({ kind: 'type' })
  expect(list).toEqual([...shuffled(), 'a text'])
})

test.each([
  ['sort_by(key) keeps the order of equals', 'fun(p) { return p[0]; }'],
  ['sort_by(comparison) does, too', 'fun(a, b) { return a[0] - b[0]; }'],
])('%s in a long list', async (_, f) => {
  const module = compileSource(`fun sorts(list) { return list.sort_by(${f}); }`)
  const sorts = module.functions.findIndex(({ name }) => name === 'sorts')
  const list = shuffled().map((key, at) => [key, at])
  const expected = [...list].sort(([a], [b]) => a! - b!)
  const sorted = await Program.link(module).activate(new SlowHost(), {}).callFunction(sorts, [list])
  expect(sorted).toEqual(expected)
})
