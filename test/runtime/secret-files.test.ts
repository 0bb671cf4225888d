import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { secretFiles } from '../../runtime/secret-files.ts'
import { systemSecrets } from '../../runtime/secrets.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const clock = { now: () => 0 }

function directoryWith(files: Readonly<Record<string, string>>): string {
  const directory = temporaryDirectory()
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text)
  return directory
}

test('a file is the secret of its name, without the newline that editors add; an empty one is none', async () => {
  const secrets = secretFiles(directoryWith({ NEAM_API_KEY: 'key-1,key-2\n', NEAM_ADMIN_KEY: '\n' }), clock)
  expect(await secrets.get('NEAM_API_KEY')).toBe('key-1,key-2')
  expect(await secrets.get('NEAM_ADMIN_KEY')).toBeNull()
  expect(await secrets.get('OPENAI_API_KEY')).toBeNull()
})

test('is read as Kubernetes lays it out, and again after ten seconds when Kubernetes has replaced it', async () => {
  const directory = temporaryDirectory()
  const put = (version: string, key: string) => {
    mkdirSync(join(directory, version))
    writeFileSync(join(directory, version, 'NEAM_API_KEY'), key)
    symlinkSync(version, join(directory, '..data_tmp'))
    renameSync(join(directory, '..data_tmp'), join(directory, '..data'))
  }
  put('..2026_01', 'old')
  symlinkSync('..data/NEAM_API_KEY', join(directory, 'NEAM_API_KEY'))
  let now = 0
  const secrets = secretFiles(directory, { now: () => now })
  expect(await secrets.get('NEAM_API_KEY')).toBe('old')
  put('..2026_02', 'new')
  now = 9_999
  expect(await secrets.get('NEAM_API_KEY')).toBe('old')
  now = 10_000
  expect(await secrets.get('NEAM_API_KEY')).toBe('new')
})

test('a name that a program gives leads to no file outside', async () => {
  const directory = directoryWith({ NEAM_API_KEY: 'key' })
  mkdirSync(join(directory, 'sub'))
  const inner = join(directory, 'sub')
  writeFileSync(join(inner, 'OTHER'), 'other')
  const secrets = secretFiles(inner, clock)
  for (const name of ['../NEAM_API_KEY', './OTHER', `${directory}/NEAM_API_KEY`, '']) {
    expect([name, await secrets.get(name)]).toEqual([name, null])
  }
})

describe('a directory that cannot be used ends the start', () => {
  const refusal = (directory: string): string => {
    try {
      secretFiles(directory, clock)
      return 'none'
    } catch (error) {
      return (error as Error).message
    }
  }

  test('because it is not there', () => {
    const missing = join(temporaryDirectory(), 'none')
    expect(refusal(missing)).toMatch(`NEAM_SECRETS_DIR: cannot read ${missing}: ENOENT, running as uid `)
  })

  test('because it is a file', () => {
    const file = join(directoryWith({ NEAM_API_KEY: 'key' }), 'NEAM_API_KEY')
    expect(refusal(file)).toMatch(`NEAM_SECRETS_DIR: cannot read ${file}: ENOTDIR`)
  })

  test('because its files have the names that the Secret has, not those of variables', () => {
    const directory = directoryWith({ 'api-key': 'x', 'admin-key': 'y' })
    mkdirSync(join(directory, 'kubernetes'))
    expect(refusal(directory)).toBe(
      `NEAM_SECRETS_DIR is "${directory}", which must have files that are named as variables, e.g. NEAM_API_KEY; it has admin-key, api-key`,
    )
  })

  test('because it is empty', () => {
    expect(refusal(temporaryDirectory())).toMatch(/named as variables, e\.g\. NEAM_API_KEY; it has none$/)
  })

  test('because a secret in it is a link to nothing', () => {
    const directory = temporaryDirectory()
    symlinkSync('gone', join(directory, 'NEAM_API_KEY'))
    expect(refusal(directory)).toMatch(`cannot read ${directory}/NEAM_API_KEY: ENOENT`)
  })
})

test('a secret that becomes unreadable is a fault, not a key that is not set', async () => {
  const directory = directoryWith({ NEAM_API_KEY: 'key' })
  const secrets = secretFiles(directory, clock)
  const path = join(directory, 'NEAM_API_KEY')
  renameSync(path, `${path}.old`)
  mkdirSync(path)
  await expect(secrets.get('NEAM_API_KEY')).rejects.toMatchObject({
    code: 'service_unavailable',
    data: { service: path, problem: 'EISDIR' },
  })
})

describe('the secrets of a system', () => {
  const environment = { NEAM_API_KEY: 'of the environment', OPENAI_API_KEY: ' sk ' }
  const of = (secretsDir: string | null) => systemSecrets(environment, { secretArns: [], secretsDir }, clock)

  test('are those of the directory, then those of the environment', async () => {
    const secrets = await of(directoryWith({ NEAM_API_KEY: 'of a file' }))
    expect([await secrets.get('NEAM_API_KEY'), await secrets.get('OPENAI_API_KEY')]).toEqual([
      'of a file',
      'sk',
    ])
  })

  test('are those of the environment alone without one', async () => {
    expect(await (await of(null)).get('NEAM_API_KEY')).toBe('of the environment')
  })
})
