import { expect, test } from '@jest/globals'
import { iterate } from '../../agents/forge/iterate.ts'
import { startForge } from '../../agents/forge/start.ts'
import { Killer } from './forge-killer.ts'
import { ForgePlace } from './forge-world.ts'

const request = {
  agent: 'Builder',
  driver: 'asl',
  plan: 'only task\n',
  files: { 'wish.md': 'as small as can be' },
  once: { run: 'i0123456789', fingerprint: 'f' },
} as const

/** A start whose process is killed at effect `at`, and its repetition by another process. */
async function repeatedAfterKillAt(at: number) {
  const place = new ForgePlace({ loop: { promptFile: null } })
  const killer = new Killer(at)
  const dying = place.boot((world) => killer.world(world))
  await Promise.race([startForge(dying, request), killer.death])
  place.died(dying)
  const heir = place.boot()
  const config = await startForge(heir, request)
  const step = await iterate(heir, { ...config, iteration: 1 })
  return { place, killed: killer.killed, run: config.run, step, runs: await heir.runs.list('Builder') }
}

test('a start that died at any effect is finished by its repetition: one run, with its plan and its files', async () => {
  let at = 0
  for (;;) {
    at += 1
    const { place, killed, run, step, runs } = await repeatedAfterKillAt(at)
    expect({
      at,
      run,
      kind: step.kind,
      runs: runs.map((head) => [head.run, head.outcome?.message]),
      wish: place.read('wish.md'),
      work: place.read('only task.txt'),
    }).toEqual({
      at,
      run: request.once.run,
      kind: 'done',
      runs: [[request.once.run, 'All 1 tasks verified successfully.']],
      wish: 'as small as can be',
      work: 'content',
    })
    if (!killed) break
  }
  expect(at).toBeGreaterThan(5)
}, 60_000)
