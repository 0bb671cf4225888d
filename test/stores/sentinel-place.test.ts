import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { inlineDriver } from '../../runtime/forge-drivers.ts'
import { readSettings } from '../../runtime/settings.ts'
import { createSystem } from '../../runtime/system.ts'
import { exampleAgents } from '../support/system.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const systemAt = (sessionsDir: string) => {
  const environment = { NEAM_SESSIONS_DIR: sessionsDir, NEAM_OFFLINE: '1' }
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

test('a place where no folder can be made is refused with its path', async () => {
  await expect(systemAt('/proc/neam/sessions')).rejects.toMatchObject({
    code: 'storage_unavailable',
    data: { path: expect.stringContaining('/proc/neam') },
  })
})
