// Trees that earlier releases left on disk, unpacked and used by this one. A change of a format adds a tree here and
// keeps the others: what users have on their file systems is never given up.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { examine } from '../../runtime/doctor.ts'
import { testApi } from '../support/system.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const TREES = join(import.meta.dirname, 'trees')
const KEYS = { NEAM_API_KEY: 'fixture-api-key-1', NEAM_ADMIN_KEY: 'fixture-admin-key' }
const api = { headers: { authorization: 'Bearer fixture-api-key-1' } }
const admin = { headers: { authorization: 'Bearer fixture-admin-key' } }

const MINUTE = 60_000
const YEAR = 365 * 24 * 60 * MINUTE

/** The API of examples/agents.neam over a copy of a tree, some time after the tree was made, in milliseconds. */
async function over(name: string, later = MINUTE) {
  const directory = temporaryDirectory()
  execFileSync('tar', ['xzf', join(TREES, name), '-C', directory])
  const environment = {
    ...KEYS,
    NEAM_SESSIONS_DIR: join(directory, 'sessions'),
    NEAM_STATE_DIR: join(directory, 'state'),
    NEAM_WORKSPACE_DIR: join(directory, 'workspace'),
  }
  const { created } = JSON.parse(readFileSync(join(directory, 'sessions/.tree.json'), 'utf8'))
  return await testApi({ directory, environment, clock: { now: () => Date.parse(created) + later } })
}
const ANN = '/api/v1/claw/support_bot/sessions/ann'

describe.each(readdirSync(TREES))('the tree %s', (name) => {
  test('is sound', async () => {
    const { system } = await over(name)
    expect(examine(system.settings, false)).toEqual([])
  })

  test('has its sessions, their history and archive, and the answer of a message that comes again', async () => {
    const { call } = await over(name)
    const { body: list } = await call('GET', '/api/v1/claw/support_bot/sessions', api)
    expect(list.sessions.map((session: { session_key: string }) => session.session_key).toSorted()).toEqual([
      'ann',
      'Änn /1',
    ])
    const { body: exported } = await call('GET', `${ANN}/export`, api)
    expect(exported.messages).toMatchObject([
      { role: 'user', content: 'It is me again.' },
      { role: 'assistant' },
    ])
    expect(exported.archives).toMatchObject([{ reason: 'manual', messages: 4 }])
    const { body: archived } = await call('GET', `${ANN}/export?archive=${exported.archives[0].file}`, api)
    expect(archived.messages[0].content).toBe('What is the status of order ORD-12345?')
    const again = await call('POST', `${ANN}/message`, {
      headers: { ...api.headers, 'idempotency-key': 'first' },
      body: JSON.stringify({ message: 'What is the status of order ORD-12345?' }),
    })
    expect(again.body).toMatchObject({
      response: '[offline model] lookup_order: Order ORD-12345: Shipped, arriving Tuesday',
      turn_id: 'i28e910006befff9f59b5cece80f325e16a900740',
    })
  })

  test('takes further messages', async () => {
    const { call } = await over(name)
    const body = JSON.stringify({ message: 'What is the status of order ORD-7?' })
    expect((await call('POST', `${ANN}/message`, { ...api, body })).status).toBe(200)
    const { body: history } = await call('GET', `${ANN}/history`, api)
    expect(history.messages).toHaveLength(4)
  })

  test('takes a message a year later, in a new session, and keeps what was said before', async () => {
    const { call } = await over(name, YEAR)
    const body = JSON.stringify({ message: 'What is the status of order ORD-7?' })
    expect((await call('POST', `${ANN}/message`, { ...api, body })).status).toBe(200)
    const { body: exported } = await call('GET', `${ANN}/export`, api)
    expect(exported.messages).toHaveLength(2)
    expect(exported.archives).toMatchObject([
      { reason: 'manual', messages: 4 },
      { reason: 'idle', messages: 2 },
    ])
  })

  test('has its runs, and what was disabled stays so', async () => {
    const { call } = await over(name)
    expect((await call('GET', '/api/v1/forge/code_builder/status', api)).body).toMatchObject({
      last_outcome: 'completed',
      tasks_completed: 1,
    })
    expect((await call('GET', '/api/v1/admin/status', admin)).body.disabled_agents).toEqual(['code_builder'])
    const start = await call('POST', '/api/v1/forge/code_builder/start', { ...api, body: '{}' })
    expect([start.status, start.body.code]).toEqual([503, 'agent_disabled'])
  })
})
