import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { fetch } from '../support/fetch.ts'
import { ROOT, type Server, startServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const SERVERS = 10
const SESSIONS = 4
const MESSAGES = 80

interface Message {
  readonly role: string
  readonly content: string
}

describe('ten server processes on one tree', () => {
  const servers: Server[] = []
  beforeAll(async () => {
    const directory = temporaryDirectory()
    copyFileSync(join(ROOT, 'examples/agents.neam'), join(directory, 'agents.neam'))
    const args = ['--program', 'agents.neam', '--offline']
    const start = () => startServer('bin/neam-api.js', args, {}, directory)
    // The first makes the tree and compiles the program; the others find both.
    servers.push(await start())
    servers.push(...(await Promise.all(Array.from({ length: SERVERS - 1 }, start))))
  }, 60_000)

  const sessionUrl = (server: number, session: number): string =>
    `${servers[server % SERVERS]!.url}/api/v1/claw/support_bot/sessions/user_${session}`

  /** Sends a message to one server after the other until one takes it: a busy session says "try again". */
  async function send(text: string, session: number, server: number): Promise<void> {
    for (let at = server; ; at++) {
      const answer = await fetch(`${sessionUrl(at, session)}/message`, {
        method: 'POST',
        headers: { 'idempotency-key': text },
        body: JSON.stringify({ message: text }),
      })
      const body = await answer.text()
      if (answer.status === 200) return
      expect({ status: answer.status, body }).toMatchObject({ status: 409 })
    }
  }

  const history = async (session: number, server: number): Promise<readonly Message[]> => {
    const answer = await fetch(`${sessionUrl(server, session)}/history?limit=500`)
    return ((await answer.json()) as { messages: readonly Message[] }).messages
  }

  test('behave as one server: each message is in its session once, whichever server took it or is asked', async () => {
    const texts = Array.from({ length: MESSAGES }, (_, n) => `message-${n}`)
    await Promise.all(texts.map((text, n) => send(text, n % SESSIONS, n)))
    for (let session = 0; session < SESSIONS; session++) {
      const seen = await history(session, 0)
      const sent = texts.filter((_, n) => n % SESSIONS === session)
      const asked = seen.flatMap(({ role, content }) => (role === 'user' ? [content] : []))
      expect(asked.toSorted()).toEqual(sent.toSorted())
      expect(seen.map(({ role }) => role)).toEqual(sent.flatMap(() => ['user', 'assistant']))
      for (let server = 1; server < SERVERS; server++) expect(await history(session, server)).toEqual(seen)
    }
  }, 60_000)

  test('answer a message that comes again at another of them with what the first one said, and add nothing', async () => {
    const before = await history(0, 3)
    const again = await Promise.all(
      servers.map(async (_, server) => {
        const answer = await fetch(`${sessionUrl(server, 0)}/message`, {
          method: 'POST',
          headers: { 'idempotency-key': 'message-0' },
          body: JSON.stringify({ message: 'message-0' }),
        })
        return ((await answer.json()) as { response: string }).response
      }),
    )
    const at = before.findIndex(({ content }) => content === 'message-0')
    expect(again).toEqual(servers.map(() => before[at + 1]?.content))
    expect(await history(0, 7)).toEqual(before)
  })
})
