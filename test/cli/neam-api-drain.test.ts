import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, readdirSync } from 'node:fs'
import { createServer, type Server as HttpServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { fetch } from '../support/fetch.ts'
import { ROOT } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

/** A model that answers when the test says so. */
class HeldModel {
  private readonly waiting: ServerResponse[] = []
  private readonly server: HttpServer
  private asked: (() => void) | null = null

  constructor() {
    this.server = createServer((request, response) => {
      request.resume()
      this.waiting.push(response)
      this.asked?.()
    })
  }

  async listen(): Promise<string> {
    this.server.listen(0, '127.0.0.1')
    await once(this.server, 'listening')
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v1`
  }

  async untilAsked(): Promise<void> {
    if (this.waiting.length > 0) return
    await new Promise<void>((resolve) => {
      this.asked = resolve
    })
  }

  answer(): void {
    const message = { role: 'assistant', content: 'Late, but here.' }
    const held = this.waiting.shift()
    held?.setHeader('content-type', 'application/json')
    held?.end(
      JSON.stringify({
        id: '1',
        object: 'chat.completion',
        created: 1,
        model: 'gpt-4o',
        choices: [{ index: 0, message, finish_reason: 'stop' }],
        usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
      }),
    )
  }

  close(): void {
    this.server.closeAllConnections()
    this.server.close()
  }
}

interface Started {
  readonly child: ChildProcess
  readonly url: string
  readonly exited: Promise<unknown[]>
  log(): string
}

let model: HeldModel
let directory: string
let started: Started

async function start(drainSeconds: number): Promise<Started> {
  const child = spawn(
    process.execPath,
    [
      `${ROOT}bin/neam-api.js`,
      ...['--program', 'agents.neam', '--port', '0', '--drain-seconds', String(drainSeconds)],
    ],
    {
      cwd: directory,
      env: {
        PATH: process.env.PATH ?? '',
        OPENAI_API_KEY: 'key-of-a-loopback-model',
        OPENAI_BASE_URL: await model.listen(),
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  )
  const exited = once(child, 'exit')
  let log = ''
  const url = await new Promise<string>((resolve) => {
    child.stderr.on('data', (chunk: Buffer) => {
      log += chunk.toString()
      const found = /serves agents\.neam at (\S+)/.exec(log)
      if (found) resolve(found[1]!)
    })
  })
  return { child, url, exited, log: () => log }
}

const ask = (): Promise<Response> =>
  fetch(`${started.url}/api/v1/claw/support_bot/sessions/a/message`, {
    method: 'POST',
    body: '{"message": "Hello"}',
  })

const logged = async (text: string): Promise<void> => {
  while (!started.log().includes(text)) await once(started.child.stderr!, 'data')
}

beforeEach(() => {
  model = new HeldModel()
  directory = temporaryDirectory()
  copyFileSync(join(ROOT, 'examples/agents.neam'), join(directory, 'agents.neam'))
})
afterEach(() => {
  started.child.kill('SIGKILL')
  model.close()
})

test('SIGTERM: no new connections, the request in hand is answered, exit code 0', async () => {
  started = await start(30)
  const answer = ask()
  await model.untilAsked()
  started.child.kill('SIGTERM')
  await logged('finishing 1 requests')
  await expect(fetch(`${started.url}/health`)).rejects.toThrow()
  model.answer()
  expect(await (await answer).json()).toMatchObject({ response: 'Late, but here.' })
  expect(await started.exited).toEqual([0, null])
  expect(started.log()).not.toContain('cut off')
})

test('a request that outlasts the drain is answered as stopped, and leaves its session free', async () => {
  started = await start(1)
  const answer = ask()
  await model.untilAsked()
  started.child.kill('SIGTERM')
  const { status } = await answer
  expect([status, ((await (await answer).json()) as { code: string }).code]).toEqual([503, 'stopped'])
  expect(await started.exited).toEqual([0, null])
  expect(started.log()).toContain('cut off')
  const session = join(directory, '.neam/sessions/support_bot/a')
  expect(readdirSync(session).filter((name) => name.startsWith('rel.'))).toHaveLength(1)
  expect(existsSync(join(session, 'current.jsonl'))).toBe(false)
})

test('a second signal does not wait for the drain', async () => {
  started = await start(300)
  const answer = ask()
  await model.untilAsked()
  started.child.kill('SIGTERM')
  await logged('finishing 1 requests')
  started.child.kill('SIGINT')
  expect((await answer).status).toBe(503)
  expect(await started.exited).toEqual([0, null])
})
