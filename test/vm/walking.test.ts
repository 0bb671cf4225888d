// What walks through long texts and lists pays by their length, so that it neither outlasts a deadline nor keeps the
// process from other work.
import { describe, expect, test } from '@jest/globals'
import { type Limits, Program } from '../../vm/program.ts'
import { NativeValue } from '../../vm/values/value.ts'
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
