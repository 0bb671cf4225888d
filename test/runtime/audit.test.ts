import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { systemAudit } from '../../runtime/audit.ts'
import { readSettings } from '../../runtime/settings.ts'
import { temporaryDirectory } from '../support/temporary.ts'

test('a file gets one JSON line a record, with the names of behaviour D3', () => {
  const path = join(temporaryDirectory(), 'audit.jsonl')
  const settings = readSettings({ NEAM_AUDIT_SINK: 'file', NEAM_AUDIT_LOG: path }, '/')
  const audit = systemAudit(settings, { now: () => Date.UTC(2026, 10, 21) })
  audit.record({
    event: 'session.reset',
    agent: 'support_bot',
    sessionKey: 'user_42',
    requestId: 'r1',
    detail: 'manual',
  })
  audit.record({ event: 'admin.disable', agent: null })
  expect(
    readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual([
    {
      timestamp: '2026-11-21T00:00:00.000Z',
      event: 'session.reset',
      agent: 'support_bot',
      session_key: 'user_42',
      request_id: 'r1',
      detail: 'manual',
    },
    { timestamp: '2026-11-21T00:00:00.000Z', event: 'admin.disable', agent: null },
  ])
})

test('a sink that fails does not stop the work', () => {
  const settings = readSettings({ NEAM_AUDIT_SINK: 'file', NEAM_AUDIT_LOG: '/nowhere/at/all.jsonl' }, '/')
  expect(() => systemAudit(settings, { now: () => 0 }).record({ event: 'x', agent: null })).not.toThrow()
})
