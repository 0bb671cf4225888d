// A disk on which every call takes long, as EFS without burst credits (reliability 3.4, D11).
import { describe, expect, test } from '@jest/globals'
import { ask } from '../../agents/claw/ask.ts'
import { history } from '../../agents/claw/history.ts'
import { Fault } from '../../agents/ports/fault.ts'
import { nodeFs } from '../../stores/tree/node-fs.ts'
import { BOT } from '../support/agent-programs.ts'
import { message } from '../support/asking.ts'
import { faultOf } from '../support/faults.ts'
import { type SlowDisk, slowDisk } from '../support/fs-slow.ts'
import { ScriptedModel, says } from '../support/scripted-model.ts'
import { type TestWorld, testWorld } from '../support/world.ts'

/** A claw agent on a disk that can become slow. */
function botOn(): { readonly t: TestWorld; readonly disk: SlowDisk } {
  let disk: SlowDisk | undefined
  const t = testWorld(BOT, {
    model: new ScriptedModel(),
    disk: (clock) => {
      disk = slowDisk(nodeFs, (ms) => clock.pass(ms))
      return disk.fs
    },
  })
  return { t, disk: disk! }
}

describe('a turn that runs out of time on a slow disk', () => {
  test('fails as storage_slow before its model is called, and says which call was slowest', async () => {
    const { t, disk } = botOn()
    disk.slow(6000, (operation) => operation === 'fsync')
    const fault = await faultOf(ask(t.world, message(t, 'hi', { deadlineAt: t.clock.now() + 5000 })))
    expect([fault.code, fault.retryAfterMs, fault.data]).toEqual([
      'storage_slow',
      5000,
      {
        doing: 'starting a model call',
        storage_ms: expect.any(Number),
        of_ms: fault.data.storage_ms,
        operation: 'fsync',
        files: 'sessions',
        slowest_ms: 6000,
      },
    ])
    expect(t.model.requests).toEqual([])
  })

  test('stays open: the same turn id is answered when the disk is well again', async () => {
    const { t, disk } = botOn()
    disk.slow(6000, (operation) => operation === 'fsync')
    const turn = { turn: 'turn-1', deadlineAt: t.clock.now() + 5000 }
    await faultOf(ask(t.world, message(t, 'hi', turn)))
    disk.mend()
    t.model.answer(says('hello'))
    expect((await ask(t.world, message(t, 'hi', { turn: 'turn-1' }))).response).toBe('hello')
    expect((await history(t.world, { agent: 'Bot', key: 'default' })).map(({ content }) => content)).toEqual([
      'hi',
      'hello',
    ])
  })

  test('fails as deadline_exceeded where the model took the time', async () => {
    const { t, disk } = botOn()
    disk.slow(1)
    t.model.answer(() => {
      t.clock.pass(60_000)
      return new Fault('provider_timeout', { provider: 'openai' })
    })
    expect((await faultOf(ask(t.world, message(t, 'hi')))).code).toBe('deadline_exceeded')
  })
})
