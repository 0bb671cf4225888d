import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { Files } from '../../stores/tree/files.ts'
import type { Fs } from '../../stores/tree/fs.ts'
import { interceptedFs } from '../../stores/tree/intercepted-fs.ts'
import { nodeFs } from '../../stores/tree/node-fs.ts'
import { faultOf, thrownFault } from '../support/faults.ts'
import { faultyFs } from '../support/fs-faults.ts'
import { testIds } from '../support/fs-tree.ts'
import { ROOT } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

function filesIn(root: string, fs: Fs = nodeFs): Files {
  writeFileSync(join(root, 'sentinel'), '')
  return new Files({ root, sentinel: 'sentinel', fs, ids: testIds() })
}
const temporaries = (directory: string): string[] =>
  readdirSync(directory).filter((name) => name.startsWith('.t.'))

describe('put if absent', () => {
  test('the first writer owns the name', () => {
    const root = temporaryDirectory()
    const files = filesIn(root)
    expect(files.putIfAbsent('a/b/record.json', 'mine')).toBe(true)
    expect(files.putIfAbsent('a/b/record.json', 'yours')).toBe(false)
    expect(readFileSync(join(root, 'a/b/record.json'), 'utf8')).toBe('mine')
    expect(temporaries(join(root, 'a/b'))).toEqual([])
  })

  test.each(['EEXIST', 'EIO', 'ESTALE'])('a link that was made and reported %s is ours', (code) => {
    const root = temporaryDirectory()
    const fault = { kind: 'lost-reply', code } as const
    const files = filesIn(
      root,
      faultyFs(nodeFs, { at: 1, fault, concerns: (operation) => operation === 'link' }),
    )
    expect(files.putIfAbsent('record.json', 'mine')).toBe(true)
    expect(readFileSync(join(root, 'record.json'), 'utf8')).toBe('mine')
  })

  test('when even the temporary file cannot be looked at, the text under the name decides', () => {
    const root = temporaryDirectory()
    const broken = (operation: string): boolean => operation === 'link' || operation === 'stat'
    const lost = faultyFs(nodeFs, { at: 1, fault: { kind: 'lost-reply', code: 'EIO' }, concerns: broken })
    const blind = faultyFs(lost, {
      at: 1,
      fault: { kind: 'fail', code: 'EIO' },
      concerns: (o) => o === 'stat',
    })
    expect(filesIn(root, blind).putIfAbsent('record.json', 'mine')).toBe(true)
  })

  test('short writes are continued', () => {
    const root = temporaryDirectory()
    const files = filesIn(root, { ...nodeFs, write: (d, bytes) => nodeFs.write(d, bytes.subarray(0, 3)) })
    files.putIfAbsent('record.json', 'a text of some length ü')
    expect(readFileSync(join(root, 'record.json'), 'utf8')).toBe('a text of some length ü')
  })

  test('a failed fsync is a failure, never repeated on that file, and leaves nothing behind', () => {
    const root = temporaryDirectory()
    let syncs = 0
    const fs = interceptedFs(nodeFs, (operation, _subject, run) => {
      if (operation !== 'fsync') return run()
      syncs++
      throw Object.assign(new Error('planted'), { code: 'EIO' })
    })
    expect(thrownFault(() => filesIn(root, fs).putIfAbsent('record.json', 'mine')).code).toBe(
      'storage_unavailable',
    )
    expect(syncs).toBe(1)
    expect(readdirSync(root)).toEqual(['sentinel'])
  })

  test('an error on closing (where NFS reports a full disk) is a failure', () => {
    const root = temporaryDirectory()
    const fault = { kind: 'fail', code: 'EDQUOT' } as const
    const fs = faultyFs(nodeFs, { at: 1, fault, concerns: (operation) => operation === 'close' })
    expect(thrownFault(() => filesIn(root, fs).putIfAbsent('record.json', 'mine')).code).toBe('storage_full')
    expect(existsSync(join(root, 'record.json'))).toBe(false)
  })
})

