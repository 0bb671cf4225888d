// Nothing that people, models, tools or programs wrote, and no key, stands in a log or an audit record.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { startOpenAIServer } from '../support/openai-server.ts'
import { runBin } from '../support/program.ts'
import { startServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

/** In everything that must not be found. */
const CANARY = 'canary-7731'
const API_KEY = `${CANARY}-api-key`
const MODEL_KEY = `sk-${CANARY}-model-key`

const PROGRAM = `
channel http { type: "http" }
channel desk { type: "cli" }
guard careful {
  description: "Fails on some texts"
  on_input(text) { if (text.contains("break the guard")) { throw "the guard saw " + text; } return text; }
  on_output(text) { if (text.contains("break the output")) { throw "the guard saw " + text; } return text; }
}
guardchain safe = [careful];
skill look { description: "Looks" params: { what: string } impl(what) { return "${CANARY}-result of " + what; } }
skill fail { description: "Fails" params: { what: string } impl(what) { throw "${CANARY}-thrown: " + what; } }
skill mail { description: "Mails" params: { what: string } sensitive: true impl(what) { return what; } }
claw agent clerk {
  provider: "openai" model: "gpt-4o" system: "${CANARY}-system" channels: [http, desk] skills: [look, fail] guards: [safe]
}
forge agent builder {
  provider: "openai" model: "gpt-4o" system: "${CANARY}-system" skills: [look, fail, mail] checkpoint: "none"
  loop: { max_iterations: 3 prompt_file: "prompt.md" }
  verify: fn(ctx) {
    if (ctx.iteration == 1) { throw "${CANARY}-verify"; }
    if (ctx.iteration == 2) { return VerifyResult.Retry("${CANARY}-feedback"); }
    return true;
  }
}
impl Monitorable for clerk { fn baseline(self) { throw "${CANARY}-baseline"; } }
`

const model = await startOpenAIServer()
const calling = (name: string, ...more: string[]) => ({
  text: `${CANARY}-thought`,
  toolCalls: [name, ...more].map((one) => ({ name: one, arguments: `{"what":"${CANARY}-argument"}` })),
})
const ANSWER = { text: `${CANARY}-answer` }

interface Place {
  readonly directory: string
  readonly audit: string
  readonly env: Readonly<Record<string, string>>
}

function place(level: string, sink: string): Place {
  const directory = temporaryDirectory()
  writeFileSync(join(directory, 'desk.neam'), PROGRAM)
  const audit = join(directory, 'audit.jsonl')
  return {
    directory,
    audit,
    env: {
      NEAM_LOG_LEVEL: level,
      NEAM_AUDIT_SINK: sink,
      NEAM_AUDIT_LOG: audit,
      OPENAI_API_KEY: MODEL_KEY,
      OPENAI_BASE_URL: model.url,
    },
  }
}

const audited = ({ audit }: Place): string => (existsSync(audit) ? readFileSync(audit, 'utf8') : '')

test.each([
  ['info', 'stderr'],
  ['info', 'json'],
  ['warn', 'file'],
  ['error', 'json'],
  ['silent', 'file'],
])(
  'neam-api, log level %s, audit to %s',
  async (level, sink) => {
    const here = place(level, sink)
    const server = await startServer(
      'bin/neam-api.js',
      ['--program', 'desk.neam'],
      { ...here.env, NEAM_API_KEY: API_KEY, NEAM_ADMIN_KEY: `${CANARY}-admin-key` },
      here.directory,
    )
    const send = async (path: string, body: string, headers: Readonly<Record<string, string>> = {}) => {
      const response = await fetch(server.url + path, {
        method: 'POST',
        headers: { authorization: `Bearer ${API_KEY}`, ...headers },
        body,
      })
      return { status: response.status, body: await response.text() }
    }
    const say = (text: string, headers?: Readonly<Record<string, string>>) =>
      send('/api/v1/claw/clerk/sessions/a/message', JSON.stringify({ message: `${CANARY} ${text}` }), headers)
    const until = async (path: string, done: (answer: string) => boolean) => {
      for (let tries = 0; tries < 5000; tries += 1) {
        const headers = { authorization: `Bearer ${API_KEY}` }
        const answer = await (await fetch(server.url + path, { headers })).text()
        if (done(answer)) return answer
      }
      throw new Error(`${path} never answered what was awaited`)
    }

    model.script(calling('look', 'fail', 'unknown'), ANSWER)
    expect((await say('a turn with tools')).body).toContain(`${CANARY}-answer`)
    expect((await say('break the guard')).status).toBe(403)
    model.script({ text: `${CANARY} break the output` })
    expect((await say('a bad answer')).status).toBe(403)
    for (const reply of [
      { status: 400, message: `${CANARY} is not allowed`, code: `${CANARY} code` },
      { status: 401, message: `Incorrect API key provided: ${MODEL_KEY}` },
      { text: '' },
    ]) {
      model.script(reply)
      expect((await say('a failing model')).status).toBeGreaterThanOrEqual(500)
    }
    model.script({ status: 400, message: `${CANARY} is not allowed` })
    const later = await say('a turn in the background', { prefer: 'respond-async' })
    expect(later.status).toBe(202)
    await until(JSON.parse(later.body).status_url, (answer) => !answer.includes('"running"'))
    expect((await send('/api/v1/claw/clerk/sessions/a/message', `{"message": "${CANARY}`)).status).toBe(400)
    expect((await send('/api/v1/claw/clerk/sessions/a/message', `{"text": "${CANARY}"}`)).status).toBe(400)
    expect((await send(`/api/v1/nowhere?key=${CANARY}`, '')).status).toBe(404)
    expect((await send('/api/v1/claw', '', { authorization: `Bearer ${CANARY}-wrong-key` })).status).toBe(401)

    model.script(calling('look', 'fail'), ANSWER, ANSWER, calling('mail'))
    expect(
      (await send('/api/v1/forge/builder/start', JSON.stringify({ prompt: `${CANARY}-prompt` }))).status,
    ).toBe(200)
    await until('/api/v1/forge/builder/status', (answer) => answer.includes('"pending_confirmation":"'))
    await send('/api/v1/forge/builder/stop', '{"force": true}')
    await until('/api/v1/forge/builder/status', (answer) => answer.includes('"running":false'))
    await server.stop()

    const everything = server.log() + audited(here)
    expect(everything.split('\n').filter((line) => line.includes(CANARY))).toEqual([])
    expect(everything).toContain('http://127.0.0.1')
    if (level === 'info') {
      expect(everything).toContain('POST /api/v1/claw/{agent}/sessions/{key}/message')
      expect(everything).toMatch(
        /"message":"clerk\.baseline failed","code":"program_error","kind":"thrown","at":"desk\.neam:/,
      )
      expect(everything).toContain('provider_refused')
    }
    if (level !== 'silent') expect(everything).toContain('"level":"error"')
    if (level === 'silent' || level === 'error') expect(server.log()).not.toMatch(/"level":"(info|warn)"/)
    for (const event of ['agent.answer', 'guard.block', 'tool.call', 'forge.start', 'forge.end']) {
      expect(everything).toContain(event)
    }
  },
  60_000,
)

test('neam-cli and neam-forge: the audit, and what they say of their own work', async () => {
  const here = place('info', 'file')
  const options = { cwd: here.directory, env: here.env }
  model.script(calling('look', 'fail'), ANSWER)
  const chat = await runBin('neam-cli', ['desk.neam'], { ...options, input: `${CANARY} hello\n` })
  expect(chat.stdout).toContain(`${CANARY}-answer`)
  expect(chat.stderr).not.toContain(MODEL_KEY)
  model.script(ANSWER, ANSWER, ANSWER)
  const forge = await runBin('neam-forge', ['--agent', 'desk.neam'], options)
  expect([forge.code, forge.stderr.includes(MODEL_KEY)]).toEqual([0, false])
  expect(audited(here)).toContain('forge.end')
  expect(audited(here)).not.toContain(CANARY)
}, 60_000)
