import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { type DryRunRequest, dryRunForge } from '../../agents/forge/dry-run.ts'
import { type StartRequest, startForge } from '../../agents/forge/start.ts'
import { Fault, faultText } from '../../agents/ports/fault.ts'
import { ForgePlace, type ForgeWorldOptions } from './forge-world.ts'

const REQUEST = { agent: 'Builder', driver: 'inline' } as const satisfies StartRequest

const placeWith = (options: ForgeWorldOptions = {}): ForgePlace =>
  new ForgePlace({ agent: { checkpoint: 'git' }, ...options })

async function faultOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  )
  return error instanceof Fault ? `${error.code}: ${faultText(error)}` : `no fault: ${error}`
}

const warningsOf = async (place: ForgePlace, request: Partial<DryRunRequest> = {}) =>
  (await dryRunForge(place.boot(), { agent: 'Builder', ...request })).warnings

/** Every file below a folder, with its text. */
const filesIn = (folder: string): readonly (readonly [string, string])[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => statSync(join(folder, path)).isFile())
    .sort()
    .map((path) => [path, readFileSync(join(folder, path), 'latin1')])

describe('a dry run refuses what a start would refuse:', () => {
  test('an agent that is switched off', async () => {
    const place = placeWith()
    const world = place.boot()
    const at = '2026-11-21T10:00:00.000Z'
    await world.killSwitch.set('Builder', { disabled: true, reason: null, by: 'ann', at })
    expect(await faultOf(dryRunForge(world, REQUEST))).toBe('agent_disabled: agent Builder is disabled')
    expect(place.audit).toEqual([])
  })

  test('an agent that is at work', async () => {
    const place = placeWith()
    const { run } = await startForge(place.boot(), REQUEST)
    expect(await faultOf(dryRunForge(place.boot(), REQUEST))).toMatch(
      `already_running: forge agent Builder is already running (run ${run})`,
    )
  })

  test.each([
    ['files that belong to no repository', '', 'workspace_not_repository'],
    ['files of a repository above', 'parent', 'workspace_inside_repository'],
  ])('%s', async (_what, parent, code) => {
    const place = placeWith({ files: { 'mine.txt': 'x' } })
    if (parent !== '') execFileSync('git', ['init', '-q', place.directory])
    const dry = await faultOf(dryRunForge(place.boot(), REQUEST))
    expect(dry).toMatch(new RegExp(`^${code}: `))
    expect(await faultOf(startForge(place.boot(), REQUEST))).toBe(dry)
  })
})

describe('a dry run warns of', () => {
  test('changes that nobody committed, as a start does, and leaves workspace and tree as they are', async () => {
    const place = placeWith({
      files: { 'mine.txt': 'x', 'plan.txt': 'only task\n', 'prompt.md': 'Build it.' },
    })
    place.boot()
    execFileSync('git', ['init', '-q', place.workspace])
    const before = filesIn(place.directory)
    const warnings = await warningsOf(place)
    expect(warnings).toEqual([
      'uncommitted changes in the workspace (mine.txt): the first checkpoint commits them with its task',
    ])
    expect(filesIn(place.directory)).toEqual(before)
    await startForge(place.boot(), REQUEST)
    expect(place.warnings).toEqual(warnings.map((warning) => `Builder: ${warning}`))
  })

  test('a run whose process died, which it leaves as it is', async () => {
    const place = placeWith({ files: { 'plan.txt': 'only task\n', 'prompt.md': 'Build it.' } })
    const world = place.boot()
    const { run } = await startForge(world, REQUEST)
    place.died(world)
    const long = Date.now() / 1000 - 31
    utimesSync(join(place.directory, 'state/forge/Builder/run.0000000001.json'), long, long)
    expect(await warningsOf(place)).toEqual([
      `run ${run} of Builder was left unfinished: a new run ends it and keeps its verified tasks, neam-forge --resume goes on with it`,
    ])
    expect(await place.boot().runs.outcome({ agent: 'Builder', run })).toBeNull()
  })
})

test('a dry run without a tree asks none', async () => {
  const place = placeWith({ files: { 'plan.txt': 'only task\n', 'prompt.md': 'Build it.' } })
  const world = place.boot()
  const unasked = {
    get: () => {
      throw new Error('the tree was asked')
    },
  }
  const closed = Object.defineProperties({ ...world }, { runs: unasked, killSwitch: unasked })
  expect(await dryRunForge(closed, { agent: 'Builder', hasTree: false })).toMatchObject({ tasks_total: 1 })
})
