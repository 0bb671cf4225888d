import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { commands, curl, page } from '../support/docs.ts'
import { type Server, startServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const [list, description, ...others] = commands(page('docs/http-api.md'))

describe('docs/http-api.md', () => {
  let server: Server
  beforeAll(async () => {
    server = await startServer('bin/neam-api.js', ['--program', 'examples/agents.neam', '--offline'], {
      NEAM_SESSIONS_DIR: temporaryDirectory(),
    })
  })
  afterAll(async () => {
    await server.stop()
  })

  test('prints requests that a new server answers', async () => {
    expect(await curl(server.url, list!)).toMatchObject({
      status: 200,
      answer: { claw_agents: [{ name: 'support_bot' }] },
    })
    expect(await curl(server.url, description!)).toMatchObject({ status: 200, answer: { openapi: '3.1.0' } })
  })

  test('prints no command that is not run here', () => {
    expect(others).toEqual([])
  })
})
