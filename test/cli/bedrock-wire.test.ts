// The provider bedrock as a user has it: region, credentials and address are found by the SDK in a real process.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { startAnswering } from '../support/answering-server.ts'
import {
  bedrockError,
  converseAnswer,
  converseStream,
  event,
  startBedrockServer,
} from '../support/bedrock-server.ts'
import { fetch } from '../support/fetch.ts'
import { runBin } from '../support/program.ts'
import { startServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const SECRET = 'aws-canary-secret-0123456789'
const AGENT = `claw agent clerk {
  provider: "bedrock"
  model: "us.amazon.nova-lite-v1:0"
  system: "You file letters."
  channels: [desk]
}
channel desk { type: "cli" }
`

const greeter = (endpoint: string) => `agent clerk {
  provider: "bedrock"
  model: "us.amazon.nova-lite-v1:0"
  endpoint: "${endpoint}"
  system: "You greet."
}
{ emit clerk.ask("Hello"); }
`

const roles = new Set<{ close(): void }>()
afterAll(() => {
  for (const role of roles) role.close()
})

/** A directory with the program; no user's own files of AWS are read, and no address of EC2 is asked. */
function home(program = AGENT) {
  const cwd = temporaryDirectory()
  writeFileSync(join(cwd, 'agents.neam'), program)
  const bare = { HOME: cwd, AWS_EC2_METADATA_DISABLED: 'true', NEAM_SESSIONS_DIR: join(cwd, 'sessions') }
  return { cwd, bare }
}

const serve = (cwd: string, env: Readonly<Record<string, string>>) =>
  startServer('bin/neam-api.js', ['--program', 'agents.neam'], env, cwd)

test('AWS_REGION, keys in the environment and AWS_ENDPOINT_URL_BEDROCK_RUNTIME: a turn with its cost, readiness, no secret', async () => {
  const bedrock = await startBedrockServer(converseAnswer([{ text: 'Filed.' }]))
  const { cwd, bare } = home()
  const server = await serve(cwd, {
    ...bare,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'AKIAENV',
    AWS_SECRET_ACCESS_KEY: SECRET,
    AWS_ENDPOINT_URL_BEDROCK_RUNTIME: bedrock.url,
  })
  const answer = await fetch(`${server.url}/api/v1/claw/clerk/sessions/a/message`, {
    method: 'POST',
    body: JSON.stringify({ message: 'File this.' }),
  })
  expect([answer.status, await answer.json()]).toMatchObject([
    200,
    { response: 'Filed.', usage: { tokens: 120, cost_usd: (100 * 0.06 + 20 * 0.24) / 1e6 } },
  ])
  expect(bedrock.requests[0]!.headers.authorization).toMatch(
    /Credential=AKIAENV\/\d{8}\/eu-central-1\/bedrock\//,
  )
  const ready = await fetch(`${server.url}/ready`)
  const readiness = (await ready.json()) as { checks: Record<string, { ok: boolean; detail: string }> }
  expect([ready.status, readiness.checks.models, readiness.checks.providers]).toMatchObject([
    200,
    { ok: true },
    { ok: true, detail: `reached ${new URL(bedrock.url).host}` },
  ])
  expect(server.log()).not.toContain(SECRET)
})

test('AWS_PROFILE: region and keys of a profile; the text is told while it is written; a refusal says what to allow', async () => {
  const bedrock = await startBedrockServer(
    converseStream(
      event('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'Filed.' } }),
      event('messageStop', { stopReason: 'end_turn' }),
    ),
    bedrockError(403, 'AccessDeniedException', `User: arn:aws:iam::111122223333:user/ada has no access`),
  )
  const { cwd, bare } = home(AGENT.replace('  system:', `  endpoint: "${bedrock.url}"\n  system:`))
  writeFileSync(join(cwd, 'config'), '[profile work]\nregion = eu-west-1\n')
  writeFileSync(
    join(cwd, 'credentials'),
    `[work]\naws_access_key_id = AKIAPROFILE\naws_secret_access_key = ${SECRET}\n`,
  )
  const server = await serve(cwd, {
    ...bare,
    AWS_PROFILE: 'work',
    AWS_CONFIG_FILE: join(cwd, 'config'),
    AWS_SHARED_CREDENTIALS_FILE: join(cwd, 'credentials'),
  })
  const ask = (accept: string) =>
    fetch(`${server.url}/api/v1/claw/clerk/sessions/a/message`, {
      method: 'POST',
      headers: { accept },
      body: JSON.stringify({ message: 'File this.' }),
    })
  const streamed = await (await ask('text/event-stream')).text()
  expect(streamed).toMatch(/data: .*Filed\./)
  expect(bedrock.requests[0]!.path).toBe('/model/us.amazon.nova-lite-v1:0/converse-stream')
  expect(bedrock.requests[0]!.headers.authorization).toMatch(/Credential=AKIAPROFILE\/\d{8}\/eu-west-1\//)
  const refused = await ask('application/json')
  expect([refused.status, await refused.json()]).toMatchObject([
    502,
    {
      code: 'provider_auth',
      message:
        'the model provider denied access (bedrock: status 403 (AccessDeniedException); allow bedrock:InvokeModel on the model, and the account access to it)',
    },
  ])
  expect(server.log()).not.toContain('111122223333')
})

test('AWS_BEARER_TOKEN_BEDROCK: an API key of Bedrock in the place of credentials', async () => {
  const bedrock = await startBedrockServer(converseAnswer([{ text: 'Hello from Nova.' }]))
  const { cwd, bare } = home(greeter(bedrock.url))
  const env = { ...bare, AWS_REGION: 'us-east-1', AWS_BEARER_TOKEN_BEDROCK: SECRET }
  const run = await runBin('neam', ['agents.neam'], { cwd, env })
  expect(run).toMatchObject({ code: 0, stdout: 'Hello from Nova.\n' })
  expect(bedrock.requests[0]!.headers.authorization).toBe(`Bearer ${SECRET}`)
})

test('credentials that expire are renewed before they do, while the server runs', async () => {
  const bedrock = await startBedrockServer(
    ...Array.from({ length: 20 }, () => converseAnswer([{ text: 'Filed.' }])),
  )
  // What containers on AWS ask for the credentials of their role.
  const role = await startAnswering(() => {
    const isLater = bedrock.requests.length > 0
    const left = isLater ? 3_600_000 : 60_000
    return JSON.stringify({
      AccessKeyId: isLater ? 'ASIALATER' : 'ASIAFIRST',
      SecretAccessKey: SECRET,
      Token: 'session-canary',
      Expiration: new Date(Date.now() + left).toISOString(),
    })
  })
  roles.add(role)
  const { cwd, bare } = home()
  const server = await serve(cwd, {
    ...bare,
    AWS_REGION: 'eu-central-1',
    AWS_ENDPOINT_URL_BEDROCK_RUNTIME: bedrock.url,
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${role.url}credentials`,
  })
  const ask = async () => {
    const { status } = await fetch(`${server.url}/api/v1/claw/clerk/sessions/a/message`, {
      method: 'POST',
      body: JSON.stringify({ message: 'File this.' }),
    })
    return status
  }
  const used = () =>
    bedrock.requests.map(({ headers }) => /Credential=(\w+)/.exec(headers.authorization ?? '')?.[1])
  // The SDK renews in the background while the first ones are still good.
  for (let n = 0; n < 20 && used().at(-1) !== 'ASIALATER'; n++) expect(await ask()).toBe(200)
  expect([...new Set(used())]).toEqual(['ASIAFIRST', 'ASIALATER'])
})

test('a wrong AWS_ENDPOINT_URL_BEDROCK_RUNTIME ends the server at its start', async () => {
  const { cwd, bare } = home()
  const env = { ...bare, AWS_ENDPOINT_URL_BEDROCK_RUNTIME: 'localhost:9999' }
  const ended = await runBin('neam-api', ['--program', 'agents.neam', '--port', '0'], { cwd, env })
  expect([ended.code, ended.stderr]).toEqual([
    expect.any(Number),
    expect.stringContaining(
      'AWS_ENDPOINT_URL_BEDROCK_RUNTIME must be an http or https URL, got "localhost:9999"',
    ),
  ])
  expect(ended.code).not.toBe(0)
})

test.each([
  [
    'a region',
    { AWS_ACCESS_KEY_ID: 'AKIAENV', AWS_SECRET_ACCESS_KEY: SECRET },
    'no usable AWS region for provider bedrock: set AWS_REGION, or AWS_PROFILE to a profile with a region, or use --offline',
  ],
  [
    'a region that can be one',
    { AWS_REGION: 'my region', AWS_ACCESS_KEY_ID: 'AKIAENV', AWS_SECRET_ACCESS_KEY: SECRET },
    'no usable AWS region for provider bedrock: set AWS_REGION, or AWS_PROFILE to a profile with a region, or use --offline',
  ],
  [
    'credentials',
    { AWS_REGION: 'eu-central-1' },
    'no usable AWS credentials for provider bedrock: set AWS_PROFILE (`aws sso login` renews a session that has expired), or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or use --offline',
  ],
])(
  'without %s the server warns at its start, is not ready, and a message says what to set',
  async (_claim, found, text) => {
    const { cwd, bare } = home()
    const env = { ...bare, ...found }
    const server = await serve(cwd, env)
    expect(server.log()).toContain(text)
    const ready = await fetch(`${server.url}/ready`)
    expect([ready.status, await ready.json()]).toMatchObject([
      503,
      { checks: { models: { ok: false, detail: text } } },
    ])
    const answer = await fetch(`${server.url}/api/v1/claw/clerk/sessions/a/message`, {
      method: 'POST',
      body: JSON.stringify({ message: 'File this.' }),
    })
    expect([answer.status, await answer.json()]).toMatchObject([
      503,
      { code: 'provider_setup_missing', message: text },
    ])
  },
)

test('a program is recorded with Bedrock and replayed without it', async () => {
  const bedrock = await startBedrockServer(converseAnswer([{ text: 'Hello from Nova.' }]))
  const { cwd, bare } = home(greeter(bedrock.url))
  const run = (env: Readonly<Record<string, string>>) =>
    runBin('neam', ['agents.neam'], { cwd, env: { ...bare, ...env } })
  const recorded = await run({
    NEAM_LLM_RECORD: 'cassettes',
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'AKIAENV',
    AWS_SECRET_ACCESS_KEY: SECRET,
  })
  expect(recorded).toMatchObject({ code: 0, stdout: 'Hello from Nova.\n' })
  expect(await run({ NEAM_LLM_REPLAY: 'cassettes' })).toMatchObject({ code: 0, stdout: 'Hello from Nova.\n' })
  expect(bedrock.requests).toHaveLength(1)
})
