import { readdirSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from '@jest/globals'
import { startForge } from '../../agents/forge/start.ts'
import type { World } from '../../agents/world.ts'
import { takeUpLeftRuns } from '../../runtime/unfinished-runs.ts'
import { type TestApi, testApi } from '../support/system.ts'
import { temporaryDirectory } from '../support/temporary.ts'

let directory: string
let api: TestApi
let logged: Readonly<Record<string, unknown>>[]
beforeEach(async () => {
  directory = temporaryDirectory()
  api = await testApi({ directory })
  logged = []
})

/** A run that another process began and does not drive any more, for sixteen seconds. */
async function leftRun(): Promise<string> {
  const other = await testApi({ directory })
  const { run } = await startForge(other.system.world, { agent: 'code_builder', driver: 'asl' })
  const state = join(directory, '.neam/state/forge')
  const then = Date.now() / 1000 - 16
  for (const path of readdirSync(state, { recursive: true }))
    utimesSync(join(state, String(path)), then, then)
  return run
}

/** Looks so often, and waits after each look until what was taken up has ended. */
async function look(
  times: number,
  { resume = api.driver.resume, runs }: { resume?: typeof api.driver.resume; runs?: World['runs'] } = {},
) {
  const over = new AbortController()
  let looks = 0
  const world: World = {
    ...api.system.world,
    ...(runs === undefined ? {} : { runs }),
    timers: {
      ...api.system.world.timers,
      sleep: async () => {
        await api.driver.idle()
        looks += 1
        if (looks > times) over.abort()
      },
    },
  }
  await takeUpLeftRuns({ world: () => world, resume, log: (record) => logged.push(record) }, over.signal)
}

const status = async () => (await api.call('GET', '/api/v1/forge/code_builder/status')).body

describe('a server that shares its tree', () => {
  test('goes on with a run that another process has left, and says so', async () => {
    const run = await leftRun()
    await look(1)
    expect(logged).toEqual([{ level: 'info', message: 'forge run taken up', agent: 'code_builder', run }])
    expect(await status()).toMatchObject({ run, running: false, last_outcome: 'completed' })
  })

  test('does not touch a run of which something was heard just now', async () => {
    const other = await testApi({ directory })
    await startForge(other.system.world, { agent: 'code_builder', driver: 'asl' })
    await look(2)
    expect(logged).toEqual([])
    expect(await status()).toMatchObject({ running: true, iteration: 0 })
  })

  test('takes a run up once: one that fails here again is ended by whoever asks for it', async () => {
    const run = await leftRun()
    const resumed: (readonly string[])[] = []
    const resume: typeof api.driver.resume = async (runs) => {
      resumed.push(runs.map((one) => one.run))
    }
    await look(3, { resume })
    expect(resumed).toEqual([[run], [], []])
  })

  test('tells of a look that failed once, and looks on', async () => {
    const { runs } = api.system.world
    let heads = 0
    const failing = new Proxy(runs, {
      get: (target, name) => {
        if (name === 'head') {
          return async () => {
            heads += 1
            throw new Error('EIO')
          }
        }
        const member: unknown = Reflect.get(target, name)
        return typeof member === 'function' ? member.bind(target) : member
      },
    })
    await look(3, { runs: failing })
    expect(heads).toBe(3)
    expect(logged).toMatchObject([{ level: 'error', message: 'looking for forge runs failed' }])
    expect(logged).toHaveLength(1)
  })
})
