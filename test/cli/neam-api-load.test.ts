// Many sessions at once on one process (reliability C13), each with more messages at once than it can take in turn.
import { readdirSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { type RecordedRequest, startOpenAIServer } from '../support/openai-server.ts'
import { startServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const SESSIONS = 200
const MESSAGES = 20
/** Sessions. */
const AT_ONCE = 50
/** Answers between two looks at the open files. */
const SAMPLE = 25

const PROGRAM = `
channel web { type: "http" }
claw agent Echo {
  provider: "openai" model: "gpt-4o" channels: [web]
  lanes: { default: { concurrency: 64, priority: "normal" } }
}
`

interface Message {
  readonly role: string
  readonly content: string
}

/** Files that a process has open, connections and the like left out. */
const openFiles = (pid: number): number =>
  readdirSync(`/proc/${pid}/fd`).filter((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith('/')
    } catch {
      return false // closed meanwhile
    }
  }).length

/** What `fetch` throws of a connection that was closed on it. */
function nullIfLost(error: Error & { cause?: { code?: string } }): null {
  if (['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'].includes(error.cause?.code ?? '')) return null
  throw error
}

test('200 sessions with 20 messages at once lose none and put each answer behind its question, with fewer than 300 files open', async () => {
  // On a disk the syncs of 4,000 turns alone take half a minute.
  const directory = temporaryDirectory({ inMemory: true })
  writeFileSync(join(directory, 'echo.neam'), PROGRAM)
  const model = await startOpenAIServer()
  model.always(({ body }: RecordedRequest) => ({ text: `re: ${body.messages.at(-1)?.content}` }))
  const server = await startServer(
    'bin/neam-api.js',
    ['--program', 'echo.neam', '--audit-sink', 'none', '--pool-size', '64'],
    { OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'sk-test', NEAM_LOG_LEVEL: 'error' },
    directory,
  )
  const session = (n: number) => `${server.url}/api/v1/claw/Echo/sessions/user_${n}`
  let answered = 0
  let most = 0

  /**
   * A caller that is told to come back comes back when it was told to, with the same key; so does one whose connection was lost: on a busy
   * machine this process may take longer to send 4,000 requests than the server waits for the headers of one.
   */
  async function send(n: number, text: string): Promise<void> {
    for (;;) {
      const answer = await fetch(`${session(n)}/message`, {
        method: 'POST',
        headers: { 'idempotency-key': `${n}.${text.replace(' ', '.')}` },
        body: JSON.stringify({ message: text }),
      }).catch(nullIfLost)
      if (answer === null) continue
      const body = (await answer.json()) as Record<string, unknown>
      if (answer.status === 200) {
        expect(body.response).toBe(`re: ${text}`)
        answered += 1
        if (answered % SAMPLE === 0) most = Math.max(most, openFiles(server.pid))
        return
      }
      const seconds = answer.headers.get('retry-after')
      if (seconds === null) throw new Error(`${answer.status}: ${JSON.stringify(body)}`)
      // Sooner, thousands of callers would take the time that their turns need.
      await delay(Number(seconds) * 1000)
    }
  }

  const texts = Array.from({ length: MESSAGES }, (_, m) => `message ${m}`)
  const sessions = Array.from({ length: SESSIONS }, (_, n) => n)
  // A thousand at once: more would wait for longer than a caller is kept waiting, and be answered later.
  for (let first = 0; first < SESSIONS; first += AT_ONCE) {
    const some = sessions.slice(first, first + AT_ONCE)
    await Promise.all(texts.flatMap((text) => some.map((n) => send(n, text))))
  }
  for (let n = 0; n < SESSIONS; n += 1) {
    const { messages } = (await (await fetch(`${session(n)}/history?limit=500`)).json()) as {
      readonly messages: readonly Message[]
    }
    const asked = messages.flatMap(({ role, content }) => (role === 'user' ? [content] : []))
    expect(asked.toSorted()).toEqual(texts.toSorted())
    expect(messages.map(({ content }) => content)).toEqual(asked.flatMap((text) => [text, `re: ${text}`]))
  }
  expect(most).toBeLessThan(300)
  expect(await server.stop()).toBe(0)
}, 120_000)
