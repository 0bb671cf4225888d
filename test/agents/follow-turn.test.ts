import { expect, test } from '@jest/globals'
import { ask } from '../../agents/claw/ask.ts'
import { type FollowedEvent, TurnFollower } from '../../agents/claw/follow-turn.ts'
import { resumeTurn } from '../../agents/claw/resume.ts'
import type { ModelProvider } from '../../agents/ports/model.ts'
import { eventStream } from '../../lambda/claw/event-stream.ts'
import type { RouteRequest } from '../../lambda/edge.ts'
import { message } from '../support/asking.ts'
import { faultOf } from '../support/faults.ts'
import { CALL_USAGE } from '../support/scripted-model.ts'
import { type TestWorld, testWorld } from '../support/world.ts'

const PROGRAM = `
channel web { type: "http" }
guard manners { description: "m" on_output(text) { return text; } }
guardchain polite = [manners];
claw agent Bot { provider: "openai" model: "gpt-4o-mini" channels: [web] }
claw agent Guarded { provider: "openai" model: "gpt-4o-mini" channels: [web] guards: [polite] }
`
const NEVER = new AbortController().signal

function gate() {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { open, opened }
}

/** A model that writes half of its answer, and the rest when it may. */
function halting() {
  const half = gate()
  const rest = gate()
  const provider: ModelProvider = {
    free: true,
    async complete(_request, { listener }) {
      listener?.delta('Half of ')
      half.open()
      await rest.opened
      listener?.delta('it.')
      return { text: 'Half of it.', toolCalls: [], usage: CALL_USAGE, stopReason: 'stop' }
    },
  }
  return { models: { for: async () => provider }, half, rest }
}

/** Accepts a message; nobody works on it yet. */
async function accepted(place: TestWorld, agent: string) {
  const handOver = { at: place.clock.now(), leastMs: 1 }
  await faultOf(ask(place.world, message(place, 'Hello', { agent, turn: 'turn1', handOver })))
  return { agent, key: 'default', turn: 'turn1' }
}

const work = (place: TestWorld, turn: { agent: string; key: string; turn: string }) =>
  resumeTurn(place.world, turn, {
    deadlineAt: place.clock.now() + 900_000,
    signal: NEVER,
    requestId: null,
    holding: [],
  })

async function all(events: AsyncIterable<FollowedEvent>): Promise<string[]> {
  const told: string[] = []
  for await (const event of events) {
    if (event.kind !== 'idle') told.push('text' in event ? `${event.kind} ${event.text}` : event.kind)
  }
  return told
}

test('whoever comes back in the middle of a text is told to forget its parts, and gets them from the beginning', async () => {
  const { models, half, rest } = halting()
  const place = testWorld(PROGRAM, { parts: { models } })
  const turn = await accepted(place, 'Bot')
  const first = new TurnFollower(place.world, turn)
  const working = work(place, turn)
  await half.opened
  first.leave()
  const second = new TurnFollower(place.world, turn)
  const events = second.events({ after: 1, signal: NEVER })
  expect((await events.next()).value).toEqual({ kind: 'message.reset' })
  expect((await events.next()).value).toEqual({ kind: 'message.delta', text: 'Half of ' })
  rest.open()
  await working
  // What is finished when it is read is given whole, and not in parts.
  expect((await all(events)).slice(-2)).toEqual(['message.done Half of it.', 'turn.over'])
  second.leave()
})

test('a guarded answer is told to no follower while it is written', async () => {
  const { models, half, rest } = halting()
  const place = testWorld(PROGRAM, { parts: { models } })
  const turn = await accepted(place, 'Guarded')
  const follower = new TurnFollower(place.world, turn)
  const told = all(follower.events({ after: 0, signal: NEVER }))
  const working = work(place, turn)
  await half.opened
  rest.open()
  await working
  follower.leave()
  expect(await told).toEqual(['turn.started', 'message.done Half of it.', 'turn.over'])
})

test('a stream in which nothing happens is kept open by comments, and a turn left lying is taken up', async () => {
  const place = testWorld(PROGRAM)
  const turn = await accepted(place, 'Bot')
  const shutdown = new AbortController()
  const request = {
    system: async () => ({ world: place.world }),
    edge: { shutdown: shutdown.signal, log: () => {} },
    requestId: 'one',
  } as unknown as RouteRequest
  const begun = place.clock.now()
  const { body } = await eventStream(request, { place: turn, after: 1 })
  const parts = body as AsyncGenerator<string>
  expect((await parts.next()).value).toBe(': keep-alive\n\n')
  expect(place.clock.now() - begun).toBe(15_000)
  await parts.next()
  expect(place.handedOver).toContainEqual(turn)
  shutdown.abort()
  expect(await parts.next()).toEqual({ done: true, value: undefined })
})
