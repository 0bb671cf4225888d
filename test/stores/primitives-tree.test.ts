import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { interceptedFs } from '../../stores/tree/intercepted-fs.ts'
import { nodeFs } from '../../stores/tree/node-fs.ts'
import { thrownFault } from '../support/faults.ts'
import { sessionsDir, stateDir, testTree } from '../support/fs-tree.ts'
import { temporaryDirectory } from '../support/temporary.ts'

describe('the tree itself', () => {
  test('is made where there is none, once', () => {
    const root = temporaryDirectory()
    testTree(root)
    const sentinel = readFileSync(join(stateDir(root), 'sys/tree.json'), 'utf8')
    expect(JSON.parse(sentinel)).toMatchObject({
      format: 1,
      created: '2026-11-21T10:00:00.000Z',
      foldsCase: false,
    })
    testTree(root)
    expect(readFileSync(join(stateDir(root), 'sys/tree.json'), 'utf8')).toBe(sentinel)
    expect(readdirSync(join(stateDir(root), 'sys'))).toEqual(['kill.json', 'tree.json'])
  })

  test('may lie within the sessions directory', async () => {
    const root = temporaryDirectory()
    const tree = testTree(root, { stateDir: join(sessionsDir(root), '.state') })
    await expect(tree.sessions.list('state')).resolves.toEqual([])
    expect(() => tree.check()).not.toThrow()
  })

  test.each(['state', 'sessions'])(
    'where it is required, a missing %s directory is a missing mount',
    (part) => {
      const root = temporaryDirectory()
      testTree(root)
      rmSync(join(root, part), { recursive: true })
      mkdirSync(join(root, part))
      const fault = thrownFault(() => testTree(root, { mode: 'require' }))
      expect(fault.code).toBe('tree_missing')
      expect(fault.data.path).toBe(join(root, part))
      expect(readdirSync(join(root, part))).toEqual([])
    },
  )

  test('a running process notices that the tree is gone', () => {
    const root = temporaryDirectory()
    const tree = testTree(root)
    tree.check()
    rmSync(stateDir(root), { recursive: true })
    expect(thrownFault(() => tree.check()).code).toBe('tree_missing')
  })

  test('of a newer release is refused with both formats', () => {
    const root = temporaryDirectory()
    testTree(root)
    writeFileSync(join(stateDir(root), 'sys/tree.json'), '{"format":2,"id":"x"}')
    const fault = thrownFault(() => testTree(root))
    expect(fault.code).toBe('tree_version')
    expect(fault.data).toMatchObject({ found: 2, expected: 1 })
  })

  test('with a damaged sentinel is refused, not made anew', () => {
    const root = temporaryDirectory()
    testTree(root)
    truncateSync(join(stateDir(root), 'sys/tree.json'), 4)
    expect(thrownFault(() => testTree(root)).code).toBe('record_damaged')
  })

  test('that cannot be written is reported by the check', () => {
    const root = temporaryDirectory()
    let readOnly = false
    const fs = interceptedFs(nodeFs, (operation, _subject, run) => {
      if (readOnly && operation === 'create') throw Object.assign(new Error('planted'), { code: 'EROFS' })
      return run()
    })
    const tree = testTree(root, { fs })
    readOnly = true
    expect(thrownFault(() => tree.check()).code).toBe('storage_unavailable')
  })

  test('whose disk is nearly full is reported by the check', () => {
    const root = temporaryDirectory()
    const tree = testTree(root, { fs: { ...nodeFs, freeBytes: () => 16 * 1024 ** 2 - 1 } })
    expect(thrownFault(() => tree.check()).code).toBe('storage_full')
  })

  test('belongs to its user alone', async () => {
    const root = temporaryDirectory()
    const tree = testTree(root)
    await tree.killSwitch.set('Bot', { disabled: true, reason: null, by: null, at: null })
    const mode = (path: string): number => statSync(join(stateDir(root), path)).mode & 0o777
    expect(mode('sys')).toBe(0o700)
    expect(mode('sys/kill.json')).toBe(0o600)
  })
})
