import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { commands, curl, page } from '../support/docs.ts'
import { runBin } from '../support/program.ts'
import { ROOT, startServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const PAGE = page('docs/memory.md')
const [serve, tell, reset, question, forget, forgetHere, ...others] = commands(PAGE)

describe('docs/memory.md', () => {
  test('prints the program of examples/memory.neam', () => {
    const [, program] = /```neam\n([\s\S]*?)```/.exec(PAGE)!
    expect(program).toBe(readFileSync(join(ROOT, 'examples/memory.neam'), 'utf8'))
  })

  test('prints a conversation that happens: what was said is found after the reset', async () => {
    expect(others).toEqual([])
    const directory = temporaryDirectory()
    const server = await startServer('bin/neam-api.js', serve!.replace('npx neam-api ', '').split(' '), {
      NEAM_SESSIONS_DIR: join(directory, 'sessions'),
      NEAM_MEMORY_DIR: join(directory, 'memory'),
      NEAM_WORKSPACE_DIR: join(directory, 'workspace'),
    })
    await curl(server.url, tell!)
    expect(await curl(server.url, reset!)).toMatchObject({ status: 200, answer: { status: 'reset' } })
    const { answer } = await curl(server.url, question!)
    expect(answer.response).toMatch(
      /memory_search: \[\{"file_path":"archive\/[^"]+\.jsonl","chunk":"user: My daughter is allergic to peanuts\./,
    )
    const [, printed] = /```json\n([\s\S]*?)```/.exec(PAGE)!
    expect(await curl(server.url, forget!)).toEqual({ status: 200, answer: JSON.parse(printed!) })
    const { stdout } = await runBin('neam-cli', forgetHere!.replace('npx neam-cli ', '').split(' '), {
      cwd: ROOT,
      env: { NEAM_SESSIONS_DIR: join(directory, 'sessions') },
    })
    expect(stdout).toBe('deleted: archived conversations 0, compactions with facts 0\n')
  }, 20_000)
})
