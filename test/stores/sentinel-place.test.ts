import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { inlineDriver } from '../../runtime/forge-drivers.ts'
import { readSettings } from '../../runtime/settings.ts'
import { createSystem } from '../../runtime/system.ts'
import { filesBelow } from '../support/files-below.ts'
import { exampleAgents } from '../support/system.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const systemAt = (sessionsDir: string, more: Readonly<Record<string, string>> = {}) => {
  const environment = { NEAM_SESSIONS_DIR: sessionsDir, NEAM_OFFLINE: '1', ...more }
  return createSystem({
    module: exampleAgents(),
    environment,
    settings: readSettings(environment, '/'),
    forgeDriver: inlineDriver,
    output: { emit: () => {}, print: () => {}, warn: () => {} },
  })
}

test('a tree is made with all folders above it', async () => {
  const sessions = join(temporaryDirectory(), 'a/b/c')
  await systemAt(sessions)
  expect(existsSync(sessions)).toBe(true)
})

test('the tree of one deployment is refused to another, and nothing in it changes', async () => {
  const sessions = join(temporaryDirectory(), 'sessions')
  await systemAt(sessions, { NEAM_TREE_OF: 'production' })
  const before = filesBelow(sessions)
  const foreign = systemAt(sessions, { NEAM_TREE_OF: 'staging' })
  await expect(foreign).rejects.toMatchObject({
    code: 'tree_foreign',
    data: { path: join(sessions, '.state'), found: 'production', expected: 'staging' },
  })
  expect(filesBelow(sessions)).toEqual(before)
  await systemAt(sessions, { NEAM_TREE_OF: 'production' })
  // Who looks into it from outside, with neam-cli for instance, names nobody.
  await systemAt(sessions)
})

test('a place where no folder can be made is refused with its path', async () => {
  await expect(systemAt('/proc/neam/sessions')).rejects.toMatchObject({
    code: 'storage_unavailable',
    data: { path: expect.stringContaining('/proc/neam') },
  })
})
