import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { startOpenAIServer } from '../support/openai-server.ts'
import { runBin } from '../support/program.ts'
import { startServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const KEY = 'sk-canary-of-this-test'
const program = (question: string): string => `
agent Guide { provider: "openai" model: "gpt-4o-mini" system: "You guide." }
{ emit Guide.ask("${question}"); }
`

test('a recorded program runs again without key and network, says what it cannot answer, and holds no key', async () => {
  const cwd = temporaryDirectory()
  const file = join(cwd, 'guide.neam')
  const cassettes = join(cwd, 'cassettes')
  const vendor = await startOpenAIServer()
  vendor.script({ text: 'To the left.' })
  writeFileSync(file, program('Where is the station?'))
  const recorded = await runBin('neam', [file], {
    cwd,
    env: { NEAM_LLM_RECORD: cassettes, OPENAI_API_KEY: KEY, OPENAI_BASE_URL: vendor.url },
  })
  expect(recorded).toMatchObject({ code: 0, stdout: 'To the left.\n' })
  const cassette = readFileSync(join(cassettes, 'Guide.jsonl'), 'utf8')
  expect(cassette).toContain('Where is the station?')
  expect(cassette).not.toContain(KEY)

  const replay = { cwd, env: { NEAM_LLM_REPLAY: cassettes, OPENAI_BASE_URL: 'http://127.0.0.1:9' } }
  expect(await runBin('neam', [file], replay)).toMatchObject({ code: 0, stdout: 'To the left.\n' })

  writeFileSync(file, program('Where is the harbour?'))
  const other = await runBin('neam', [file], replay)
  expect(other.code).toBe(1)
  expect(other.stderr).toContain(
    'has "Where is the station?" as messages.1.content, and now it is "Where is the harbour?"; record it with NEAM_LLM_RECORD',
  )
}, 30_000)

test('the server replays, and answers 502 to what was not recorded', async () => {
  const cwd = temporaryDirectory()
  const file = join(cwd, 'bot.neam')
  writeFileSync(
    file,
    'channel web { type: "http" }\nclaw agent Bot { provider: "openai" model: "gpt-4o" channels: [web] }',
  )
  const server = await startServer('bin/neam-api.js', ['--program', file], {
    NEAM_SESSIONS_DIR: join(cwd, 'sessions'),
    NEAM_LLM_REPLAY: join(cwd, 'cassettes'),
  })
  const response = await fetch(`${server.url}/api/v1/claw/Bot/sessions/anna/message`, {
    method: 'POST',
    body: '{"message": "Hi"}',
  })
  expect(response.status).toBe(502)
  expect(JSON.stringify(await response.json())).toContain('replay_missing')
}, 20_000)

test('recording and replaying at once is refused', async () => {
  const cwd = temporaryDirectory()
  writeFileSync(join(cwd, 'guide.neam'), program('?'))
  const both = await runBin('neam', ['guide.neam'], {
    cwd,
    env: { NEAM_LLM_RECORD: 'a', NEAM_LLM_REPLAY: 'b' },
  })
  expect(both.code).not.toBe(0)
  expect(both.stderr).toContain('NEAM_LLM_RECORD and NEAM_LLM_REPLAY are both set; set one of them')
})
