import { appendFileSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { Files } from '../../stores/tree/files.ts'
import type { Fs } from '../../stores/tree/fs.ts'
import { NamedLines } from '../../stores/tree/named-lines.ts'
import { nodeFs } from '../../stores/tree/node-fs.ts'
import { thrownFault } from '../support/faults.ts'
import { countingFs } from '../support/fs-counting.ts'
import { faultyFs } from '../support/fs-faults.ts'
import { testIds } from '../support/fs-tree.ts'
import { temporaryDirectory } from '../support/temporary.ts'

/** A process that writes named lines below `root`. */
function writer(root: string, fs: Fs = nodeFs): NamedLines {
  writeFileSync(join(root, 'sentinel'), '')
  const ids = testIds()
  return new NamedLines(new Files({ root, sentinel: 'sentinel', fs, ids }), () => ids.next())
}

describe('named lines', () => {
  test('records of one process share a file, and each is read under its own name', async () => {
    const root = temporaryDirectory()
    const lines = writer(root)
    expect(await lines.putIfAbsent('t/a.first.jsonl', { n: 1 })).toBe(true)
    expect(await lines.putIfAbsent('t/a.second.jsonl', { n: 2 })).toBe(true)
    expect(lines.get('t/a.first.jsonl')).toEqual({ n: 1 })
    expect(lines.get('t/a.second.jsonl')).toEqual({ n: 2 })
    expect(readdirSync(join(root, 't'))).toHaveLength(3)
    expect(readFileSync(join(root, 't/a.first.jsonl'), 'utf8')).toBe(
      readFileSync(join(root, 't/a.second.jsonl'), 'utf8'),
    )
  })

  test('of two processes the first owns a name; the line of the other is never read', async () => {
    const root = temporaryDirectory()
    const [a, b] = [writer(root), writer(root)]
    expect(await b.putIfAbsent('t/a.other.jsonl', 'of b')).toBe(true)
    expect(await a.putIfAbsent('t/a.record.jsonl', 'of a')).toBe(true)
    expect(await b.putIfAbsent('t/a.record.jsonl', 'of b')).toBe(false)
    expect(await b.putIfAbsent('t/a.last.jsonl', 'of b')).toBe(true)
    for (const process of [a, b]) expect(process.get('t/a.record.jsonl')).toBe('of a')
  })

  test('the same record twice by one process is one record', async () => {
    const lines = writer(temporaryDirectory())
    expect(await lines.putIfAbsent('t/a.record.jsonl', 'the same')).toBe(true)
    expect(await lines.putIfAbsent('t/a.record.jsonl', 'the same')).toBe(false)
  })

  test('two at once of one process for one name: the first owns it, however long its sync takes', async () => {
    const synced = Promise.withResolvers<void>()
    const waits = [synced.promise]
    const fs: Fs = { ...nodeFs, fsyncAside: async () => await waits.shift() }
    const lines = writer(temporaryDirectory(), fs)
    const both = [
      lines.putIfAbsent('t/a.record.jsonl', 'first'),
      lines.putIfAbsent('t/a.record.jsonl', 'second'),
    ]
    const others = await lines.putIfAbsent('t/b.record.jsonl', 'of another thing')
    synced.resolve()
    expect([others, ...(await Promise.all(both))]).toEqual([true, true, false])
    expect(lines.get('t/a.record.jsonl')).toBe('first')
  })

  test('a record that waited for one that failed is kept', async () => {
    const syncs = [() => Promise.reject(Object.assign(new Error('planted'), { code: 'EIO' }))]
    const fs: Fs = { ...nodeFs, fsyncAside: async () => await syncs.shift()?.() }
    const lines = writer(temporaryDirectory(), fs)
    const [first, second] = await Promise.allSettled([
      lines.putIfAbsent('t/a.first.jsonl', 1),
      lines.putIfAbsent('t/a.second.jsonl', 2),
    ])
    expect([first.status, second.status]).toEqual(['rejected', 'fulfilled'])
    expect(lines.get('t/a.second.jsonl')).toBe(2)
  })

  test.each(['EEXIST', 'EIO', 'ESTALE'])('a name that was given and reported %s is ours', async (code) => {
    const fault = { kind: 'lost-reply', code } as const
    const lines = writer(
      temporaryDirectory(),
      faultyFs(nodeFs, { at: 1, fault, concerns: (operation) => operation === 'link' }),
    )
    expect(await lines.putIfAbsent('t/a.record.jsonl', 'mine')).toBe(true)
    expect(lines.get('t/a.record.jsonl')).toBe('mine')
  })

  test.each([
    ['write', 'ENOSPC', 'storage_full'],
    ['fsync', 'EIO', 'storage_unavailable'],
    ['link', 'EIO', 'storage_unavailable'],
  ])('a line whose %s failed is not read in the place of the next one', async (operation, code, fault) => {
    const fs = faultyFs(nodeFs, {
      at: 2,
      fault: { kind: 'fail', code },
      concerns: (called) => called === operation,
    })
    const lines = writer(temporaryDirectory(), fs)
    await lines.putIfAbsent('t/a.first.jsonl', 1)
    await expect(lines.putIfAbsent('t/a.second.jsonl', 'lost')).rejects.toMatchObject({ code: fault })
    expect(await lines.putIfAbsent('t/a.second.jsonl', 'kept')).toBe(true)
    expect([lines.get('t/a.first.jsonl'), lines.get('t/a.second.jsonl')]).toEqual([1, 'kept'])
  })

  test('a line cut off by a crash hurts no record before it', async () => {
    const root = temporaryDirectory()
    const lines = writer(root)
    await lines.putIfAbsent('t/a.first.jsonl', 1)
    appendFileSync(join(root, 't/a.first.jsonl'), '{"name":"a.second.jsonl","writer"')
    expect(lines.get('t/a.first.jsonl')).toBe(1)
  })

  test.each([
    ['', 'an emptied file'],
    ['{"name":"a.record.jsonl","writer":"w","line":0,"rec', 'half a line'],
    ['{"name":"a.record.jsonl","writer":"w","line":0}\n', 'a line without its record'],
    ['{"name":"a.record.jsonl",\n', 'a line that is no JSON'],
    ['{"name":"a.other.jsonl","writer":"w","line":0,"record":1}\n', 'the lines of other names'],
  ])('%j is damage, told with its path', (text) => {
    const root = temporaryDirectory()
    const lines = writer(root)
    writeFileSync(join(root, 'a.record.jsonl'), text)
    const fault = thrownFault(() => lines.get('./a.record.jsonl'))
    expect(fault.code).toBe('record_damaged')
    expect(fault.data.path).toContain('a.record.jsonl')
  })

  test('text in a record that looks like the start of another line is text', async () => {
    const lines = writer(temporaryDirectory())
    await lines.putIfAbsent('t/a.first.jsonl', '\n{"name":"a.second.jsonl","record":"forged"}\n')
    await lines.putIfAbsent('t/a.second.jsonl', 'real')
    expect(lines.get('t/a.second.jsonl')).toBe('real')
  })

  test('a further record makes no file', async () => {
    const root = temporaryDirectory()
    const counted = countingFs(nodeFs)
    const lines = writer(root, counted.fs)
    await lines.putIfAbsent('t/a.first.jsonl', 1)
    counted.reset()
    await lines.putIfAbsent('t/a.second.jsonl', 2)
    expect(nodeFs.stat(join(root, 't/a.second.jsonl')).links).toBe(3)
    // open, write, sync, close; link
    expect(counted.calls()).toBe(5)
  })

  test('a line that a crash has kept from its name gets it back, in the order of the lines', async () => {
    const root = temporaryDirectory()
    const lines = writer(root)
    for (const name of ['first', 'second', 'third']) await lines.putIfAbsent(`t/a.${name}.jsonl`, name)
    await lines.putIfAbsent('t/b.second.jsonl', 'of another thing')
    for (const name of ['second', 'third']) unlinkSync(join(root, `t/a.${name}.jsonl`))
    const [own] = readdirSync(join(root, 't')).filter((name) => name.startsWith('a.lines.'))
    appendFileSync(join(root, `t/${own}`), '{"name":"a.second.jsonl","record":"a later line"}\n')
    appendFileSync(join(root, `t/${own}`), '{"name":"../../a.jsonl","record":"elsewhere"}\n')
    appendFileSync(join(root, `t/${own}`), '{"name":"a.torn.jsonl","record":"half a li')
    const names = readdirSync(join(root, 't'))
    expect(writer(root).adopt('t', 'a', names)).toEqual([...names, 'a.second.jsonl', 'a.third.jsonl'])
    expect(readdirSync(join(root, 't'))).toHaveLength(names.length + 2)
    expect([lines.get('t/a.second.jsonl'), lines.get('t/a.third.jsonl')]).toEqual(['second', 'third'])
  })

  test('a line that has its name elsewhere keeps that record', async () => {
    const root = temporaryDirectory()
    const [a, b] = [writer(root), writer(root)]
    await a.putIfAbsent('t/a.record.jsonl', 'of a')
    await b.putIfAbsent('t/a.record.jsonl', 'of b')
    b.adopt('t', 'a', readdirSync(join(root, 't')))
    expect(b.get('t/a.record.jsonl')).toBe('of a')
  })
})
