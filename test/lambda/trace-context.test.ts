import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from '@jest/globals'
import { type TestApi, testApi } from '../support/system.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const CALLER = 'b7ad6b7169203331'
const IN_TRACE = { traceparent: `00-${TRACE}-${CALLER}-01` }
const MESSAGE = '/api/v1/claw/support_bot/sessions/ada/message'
const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-00$/

let api: TestApi
let auditLog: string
beforeEach(async () => {
  auditLog = join(temporaryDirectory(), 'audit.jsonl')
  api = await testApi({ environment: { NEAM_AUDIT_SINK: 'file', NEAM_AUDIT_LOG: auditLog } })
})

const traceOf = (traceparent: unknown): string => String(traceparent).split('-')[1]!
const audited = (): Record<string, unknown>[] =>
  readFileSync(auditLog, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

describe('a request with a traceparent', () => {
  test('is answered in that trace, as a span of its own', async () => {
    const { headers } = await api.call('GET', '/health', { headers: IN_TRACE })
    expect(headers.traceparent).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`))
    expect(headers.traceparent).not.toContain(CALLER)
  })

  test('leaves its trace id in the log, of failures too', async () => {
    await api.call('GET', '/nowhere', { headers: IN_TRACE })
    expect(api.logged).toMatchObject([{ message: 'request', status: 404, trace_id: TRACE }])
  })

  test('leaves it in every audit record of its turn', async () => {
    await api.call('POST', MESSAGE, { headers: IN_TRACE, body: { message: 'Where is ORD-12345?' } })
    const records = audited()
    expect(records.map(({ event }) => event)).toContain('tool.call')
    expect(new Set(records.map(({ trace_id }) => trace_id))).toEqual(new Set([TRACE]))
  })

  test('leaves it in those of the forge run that it starts', async () => {
    await api.call('POST', '/api/v1/forge/code_builder/start', {
      headers: IN_TRACE,
      body: { max_iterations: 1 },
    })
    await api.driver.idle()
    const records = audited()
    expect(records.map(({ event }) => event)).toContain('forge.end')
    expect(new Set(records.map(({ trace_id }) => trace_id))).toEqual(new Set([TRACE]))
  })
})

describe('a trace begins', () => {
  test('with each request without one', async () => {
    const [one, other] = [await api.call('GET', '/health'), await api.call('GET', '/health')]
    expect(one.headers.traceparent).toMatch(TRACEPARENT)
    expect(traceOf(one.headers.traceparent)).not.toBe(traceOf(other.headers.traceparent))
    expect(api.logged[0]).toMatchObject({ trace_id: traceOf(one.headers.traceparent) })
  })

  test.each([
    ['nonsense', 'nonsense'],
    ['a version that is forbidden', `ff-${TRACE}-${CALLER}-01`],
    ['capital letters', `00-${TRACE.toUpperCase()}-${CALLER}-01`],
    ['a trace id of zeros', `00-${'0'.repeat(32)}-${CALLER}-01`],
    ['a span id of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['more than version 00 has', `00-${TRACE}-${CALLER}-01-more`],
    ['the header twice', `00-${TRACE}-${CALLER}-01,00-${TRACE}-${CALLER}-01`],
  ])('in place of %s', async (_name, traceparent) => {
    const { headers } = await api.call('GET', '/health', { headers: { traceparent } })
    expect(headers.traceparent).toMatch(TRACEPARENT)
    expect(headers.traceparent).not.toContain(TRACE)
  })

  test('not in place of a later version, of which the known part counts', async () => {
    const traceparent = `01-${TRACE}-${CALLER}-01-more`
    const { headers } = await api.call('GET', '/health', { headers: { traceparent } })
    expect(headers.traceparent).toMatch(new RegExp(`^00-${TRACE}-`))
  })
})
