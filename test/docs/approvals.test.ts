import { beforeAll, describe, expect, test } from '@jest/globals'
import { commands, curl, page } from '../support/docs.ts'
import { runBin } from '../support/program.ts'
import { ROOT, type Server, startServer } from '../support/server.ts'
import { moduleOf } from '../support/system.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const PAGE = page('docs/approvals.md')
const [serve, ask, list, decide, listThere, approveThere, listHere, denyHere, ...others] = commands(PAGE)
/** The trace id that the page prints. */
const PRINTED = '5d0c7c61c0a4e83f9a4e2f7b1c6d8e90'

describe('docs/approvals.md', () => {
  const sessions = temporaryDirectory()
  let server: Server
  beforeAll(async () => {
    const args = serve!.replace('npx neam-api ', '').split(' ')
    server = await startServer('bin/neam-api.js', args, { NEAM_SESSIONS_DIR: sessions })
  })

  test('prints a program that compiles and asks for both tools', () => {
    const [, program] = /```neam\n([\s\S]*?)```/.exec(PAGE)!
    const { skills, policies } = moduleOf(program!).manifest
    expect(skills.map(({ name, sensitive }) => [name, sensitive])).toEqual([
      ['refund', true],
      ['mail', false],
    ])
    expect(policies[0]?.confirm).toEqual(['mail'])
  })

  test('prints a conversation that happens: the message waits, is listed, approved and answered', async () => {
    const waiting = await curl(server.url, ask!)
    const [, printed] = /```json\n([\s\S]*?)```/.exec(PAGE)!
    const { status, tool, args, reason, session_key } = JSON.parse(printed!)
    expect(waiting).toMatchObject({ status: 202, answer: { status, tool, args, reason, session_key } })
    expect(Object.keys(waiting.answer)).toEqual(Object.keys(JSON.parse(printed!)))

    const id = String(waiting.answer.trace_id)
    expect((await curl(server.url, list!)).answer).toMatchObject({ pending: [{ trace_id: id }] })
    const decided = await curl(server.url, decide!.replace(PRINTED, id))
    expect(decided).toMatchObject({ status: 200, answer: { status: 'approved' } })
    expect(decided.answer.turn).toMatchObject({
      status: 'completed',
      response: expect.stringContaining('Order ORD-17: refunded'),
    })
  }, 20_000)

  test('prints commands for the terminal that decide on the server and on its files', async () => {
    const cli = (command: string, id = '') =>
      runBin('neam-cli', command.replace('npx neam-cli ', '').replace(PRINTED, id).split(' '), {
        cwd: ROOT,
        env: { NEAM_SESSIONS_DIR: sessions, NEAM_URL: server.url },
      })
    const wait = async () => String((await curl(server.url, ask!)).answer.trace_id)
    const [first, second] = [await wait(), await wait()]
    const both = new RegExp(`^${first}  refund .*\n.*\n${second}  refund `)
    expect((await cli(listThere!)).stdout).toMatch(both)
    expect((await cli(listHere!)).stdout).toMatch(both)
    expect((await cli(approveThere!, first)).stdout).toContain('Order ORD-17: refunded')
    expect((await cli(denyHere!, second)).stdout).toContain('a person refused this call')
    expect((await curl(server.url, list!)).answer).toEqual({ pending: [] })
  }, 20_000)

  test('prints no command that is not run here', () => {
    expect(others).toEqual([])
  })
})
