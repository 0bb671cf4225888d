import { appendFileSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { type AuditPorts, systemAudit } from '../../runtime/audit/audit.ts'
import {
  type AuditRecord,
  hashOf,
  parseRecord,
  readableLine,
  recordWithin,
} from '../../runtime/audit/record.ts'
import { systemHash } from '../../runtime/ids.ts'
import { readSettings } from '../../runtime/settings.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const ports = (writer: string): AuditPorts => ({
  clock: { now: () => Date.UTC(2026, 10, 21) },
  ids: { next: () => writer, uuid: () => writer, random: () => 0 },
  hash: systemHash,
  traceId: () => null,
})
const toFile = (path: string, writer = 'W1') =>
  systemAudit(readSettings({ NEAM_AUDIT_SINK: 'file', NEAM_AUDIT_LOG: path }, '/'), ports(writer))
const linesOf = (path: string): string[] => readFileSync(path, 'utf8').trimEnd().split('\n')
const recordsOf = (path: string): (AuditRecord | null)[] => linesOf(path).map(parseRecord)

test('a file gets one JSON line a record, with the names of behaviour D3, each with the hash of the one before', () => {
  const path = join(temporaryDirectory(), 'audit.jsonl')
  const audit = toFile(path)
  audit.record({
    event: 'session.reset',
    agent: 'support_bot',
    sessionKey: 'user_42',
    requestId: 'r1',
    detail: 'manual',
  })
  audit.record({ event: 'admin.disable', agent: null })
  const records = recordsOf(path)
  expect(records).toEqual([
    {
      timestamp: '2026-11-21T00:00:00.000Z',
      event: 'session.reset',
      agent: 'support_bot',
      session_key: 'user_42',
      request_id: 'r1',
      detail: 'manual',
      writer: 'W1',
      seq: 1,
      prev: null,
      hash: hashOf(records[0]!, systemHash),
    },
    {
      timestamp: '2026-11-21T00:00:00.000Z',
      event: 'admin.disable',
      agent: null,
      writer: 'W1',
      seq: 2,
      prev: records[0]!.hash,
      hash: hashOf(records[1]!, systemHash),
    },
  ])
})

test('the hash is the SHA-256 of the record without it, as JSON with sorted keys', () => {
  const path = join(temporaryDirectory(), 'audit.jsonl')
  toFile(path).record({ event: 'x', agent: 'a', metadata: { z: 1, b: [2] } })
  const said =
    '{"agent":"a","event":"x","metadata":{"b":[2],"z":1},"prev":null,"seq":1,"timestamp":"2026-11-21T00:00:00.000Z","writer":"W1"}'
  expect(recordsOf(path)[0]!.hash).toBe(systemHash.sha256(said))
})

test('the first record of a writer names the last one that it found in the file', () => {
  const path = join(temporaryDirectory(), 'audit.jsonl')
  toFile(path, 'W1').record({ event: 'one', agent: null })
  toFile(path, 'W2').record({ event: 'two', agent: null })
  const [one, two] = recordsOf(path)
  expect(two).toMatchObject({ writer: 'W2', seq: 1, prev: one!.hash })
})

test('a writer that finds half a line begins a line of its own', () => {
  const path = join(temporaryDirectory(), 'audit.jsonl')
  toFile(path, 'W1').record({ event: 'one', agent: null })
  appendFileSync(path, '{"agent":null,"ev')
  toFile(path, 'W2').record({ event: 'two', agent: null })
  const [one, half, two] = recordsOf(path)
  expect([half, two?.prev]).toEqual([null, one!.hash])
})

test('a sink that fails does not stop the work; when it works again, the number of lost records is on record', () => {
  const path = join(temporaryDirectory(), 'later', 'audit.jsonl')
  const audit = toFile(path)
  audit.record({ event: 'lost', agent: null })
  audit.record({ event: 'lost', agent: null })
  mkdirSync(join(path, '..'))
  audit.record({ event: 'kept', agent: null })
  expect(recordsOf(path)).toMatchObject([
    { event: 'audit.lost', seq: 1, metadata: { records: 2 } },
    { event: 'kept', seq: 2 },
  ])
})

test('a line for people is read back whole, also from behind the time and stream of a log', () => {
  const record: AuditRecord = {
    timestamp: '2026-11-21T00:00:00.000Z',
    event: 'tool.call',
    agent: null,
    tool: 'null',
    detail: 'says "hi" = {1}\nand on',
    session_key: '42',
    metadata: { text: 'a} writer=b', n: 1, inner: { x: [true] } },
    writer: 'W1',
    seq: 7,
    prev: '1e5',
    hash: 'ab',
  }
  const line = readableLine(record)
  expect(line).not.toContain('\n')
  const found = [line, `2026-11-21T00:00:00 stream/{1} ${line}`, JSON.stringify({ message: `${line}\n` })]
  expect([parseRecord(line), ...found.map(recordWithin)]).toEqual([record, record, record, record])
})
