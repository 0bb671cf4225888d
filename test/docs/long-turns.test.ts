import { beforeAll, describe, expect, test } from '@jest/globals'
import { commands, curl, page } from '../support/docs.ts'
import { fetch } from '../support/fetch.ts'
import { type Server, startServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const PAGE = page('docs/long-turns.md')
const [ask, ...others] = commands(PAGE)

describe('docs/long-turns.md', () => {
  let server: Server
  beforeAll(async () => {
    server = await startServer('bin/neam-api.js', ['--program', 'examples/agents.neam', '--offline'], {
      NEAM_SESSIONS_DIR: temporaryDirectory(),
    })
  })

  test('prints an answer that is given, and its status_url leads to the response', async () => {
    const accepted = await curl(server.url, ask!)
    const [, printed] = /```json\n([\s\S]*?)```/.exec(PAGE)!
    expect(accepted.status).toBe(202)
    expect(Object.keys(accepted.answer)).toEqual(Object.keys(JSON.parse(printed!)))
    for (;;) {
      const told = await fetch(new URL(String(accepted.answer.status_url), server.url))
      const turn = (await told.json()) as { status: string; response?: string }
      if (turn.status === 'running') continue
      expect(turn).toMatchObject({ status: 'completed', response: expect.stringContaining('Shipped') })
      return
    }
  }, 20_000)

  test('prints no command that is not run here', () => {
    expect(others).toEqual([])
  })
})
