import { beforeAll, describe, expect, test } from '@jest/globals'
import { moduleOf, type TestApi, testApi } from '../support/system.ts'

const BOT = `
channel web { type: "http" }
claw agent support_bot {
  provider: "openai"
  model: "gpt-4o"
  channels: [web]
  session: { max_history_turns: 3 compaction: "manual" }
}
`
const AGENT = '/api/v1/claw/support_bot'

const talk = async (api: TestApi, key: string, turns: number): Promise<void> => {
  for (let n = 1; n <= turns; n += 1) {
    await api.call('POST', `${AGENT}/sessions/${key}/message`, { body: { message: `Question ${n}` } })
  }
}

describe('the compact routes', () => {
  let api: TestApi
  beforeAll(async () => {
    api = await testApi({ module: moduleOf(BOT) })
    for (const key of ['a', 'b', 'c']) await talk(api, key, 4)
  })

  test('compact the session in the path', async () => {
    const { status, body } = await api.call('POST', `${AGENT}/sessions/a/compact`)
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        agent: 'support_bot',
        status: 'compacted',
        turns_before: 4,
        turns_after: 2,
        summary_length: expect.any(Number),
      },
    })
    expect(body.summary_length).toBeGreaterThan(0)
  })

  test('compact the session that the body names', async () => {
    const { body } = await api.call('POST', `${AGENT}/compact`, { body: { session_key: 'b' } })
    expect(body).toMatchObject({ status: 'compacted', turns_before: 4, turns_after: 2 })
  })

  test('compact all sessions of the agent, down to the newest turns, and then find nothing to do', async () => {
    const turns = async () => {
      const { body } = await api.call('POST', `${AGENT}/compact`)
      return [body.status, body.turns_before, body.turns_after]
    }
    expect(await turns()).toEqual(['compacted', 2 + 2 + 4, 1 + 1 + 2])
    expect(await turns()).toEqual(['compacted', 4, 3])
    expect(await turns()).toEqual(['not_needed', 3, 3])
  })

  test('refuse other fields, and agents that are not there', async () => {
    const wrong = await api.call('POST', `${AGENT}/compact`, { body: { key: 'a' } })
    expect([wrong.status, wrong.body.code]).toEqual([400, 'bad_request'])
    const extra = await api.call('POST', `${AGENT}/sessions/a/compact`, { body: { session_key: 'b' } })
    expect(extra.status).toBe(400)
    const missing = await api.call('POST', '/api/v1/claw/nobody/compact')
    expect([missing.status, missing.body.code]).toEqual([404, 'agent_not_found'])
  })
})
