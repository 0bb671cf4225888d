import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { commands, curl, page } from '../support/docs.ts'
import { freePorts } from '../support/free-port.ts'
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

  test('prints a program whose channels are served at ports of their own', async () => {
    const [, printed] = /```neam\n([\s\S]*?)```/.exec(PAGE)!
    const [shop, team] = await freePorts(2)
    const directory = temporaryDirectory()
    const source = printed!.replace('9001', String(shop)).replace('9002', String(team))
    writeFileSync(join(directory, 'desk.neam'), source)
    await startServer('bin/neam-api.js', ['--program', 'desk.neam', '--offline'], {}, directory)
    const body = JSON.stringify({ user_id: 'ann', content: 'Hi' })
    for (const [port, channel] of [
      [shop, 'shop'],
      [team, 'team'],
    ]) {
      const answer = await fetch(`http://127.0.0.1:${port}/ask`, { method: 'POST', body })
      expect(await answer.json()).toMatchObject({ channel })
    }
  }, 20_000)

  test('prints no command that is not run here', () => {
    expect(others).toEqual([])
  })
})
