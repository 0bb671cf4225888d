import { describe, expect, test } from '@jest/globals'
import { compact } from '../../agents/claw/compact.ts'
import type { Timers } from '../../agents/ports/time.ts'
import { testTree, virtualTime } from '../support/fs-tree.ts'
import { overriding } from '../support/overriding.ts'
import { says } from '../support/scripted-model.ts'
import { type TestWorld, testWorld } from '../support/world.ts'
import { MANUAL, memory, request, talk } from './compaction-world.ts'

/** Opens once `count` have come to it, or when it is told to. */
function gate(count: number): { come(): Promise<void>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  let missing = count
  return {
    open: resolve,
    come() {
      missing -= 1
      if (missing <= 0) resolve()
      return promise
    },
  }
}

describe('MEMORY.md', () => {
  test('keeps the facts of two sessions that two processes compact at the same moment', async () => {
    // Each stops after it has read the file until the other has read it too, or waits for its turn.
    const bothHaveRead = gate(2)
    const first = testWorld(MANUAL)
    const process = (): TestWorld => {
      const { clock, timers: virtual } = virtualTime()
      const timers: Timers = {
        ...virtual,
        async sleep(ms, signal) {
          bothHaveRead.open()
          await virtual.sleep(ms, signal)
        },
      }
      const t = testWorld(MANUAL, {
        root: first.root,
        parts: { ...testTree(first.root, { clock, timers }), clock, timers },
      })
      const workspaces = overriding(t.world.workspaces, {
        async open(root) {
          const workspace = await t.world.workspaces.open(root)
          return overriding(workspace, {
            async read(path) {
              const text = await workspace.read(path)
              await bothHaveRead.come()
              return text
            },
          })
        },
      })
      return { ...t, world: { ...t.world, workspaces } }
    }
    const [alice, bob] = [process(), process()]
    await talk(alice, 4, 'alice')
    await talk(bob, 4, 'bob')
    alice.model.answer(says('## Facts\n- Alice likes tea.\n## Summary\nTea.'))
    bob.model.answer(says('## Facts\n- Bob likes coffee.\n## Summary\nCoffee.'))
    await Promise.all([
      compact(alice.world, request(alice, 'alice')),
      compact(bob.world, request(bob, 'bob')),
    ])
    expect(memory(first)).toContain('- Alice likes tea.')
    expect(memory(first)).toContain('- Bob likes coffee.')
  })

  test('that another process changes without end leaves the history as it was', async () => {
    const t = testWorld(MANUAL)
    await talk(t, 4)
    t.model.answer(says('## Facts\n- It rains.\n## Summary\nRain.'))
    const fileLeases = { acquire: async () => null }
    await expect(compact({ ...t.world, fileLeases }, request(t))).rejects.toMatchObject({
      code: 'storage_unavailable',
      data: { problem: 'other sessions kept changing it for 15 seconds' },
    })
    expect((await t.world.sessions.open({ agent: 'Bot', key: 'default' })).messages).toHaveLength(8)
    expect(memory(t)).toBeNull()
  })
})
