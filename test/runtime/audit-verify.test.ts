import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import { systemAudit } from '../../runtime/audit/audit.ts'
import { withRotated } from '../../runtime/audit/lines.ts'
import { parseRecord, readableLine } from '../../runtime/audit/record.ts'
import type { VerifyOptions } from '../../runtime/audit/verify.ts'
import { verifyAuditFiles } from '../../runtime/audit/verify-files.ts'
import { systemHash } from '../../runtime/ids.ts'
import { readSettings } from '../../runtime/settings.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const PLAIN = { log: false, continued: false, heads: [] }

/** A file, and writers that append to it; each record is a second later than the one before. */
function place() {
  const path = join(temporaryDirectory(), 'audit.jsonl')
  let now = Date.UTC(2026, 10, 21)
  const writer = (name: string) => {
    const audit = systemAudit(readSettings({ NEAM_AUDIT_SINK: 'file', NEAM_AUDIT_LOG: path }, '/'), {
      clock: { now: () => (now += 1000) },
      ids: { next: () => name, uuid: () => name, random: () => 0 },
      hash: systemHash,
      traceId: () => null,
    })
    return (count: number, event = 'tool.call') => {
      for (let n = 0; n < count; n += 1) audit.record({ event, agent: 'bot', metadata: { n } })
    }
  }
  const lines = () => readFileSync(path, 'utf8').trimEnd().split('\n')
  const verify = (options: Partial<VerifyOptions> = {}, paths = [path]) =>
    verifyAuditFiles(paths, { ...PLAIN, ...options })
  return { path, writer, lines, verify, write: (text: string) => writeFileSync(path, text) }
}

/** W1 writes 5 records and W2 one among them, then W3 two. */
function twoProcesses() {
  const here = place()
  const one = here.writer('W1')
  const two = here.writer('W2')
  one(3)
  two(1)
  one(2)
  here.writer('W3')(2)
  return here
}

const without = (lines: readonly string[], ...gone: number[]): string[] =>
  lines.filter((_line, index) => !gone.includes(index + 1))
const changed = (line: string): string => line.replace('"n":', '"n":4')

/** The line with content, and the hash that fits it: what somebody writes who knows how. */
function forged(line: string): string {
  const { hash: _old, ...rest } = { ...parseRecord(line)!, detail: 'nothing to see' }
  const sorted = Object.fromEntries(Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1)))
  return JSON.stringify({ ...sorted, hash: systemHash.sha256(JSON.stringify(sorted)) })
}

describe('a file in which several processes wrote', () => {
  test('is whole; a chain without its last record is told', async () => {
    const { verify, writer } = twoProcesses()
    writer('W4')(1, 'audit.end')
    const { records, chains, problems, unfinished } = await verify()
    expect([records, problems, unfinished]).toEqual([9, [], []])
    expect(chains.map(({ writer, records, ended }) => [writer, records, ended])).toEqual([
      ['W1', 5, false],
      ['W2', 1, false],
      ['W3', 2, false],
      ['W4', 1, true],
    ])
  })

  test.each<[string, (lines: string[]) => string[], readonly object[]]>([
    [
      'a changed record',
      (lines) => lines.with(1, changed(lines[1]!)),
      [{ code: 'changed', place: { line: 2 }, writer: 'W1', seq: 2 }],
    ],
    [
      'a changed record whose hash was made to fit',
      (lines) => lines.with(1, forged(lines[1]!)),
      [{ code: 'replaced', place: { line: 3 }, before: { line: 2 }, writer: 'W1', seq: 3 }],
    ],
    [
      'a changed number',
      (lines) => lines.with(1, lines[1]!.replace('"seq":2', '"seq":9000000000000000')),
      [{ code: 'changed', place: { line: 2 } }],
    ],
    [
      'removed records',
      (lines) => without(lines, 2, 3),
      [
        { code: 'removed', place: { line: 3 }, writer: 'W1', from: 2, to: 3 },
        { code: 'predecessor_missing', place: { line: 2 }, writer: 'W2' },
      ],
    ],
    [
      'a removed first record',
      (lines) => without(lines, 1),
      [{ code: 'removed', place: { line: 1 }, writer: 'W1', from: 1, to: 1 }],
    ],
    [
      'a moved record',
      (lines) => [lines[0]!, lines[2]!, lines[1]!, ...lines.slice(3)],
      [{ code: 'reordered', place: { line: 3 }, writer: 'W1', seq: 2 }],
    ],
    [
      'records cut off before a later process wrote',
      (lines) => without(lines, 6),
      [{ code: 'predecessor_missing', place: { line: 6 }, writer: 'W3' }],
    ],
    [
      'a copy of a record',
      (lines) => lines.toSpliced(4, 0, lines[1]!),
      [{ code: 'inserted', place: { line: 5 }, first: { line: 2 }, writer: 'W1', seq: 2 }],
    ],
    [
      'a forged record beside the true one',
      (lines) => lines.toSpliced(2, 0, forged(lines[1]!)),
      [{ code: 'inserted', place: { line: 3 }, first: { line: 2 }, writer: 'W1', seq: 2 }],
    ],
    [
      'a line that is no record',
      (lines) => lines.toSpliced(2, 0, 'all is well'),
      [{ code: 'foreign_line', place: { line: 3 } }],
    ],
    [
      'half a line after which nobody began anew',
      (lines) => lines.with(1, lines[1]!.slice(0, 40)),
      [
        { code: 'foreign_line', place: { line: 2 } },
        { code: 'removed', from: 2, to: 2 },
      ],
    ],
  ])('%s is found, with its line and the reason', async (_what, tamper, problems) => {
    const { lines, verify, write } = twoProcesses()
    write(`${tamper(lines()).join('\n')}\n`)
    expect((await verify()).problems).toMatchObject(problems)
    expect((await verify()).problems).toHaveLength(problems.length)
  })

  test('records cut off at its end are missed by who noted the head before', async () => {
    const { lines, verify, write } = twoProcesses()
    const heads = (await verify()).chains.map(({ head }) => head)
    expect((await verify({ heads })).problems).toEqual([])
    write(`${lines().slice(0, -1).join('\n')}\n`)
    expect((await verify()).problems).toEqual([])
    expect((await verify({ heads })).problems).toEqual([
      { code: 'head_missing', place: null, hash: heads[2] },
    ])
  })
})

