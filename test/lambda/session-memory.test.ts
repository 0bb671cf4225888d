import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from '@jest/globals'
import { testApi } from '../support/system.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const SESSIONS = 80
const WARM_UP = 30
/** Characters of a message. */
const LENGTH = 32_000

test('what a process keeps of the sessions that it has served does not grow with their number', async () => {
  const api = await testApi({ environment: { NEAM_AUDIT_SINK: 'none' } })
  const say = async (key: string, message: string) => {
    const { status } = await api.call('POST', `/api/v1/claw/support_bot/sessions/${key}/message`, {
      body: { message },
    })
    expect(status).toBe(200)
  }
  const serve = async (from: number, to: number) => {
    for (let n = from; n < to; n++) {
      await say(`user_${n}`, `I am number ${n}. `.padEnd(LENGTH, 'So it goes. '))
      await say(`user_${n}`, 'Where is ORD-12345?')
    }
    collect()
    return process.memoryUsage().heapUsed
  }
  // Code that is compiled and figures of the newest requests come first.
  const before = await serve(0, WARM_UP)
  const after = await serve(WARM_UP, WARM_UP + SESSIONS)
  // One copy of each first message would be twice as much.
  expect(after - before).toBeLessThan((SESSIONS * LENGTH) / 2)
}, 120_000)
