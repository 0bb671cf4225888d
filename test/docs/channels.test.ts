import { beforeAll, describe, expect, test } from '@jest/globals'
import { commands, curl, page } from '../support/docs.ts'
import { type Server, startServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const PAGE = page('docs/channels.md')
const [send, ...others] = commands(PAGE)

describe('docs/channels.md', () => {
  let server: Server
  beforeAll(async () => {
    server = await startServer('bin/neam-api.js', ['--program', 'examples/agents.neam', '--offline'], {
      NEAM_SESSIONS_DIR: temporaryDirectory(),
    })
  })

  test('prints a message that is answered in the shape it prints', async () => {
    const { status, answer } = await curl(server.url, send!)
    const [, text] = /```json\n([\s\S]*?)```/.exec(PAGE)!
    const printed = JSON.parse(text!)
    expect(status).toBe(200)
    expect(Object.keys(answer)).toEqual(Object.keys(printed))
    expect(Object.keys(answer.metadata!)).toEqual(Object.keys(printed.metadata))
    expect(answer).toMatchObject({ channel: printed.channel, session_key: printed.session_key })
    expect(answer.content).toContain('Shipped')
  }, 20_000)

  test('prints no command that is not run here', () => {
    expect(others).toEqual([])
  })
})