describe('half a line that a killed process left is no tampering', () => {
  test('at the end of the file', async () => {
    const { path, lines, verify, write } = twoProcesses()
    write(lines().join('\n').slice(0, -100))
    const { problems, unfinished } = await verify()
    expect([problems, unfinished]).toEqual([[], [{ file: path, line: 8 }]])
  })

  test('before the first record of the next process', async () => {
    const { path, lines, verify, write, writer } = twoProcesses()
    write(lines().join('\n').slice(0, -100))
    writer('W4')(2)
    const { problems, unfinished } = await verify()
    expect([problems, unfinished]).toEqual([[], [{ file: path, line: 8 }]])
  })
})

describe('rotated files', () => {
  async function rotated() {
    const here = place()
    const write = here.writer('W1')
    write(2)
    writeFileSync(`${here.path}.2.gz`, gzipSync(readFileSync(here.path)))
    writeFileSync(here.path, '')
    write(2)
    renameSync(here.path, `${here.path}.1`)
    write(2)
    return here
  }

  test('are one log in whatever order they are given, plain or gzipped', async () => {
    const { path, verify } = await rotated()
    const files = withRotated(path)
    expect(files.toSorted()).toEqual([path, `${path}.1`, `${path}.2.gz`])
    for (const given of [files, files.toReversed()])
      expect(await verify({}, [...given])).toMatchObject({
        records: 6,
        problems: [],
        chains: [{ records: 6 }],
      })
  })

  test('without the oldest are whole only where that is said', async () => {
    const { path, verify } = await rotated()
    const files = [path, `${path}.1`]
    expect((await verify({}, files)).problems).toMatchObject([{ code: 'removed', from: 1, to: 2 }])
    expect((await verify({ continued: true }, files)).problems).toEqual([])
  })
})

describe('a log among whose lines the records stand', () => {
  const inLog = (lines: readonly string[]) =>
    lines.flatMap((line) => [
      `START RequestId: 1`,
      `2026-11-21T00:00:00.123Z stream ${readableLine(parseRecord(line)!)}`,
      '{"level":"info","status":200}',
    ])

  test('is read in any order and with records that came twice', async () => {
    const { lines, verify, write } = twoProcesses()
    write([...inLog(lines()).toReversed(), ...inLog(lines().slice(0, 2))].join('\n'))
    expect(await verify({ log: true })).toMatchObject({ problems: [], chains: [{}, {}, {}] })
  })

  test('shows changed and missing records', async () => {
    const { lines, verify, write } = twoProcesses()
    const log = inLog(without(lines(), 2)).map((line) => line.replace('"n":0', '"n":9'))
    write(log.join('\n'))
    const codes = (await verify({ log: true })).problems.map(({ code }) => code)
    expect(new Set(codes)).toEqual(new Set(['changed', 'removed']))
  })
})
