import { METHODS } from 'node:http'
import { expect, test } from '@jest/globals'
import { type InHand, InHandTable } from '../../cli/in-hand-table.ts'
import { MAX_REQUEST_ID } from '../../lambda/middleware/request-id.ts'
import { ROUTES, routeKey } from '../../lambda/routes.ts'

const request = (name: string, more: Partial<InHand> = {}): InHand => ({
  requestId: name,
  method: 'POST',
  route: 'POST /api/v1/agent/ask',
  traceparent: undefined,
  startedAt: 1_800_000_000_001,
  deadlineAt: 1_800_000_000_123,
  fd: 17,
  ...more,
})
const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

test('what one thread notes the other reads in the same memory, until it is given back', () => {
  const table = InHandTable.of(3)
  const other = new InHandTable(table.memory)
  const one = request('one', { traceparent: TRACEPARENT, fd: 2 ** 31 - 1 })
  const giveBack = table.take(one)
  table.take(request('two'))
  expect(other.all()).toEqual([one, request('two')])
  giveBack()
  expect(other.all()).toEqual([request('two')])
})

test('a place that was given back twice is the next one’s alone', () => {
  const table = InHandTable.of(2)
  const giveBack = table.take(request('a longer name', { traceparent: TRACEPARENT }))
  giveBack()
  table.take(request('one'))
  giveBack()
  table.take(request('two'))
  expect(table.all()).toEqual([request('one'), request('two')])
})

test('beyond the size of the table nothing is noted, and the places stay in use', () => {
  const table = InHandTable.of(1)
  const giveBack = table.take(request('one'))
  table.take(request('two'))()
  expect(table.all()).toEqual([request('one')])
  giveBack()
  table.take(request('three'))
  expect(table.all()).toEqual([request('three')])
})

test('a traceparent that no version is known to have is left out', () => {
  const table = InHandTable.of(1)
  table.take(request('one', { traceparent: `ff-${'0'.repeat(300)}` }))
  expect(table.all()).toEqual([request('one')])
})

test('the texts of every route fit, with any method, a traceparent and an id of the caller as long as it may be', () => {
  const longest = (texts: readonly string[]) => texts.toSorted((a, b) => b.length - a.length)[0]!
  const table = InHandTable.of(2)
  const one = request('x'.repeat(MAX_REQUEST_ID), {
    method: longest(METHODS),
    route: longest(ROUTES.map(routeKey)),
    traceparent: TRACEPARENT,
  })
  table.take(one)
  table.take(request('two'))
  expect(table.all()).toEqual([one, request('two')])
})
