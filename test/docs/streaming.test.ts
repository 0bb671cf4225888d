import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { commands, curl, page } from '../support/docs.ts'
import { type Server, startServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const PAGE = page('docs/streaming.md')
const [stream, ask, ...others] = commands(PAGE)

describe('docs/streaming.md', () => {
  let server: Server
  beforeAll(async () => {
    server = await startServer('bin/neam-api.js', ['--program', 'examples/agents.neam', '--offline'], {
      NEAM_SESSIONS_DIR: temporaryDirectory(),
    })
  })

  test('prints the events of the message that it sends', async () => {
    const accepted = await curl(server.url, ask!)
    const [, printed] = /```json\n([\s\S]*?)```/.exec(PAGE)!
    expect(accepted.status).toBe(202)
    for (;;) {
      const told = await fetch(new URL(String(accepted.answer.events_url), server.url))
      const turn = (await told.json()) as Told
      if (turn.status === 'running') continue
      const wanted = JSON.parse(printed!) as Told
      expect(Object.keys(turn)).toEqual(Object.keys(wanted))
      expect(shape(turn)).toEqual(shape(wanted))
      return
    }
  }, 20_000)

  test('prints frames of the stream that it asks for', async () => {
    const [, printed] = /```\n(id:[\s\S]*?)\n```/.exec(PAGE)!
    const { stdout } = await promisify(execFile)('sh', [
      '-c',
      stream!.replace('http://127.0.0.1:8080', server.url),
    ])
    for (const frame of printed!.split('\n\n')) expect(stdout).toContain(`${frame}\n\n`)
    expect(stdout).toMatch(/event: turn\.done\ndata: .*\n\n$/)
  }, 20_000)

  test('prints no command that is not run here', () => {
    expect(others).toEqual([])
  })
})

interface Told {
  readonly status: string
  readonly events: readonly { readonly id: number; readonly event: string }[]
}

const shape = ({ events }: Told) => events.map(({ id, event }) => [id, event])
