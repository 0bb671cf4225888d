import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { commands, curl, page } from '../support/docs.ts'
import { type Server, startServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const [serve, ready, limits, metrics, ...others] = commands(page('docs/server.md'))

describe('docs/server.md', () => {
  let server: Server
  beforeAll(async () => {
    const sandbox = temporaryDirectory()
    const args = serve!.replace('npx neam-api ', '').replaceAll('/tmp/', `${sandbox}/`).split(' ')
    server = await startServer('bin/neam-api.js', args, { NEAM_SESSIONS_DIR: join(sandbox, 'sessions') })
  })

  test('prints flags that the server shows in its banner', () => {
    expect(server.log()).toContain('pools         8 VM instances, 16 connections to models, for each worker')
  })

  test('prints the checks of a server that is ready; those of the network are not made offline', async () => {
    const { status, answer } = await curl(server.url, ready!)
    const made = Object.keys(answer.checks as object)
    expect([status, made]).toEqual([200, ['agents', 'tree', 'models']])
    for (const name of [...made, 'providers', 'file_system'])
      expect(page('docs/server.md')).toContain(`| \`${name}\` |`)
  })

  test('prints limits and figures that the server tells', async () => {
    expect(await curl(server.url, limits!)).toMatchObject({
      status: 200,
      answer: { pool_size: 8, llm_pool_size: 16 },
    })
    expect(await curl(server.url, metrics!)).toMatchObject({
      status: 200,
      answer: {
        pools: {
          vm: { size: 8, in_use: 0, waiting: 0 },
          llm: { size: 16, in_use: 0, waiting: 0 },
          connections: { size: 5000, waiting: 0 },
        },
      },
    })
  })

  test('prints no command that is not run here', () => {
    expect(others).toEqual([])
  })
})