describe('put if absent aside', () => {
  test('the name is not there before its text is synced, and others go on meanwhile', async () => {
    const root = temporaryDirectory()
    const synced = Promise.withResolvers<void>()
    const files = filesIn(root, { ...nodeFs, fsyncAside: () => synced.promise })
    const putting = files.putIfAbsentAside('a/record.json', 'mine')
    expect(files.putIfAbsent('a/other.json', 'theirs')).toBe(true)
    expect(existsSync(join(root, 'a/record.json'))).toBe(false)
    synced.resolve()
    expect(await putting).toBe(true)
    expect(readFileSync(join(root, 'a/record.json'), 'utf8')).toBe('mine')
    expect(temporaries(join(root, 'a'))).toEqual([])
  })

  test('a name that was taken during the sync stays with its owner', async () => {
    const root = temporaryDirectory()
    const synced = Promise.withResolvers<void>()
    const files = filesIn(root, { ...nodeFs, fsyncAside: () => synced.promise })
    const putting = files.putIfAbsentAside('record.json', 'mine')
    expect(files.putIfAbsent('record.json', 'theirs')).toBe(true)
    synced.resolve()
    expect(await putting).toBe(false)
    expect(readFileSync(join(root, 'record.json'), 'utf8')).toBe('theirs')
  })

  test.each(['create', 'write', 'fsync', 'close', 'link'] as const)(
    'a failed %s is a Fault and leaves nothing behind',
    async (operation) => {
      const root = temporaryDirectory()
      const fault = { kind: 'fail', code: 'ENOSPC' } as const
      const files = filesIn(root, faultyFs(nodeFs, { at: 1, fault, concerns: (o) => o === operation }))
      expect((await faultOf(files.putIfAbsentAside('record.json', 'mine'))).code).toBe('storage_full')
      expect(readdirSync(root)).toEqual(['sentinel'])
    },
  )
})

describe('replace', () => {
  test('a failed one leaves the old text and no temporary file', () => {
    const root = temporaryDirectory()
    const files = filesIn(root)
    files.replace('view.json', 'old')
    for (const operation of ['create', 'write', 'fsync', 'close', 'rename'] as const) {
      const fault = { kind: 'fail', code: 'ENOSPC' } as const
      const full = filesIn(root, faultyFs(nodeFs, { at: 1, fault, concerns: (o) => o === operation }))
      expect(thrownFault(() => full.replace('view.json', 'new')).code).toBe('storage_full')
      expect(readFileSync(join(root, 'view.json'), 'utf8')).toBe('old')
      expect(temporaries(root)).toEqual([])
    }
    files.replace('view.json', 'new')
    expect(files.read('view.json')).toBe('new')
  })
})

describe('errors of the file system', () => {
  test('say which path, and as whom', () => {
    const root = temporaryDirectory()
    const fault = { kind: 'fail', code: 'EACCES' } as const
    const files = filesIn(root, faultyFs(nodeFs, { at: 1, fault }))
    const found = thrownFault(() => files.read('sys/kill.json'))
    expect(found.code).toBe('storage_unavailable')
    expect(found.data.path).toBe(`${root}/sys/kill.json`)
    expect(found.data.problem).toMatch(/^EACCES, running as uid \d+$/)
  })

  test('defects are not dressed up as storage faults', () => {
    const files = filesIn(temporaryDirectory(), {
      ...nodeFs,
      read: () => {
        throw new TypeError('a defect')
      },
    })
    expect(() => files.read('x')).toThrow(TypeError)
  })
})

describe('the rules of the code', () => {
  test('nothing decides by "does it exist", appends to shared files or watches', () => {
    const folder = join(ROOT, 'stores/tree')
    const own = /^(?!checkpoint|workspace|git)/
    for (const name of readdirSync(folder).filter((file) => own.test(file))) {
      const source = readFileSync(join(folder, name), 'utf8')
      expect([name, /\b(existsSync|appendFile|accessSync|fs\.watch|setTimeout)\b/.exec(source)]).toEqual([
        name,
        null,
      ])
    }
  })
})
