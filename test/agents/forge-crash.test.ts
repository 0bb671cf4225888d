import { describe, expect, test } from '@jest/globals'
import { iterate } from '../../agents/forge/iterate.ts'
import type { RunState } from '../../agents/forge/run-state.ts'
import { startForge } from '../../agents/forge/start.ts'
import type { Checkpoint, CheckpointRequest } from '../../agents/ports/checkpoints.ts'
import type { World } from '../../agents/world.ts'
import { Killer } from './forge-killer.ts'
import { ForgePlace, taskOf, text, writeFile } from './forge-world.ts'

const PLAN = 'first task\nsecond task\n'

/** A checkpoint that outlives processes and keeps what it is asked for once. */
function recordedCheckpoints(kept: CheckpointRequest[]) {
  const checkpoint: Checkpoint = {
    adopt: async () => {},
    prepare: async () => ({ uncommitted: [] }),
    look: async () => ({ uncommitted: [] }),
    mark: async () => {},
    restore: async () => {},
    hasChanged: async () => true,
    async keep(request) {
      if (!kept.some(({ iteration }) => iteration === request.iteration)) kept.push(request)
      return `commit-${request.iteration}`
    },
  }
  return { checkpoints: { open: () => checkpoint, bundle: async () => null } }
}

async function drive(world: World, from: RunState): Promise<void> {
  let state = from
  for (;;) {
    const step = await iterate(world, state)
    if (step.kind !== 'next') return
    state = step.state
  }
}

describe('a run whose process is killed', () => {
  /** Kills the first process at effect `at`; a second one then drives the run from its beginning. */
  async function killedAt(at: number) {
    const kept: CheckpointRequest[] = []
    const place = new ForgePlace({
      files: { 'plan.txt': PLAN },
      loop: { promptFile: null },
      model: (request) =>
        request.messages.at(-1)!.role === 'tool'
          ? text('LEARNING: one thing')
          : writeFile(`${taskOf(request)}.txt`, 'content'),
      verify: ({ current_task }) => place.read(`${current_task}.txt`) === 'content',
    })
    const config = await startForge(
      place.boot(() => recordedCheckpoints(kept)),
      { agent: 'Builder', driver: 'asl' },
    )
    const first: RunState = { agent: 'Builder', run: config.run, epoch: config.epoch, iteration: 1 }
    const killer = new Killer(at)
    const process = place.boot((world) => killer.world({ ...world, ...recordedCheckpoints(kept) }))
    await Promise.race([drive(process, first), killer.death])
    place.died(process)
    const heir = place.boot(() => recordedCheckpoints(kept))
    await drive(heir, first)
    return { place, kept, killed: killer.killed, outcome: await heir.runs.outcome(config), heir, config }
  }

  test('at any effect completes, with each task done and kept once', async () => {
    let at = 0
    const audited: number[] = []
    for (;;) {
      at += 1
      const { place, kept, killed, outcome, heir, config } = await killedAt(at)
      const facts = {
        at,
        outcome: outcome?.outcome,
        iterations: outcome?.iterations,
        done: place.lines('progress.jsonl').map(({ task }) => task),
        kept: kept.map(({ task }) => task),
        learnings: place.lines('learnings.jsonl').length,
        // What tries that died have used is part of the total: 120 tokens a call, or what was reserved for it.
        countsEachCall: (outcome?.totalTokens ?? 0) >= 120 * place.requests.length,
        records: (await heir.runs.iterations(config)).map(({ verdict }) => verdict.kind),
        told: new Set(place.notices.map(({ run }) => run)),
        owed: (await heir.outbox.list()).owed,
      }
      expect(facts).toEqual({
        at,
        outcome: 'completed',
        iterations: 2,
        done: ['first task', 'second task'],
        kept: ['first task', 'second task'],
        learnings: 1,
        countsEachCall: true,
        records: ['done', 'done'],
        told: new Set([config.run]),
        owed: [],
      })
      audited.push(place.audit.filter(({ event }) => event === 'forge.end').length)
      if (!killed) break
    }
    // One who dies after the audit record was written and before that was noted leaves it to be written again.
    expect(Math.min(...audited)).toBe(1)
    expect(audited.filter((records) => records > 1)).toHaveLength(1)
    // The whole run was covered, not just its beginning.
    expect(at).toBeGreaterThan(35)
  }, 60_000)
})
