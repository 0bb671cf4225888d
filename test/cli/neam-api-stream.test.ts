import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from '@jest/globals'
import { type OpenAIServer, startOpenAIServer } from '../support/openai-server.ts'
import { type Server, startServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const PROGRAM = `
channel web { type: "http" }
skill look { description: "Looks" params: { what: string } impl(what) { return f"found {what}"; } }
skill pay { description: "Pays" sensitive: true impl() { return "paid"; } }
guard manners { description: "m" on_output(text) { return f"{text} Goodbye."; } }
guardchain polite = [manners];
claw agent Open { provider: "openai" model: "gpt-4o-mini" channels: [web] skills: [look, pay] }
claw agent Guarded { provider: "openai" model: "gpt-4o-mini" channels: [web] guards: [polite] }
`
const EVENTS = { accept: 'text/event-stream' }
const LOOK = { name: 'look', arguments: '{"what": "it"}' }

let model: OpenAIServer
let server: Server

beforeEach(async () => {
  model = await startOpenAIServer()
  server = await startApi()
}, 20_000)

async function startApi(env: Readonly<Record<string, string>> = {}): Promise<Server> {
  const directory = temporaryDirectory()
  writeFileSync(join(directory, 'agents.neam'), PROGRAM)
  return await startServer(
    'bin/neam-api.js',
    ['--program', join(directory, 'agents.neam')],
    {
      OPENAI_API_KEY: 'key',
      OPENAI_BASE_URL: model.url,
      NEAM_SESSIONS_DIR: join(directory, 'sessions'),
      ...env,
    },
    directory,
  )
}

const send = (agent: string, headers: Readonly<Record<string, string>> = {}) =>
  fetch(`${server.url}/api/v1/claw/${agent}/sessions/ann/message`, {
    method: 'POST',
    headers: { ...EVENTS, ...headers },
    body: '{"message": "Hello"}',
  })

interface Sent {
  readonly id: string | null
  readonly event: string
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the event holds
  readonly data: any
}

function eventsIn(text: string): Sent[] {
  return text
    .split('\n\n')
    .filter((frame) => frame !== '' && !frame.startsWith(':'))
    .map((frame) => {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(frame)?.[1] ?? null
      return { id: field('id'), event: field('event')!, data: JSON.parse(field('data')!) }
    })
}

const short = ({ id, event, data: { text, name, code } }: Sent) =>
  [id, event, text ?? name ?? code].filter((part) => part != null).join(' ')

describe('Accept: text/event-stream on the message route', () => {
  test('gives tokens and tool events while they come, and the same usage as without', async () => {
    model.script({ text: 'Let me see.', toolCalls: [LOOK] }, { text: 'It is there.' })
    const answer = await send('Open')
    expect(answer.headers.get('content-type')).toBe('text/event-stream')
    const events = eventsIn(await answer.text())
    expect(events.map(short)).toEqual([
      '1 turn.started',
      'message.delta Let ',
      'message.delta me ',
      'message.delta see.',
      '2 message.done Let me see.',
      '3 tool.call look',
      '5 tool.result look',
      'message.delta It ',
      'message.delta is ',
      'message.delta there.',
      '6 message.done It is there.',
      '8 turn.done',
    ])
    expect(events.at(-1)?.data).toMatchObject({
      status: 'completed',
      response: 'It is there.',
      usage: { tokens: 240 },
    })
    expect(model.requests.map(({ body }) => body.stream)).toEqual([true, true])
  })

  test('shows no token before the guards have passed the answer', async () => {
    model.script({ text: 'It is there.' })
    const events = eventsIn(await (await send('Guarded')).text())
    expect(events.map(short)).toEqual([
      '1 turn.started',
      '3 message.done It is there. Goodbye.',
      '4 turn.done',
    ])
    expect(model.requests[0]?.body.stream).toBeUndefined()
  })

  test('a stream of the model that breaks is made again, and what it gave does not count', async () => {
    model.script({ fault: 'cut' }, { text: 'Whole again.' })
    const events = eventsIn(await (await send('Open')).text())
    expect(events.map(({ event, data }) => [event, data.text])).toEqual([
      ['turn.started', undefined],
      ['message.delta', 'Half'],
      ['message.reset', undefined],
      ['message.delta', 'Whole '],
      ['message.delta', 'again.'],
      ['message.done', 'Whole again.'],
      ['turn.done', undefined],
    ])
  })

  test('a model that refuses ends the stream with its failure', async () => {
    model.script({ status: 401 })
    const events = eventsIn(await (await send('Open')).text())
    expect(events.at(-1)).toMatchObject({
      event: 'turn.error',
      data: { status: 'failed', code: 'provider_auth' },
    })
  })

  test('what is refused before it is accepted is refused with its status', async () => {
    const refused = await send('Nobody')
    expect([refused.status, refused.headers.get('content-type')]).toEqual([404, 'application/json'])
  })

  test('ends where a person has to decide, and goes on from there after the decision', async () => {
    model.script({ toolCalls: [{ name: 'pay', arguments: '{}' }] }, { text: 'Paid.' })
    const events = eventsIn(await (await send('Open')).text())
    const { id, event, data } = events.at(-1)!
    expect([id, event, data.tool]).toEqual(['4', 'confirmation.pending', 'pay'])
    await fetch(`${server.url}/api/v1/confirm`, {
      method: 'POST',
      body: JSON.stringify({ trace_id: data.trace_id, action: 'approve' }),
    })
    const rest = await fetch(server.url + events[0]!.data.events_url, {
      headers: { ...EVENTS, 'last-event-id': '4' },
    })
    expect(eventsIn(await rest.text()).map((each) => each.event)).toEqual([
      'tool.result',
      'message.done',
      'turn.done',
    ])
  })
})

describe('a client that goes away', () => {
  test('does not end the turn, and with Last-Event-ID gets what it missed, once', async () => {
    let goOn = () => {}
    const held = new Promise<void>((resolve) => {
      goOn = resolve
    })
    model.script({ toolCalls: [LOOK] }, { text: 'It is there.', after: held })
    const gone = new AbortController()
    const answer = await fetch(`${server.url}/api/v1/claw/Open/sessions/ann/message`, {
      method: 'POST',
      headers: EVENTS,
      body: '{"message": "Hello"}',
      signal: gone.signal,
    })
    const seen: Sent[] = []
    let text = ''
    for await (const chunk of answer.body!) {
      text += Buffer.from(chunk).toString()
      seen.splice(0, seen.length, ...eventsIn(text.slice(0, text.lastIndexOf('\n\n') + 2)))
      if (seen.some(({ event }) => event === 'tool.result')) break
    }
    gone.abort()
    goOn()
    const { id } = seen.at(-1)!
    const url = server.url + seen[0]!.data.events_url
    const rest = eventsIn(
      await (await fetch(url, { headers: { ...EVENTS, 'last-event-id': id! } })).text(),
    ).filter((each) => each.id !== null)
    const all = (await (await fetch(url)).json()) as { events: { id: number; event: string }[] }
    expect([...seen, ...rest].map((each) => [Number(each.id), each.event])).toEqual(
      all.events.map((each) => [each.id, each.event]),
    )
    expect(rest.at(-1)?.event).toBe('turn.done')
  })

  test('sends a new message with an old Last-Event-ID: it misses nothing of the new turn', async () => {
    model.script({ text: 'Hi.' })
    const events = eventsIn(await (await send('Open', { 'last-event-id': '7' })).text())
    expect([events[0]?.event, events.at(-1)?.event]).toEqual(['turn.started', 'turn.done'])
  })

  test('a Last-Event-ID that is no id is refused: 400', async () => {
    expect((await send('Open', { 'last-event-id': 'x' })).status).toBe(400)
  })
})

test('SIGTERM waits for the turn of a stream', async () => {
  let asked = () => {}
  const request = new Promise<void>((resolve) => {
    asked = resolve
  })
  let goOn = () => {}
  const held = new Promise<void>((resolve) => {
    goOn = resolve
  })
  model.always(() => {
    asked()
    return { text: 'Done.', after: held }
  })
  const answer = await send('Open')
  await request
  const stopped = server.stop()
  goOn()
  expect(eventsIn(await answer.text()).at(-1)?.event).toBe('turn.done')
  expect(await stopped).toBe(0)
})

test('a stream is a request in hand until its end, for NEAM_CONCURRENT_REQUESTS', async () => {
  let goOn = () => {}
  const held = new Promise<void>((resolve) => {
    goOn = resolve
  })
  server = await startApi({ NEAM_CONCURRENT_REQUESTS: '1' })
  model.script({ text: 'Done.', after: held })
  const answer = await send('Open')
  const list = async () => (await fetch(`${server.url}/api/v1/claw`)).status
  expect(await list()).toBe(429)
  goOn()
  expect(eventsIn(await answer.text()).at(-1)?.event).toBe('turn.done')
  // The client may know of the end before the server has counted it.
  let status = await list()
  while (status === 429) status = await list()
  expect(status).toBe(200)
})
