import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { commands, curl, page } from '../support/docs.ts'
import { runBin } from '../support/program.ts'
import { ROOT, startServer } from '../support/server.ts'
import { moduleOf } from '../support/system.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const PAGE = page('docs/untrusted-text.md')
const [serve, read, forward, list, approve, forget, ...others] = commands(PAGE)

describe('docs/untrusted-text.md', () => {
  test('prints the program of examples/inbox.neam', () => {
    const [, program] = /```neam\n([\s\S]*?)```/.exec(PAGE)!
    expect(program).toBe(readFileSync(join(ROOT, 'examples/inbox.neam'), 'utf8'))
  })

  test('prints a policy that compiles', () => {
    const [, policy] = [...PAGE.matchAll(/```neam\n([\s\S]*?)```/g)].map(([, text]) => text!)
    expect(moduleOf(policy!).manifest.policies).toMatchObject([{ links: ['acme.com', '*.acme.com'] }])
  })

  test('prints a conversation that happens: after the letter, forwarding waits for a person', async () => {
    expect(others).toEqual([])
    const server = await startServer('bin/neam-api.js', serve!.replace('npx neam-api ', '').split(' '), {
      NEAM_SESSIONS_DIR: temporaryDirectory(),
    })
    expect(await curl(server.url, read!)).toMatchObject({ status: 200, answer: { tainted: true } })
    const [, printed] = /```json\n([\s\S]*?)```/.exec(PAGE)!
    expect(await curl(server.url, forward!)).toMatchObject({ status: 202, answer: JSON.parse(printed!) })
  }, 20_000)

  test('prints how a person decides on a fact, and what is answered', async () => {
    const sessions = temporaryDirectory()
    const memory = join(sessions, 'Clerk/ann/memory')
    mkdirSync(memory, { recursive: true })
    writeFileSync(
      join(memory, 'session.v3.jsonl'),
      '{"role":"system","content":"Umbrella pays within 30 days.","ts":"2026-11-21T10:00:00Z","tainted":true}\n',
    )
    mkdirSync(join(sessions, 'Clerk/ann/turn/open'), { recursive: true })
    let shown = ''
    for (const command of [list!, approve!, forget!]) {
      const [name, ...args] = command.replace('npx ', '').split(' ')
      const env = { NEAM_SESSIONS_DIR: sessions, NEAM_WORKSPACE_DIR: temporaryDirectory() }
      shown += (await runBin(name!, args, { cwd: ROOT, env })).stdout
    }
    const [, printed] = /```text\n([\s\S]*?)```/.exec(PAGE)!
    expect(shown).toBe(printed)
    expect(readdirSync(memory)).toEqual([])
  }, 20_000)
})
