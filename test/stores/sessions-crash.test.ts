import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { Fault } from '../../agents/ports/fault.ts'
import { nodeFs } from '../../stores/tree/node-fs.ts'
import { type FsFault, faultyFs } from '../support/fs-faults.ts'
import { Children } from '../support/fs-processes.ts'
import { message, reset, SESSION } from '../support/fs-scenarios.ts'
import { sessionsDir, testTree } from '../support/fs-tree.ts'
import { realTimers } from '../support/real-timers.ts'
import { temporaryDirectory } from '../support/temporary.ts'

let children: Children
beforeAll(async () => {
  children = await Children.prepare()
})

/** What the history says, and that the view for people says the same. */
async function history(root: string): Promise<string[]> {
  const version = await testTree(root).sessions.open(SESSION)
  expect(version.degraded).toBe(false)
  const contents = version.messages.map(({ content }) => content)
  if (version.seq > 0) {
    const lines = readFileSync(
      join(sessionsDir(root), 'SupportBot', 'cli_user_alice', 'current.jsonl'),
      'utf8',
    )
    const shown = lines.split('\n').filter((line) => line !== '')
    expect(shown.map((line) => (JSON.parse(line) as { content: string }).content)).toEqual(contents)
  }
  return contents
}

const OLD = ['one', 'noted one']
const NEW = [...OLD, 'two', 'noted two']
const prepare = async (root: string): Promise<void> => {
  await message(testTree(root), 'one')
}

describe('killed at any file operation', () => {
  test('a message is in the history wholly or not at all, is not lost once accepted, and can be finished', async () => {
    const deaths = await children.killEverywhere({
      job: 'message',
      argument: 'two',
      prepare,
      async check(root, { output }) {
        expect([OLD, NEW]).toContainEqual(await history(root))
        if (output.includes('accepted')) {
          expect((await testTree(root).sessions.turn(SESSION, 'two'))?.intent.message).toBe('two')
        }
        // No lease of the dead is in the way, and nothing is done twice.
        await expect(message(testTree(root), 'two')).resolves.toBe('committed')
        expect(await history(root)).toEqual(NEW)
        expect((await testTree(root).sessions.turn(SESSION, 'two'))?.result?.status).toBe('completed')
      },
    })
    expect(deaths).toBeGreaterThan(50)
  }, 60_000)

  test('a reset is done or not, and what it removed is in the archive', async () => {
    const deaths = await children.killEverywhere({
      job: 'reset',
      argument: 'SESSION-2',
      prepare,
      async check(root) {
        const tree = testTree(root)
        expect([OLD, []]).toContainEqual(await history(root))
        await expect(reset(tree, 'SESSION-2')).resolves.toBe('reset')
        expect(await history(root)).toEqual([])
        const archive = join(sessionsDir(root), 'SupportBot', 'cli_user_alice', 'archive')
        const kept = readFileSync(join(archive, '2026-11-21_SESSION-1.jsonl'), 'utf8')
        expect(kept.split('\n').filter((line) => line !== '')).toHaveLength(OLD.length)
      },
    })
    expect(deaths).toBeGreaterThan(30)
  }, 60_000)
})

/** Meets a fault at every file operation in turn, until one try meets none. */
async function everywhere(
  fault: FsFault,
  job: (tree: ReturnType<typeof testTree>) => Promise<unknown>,
  check: (root: string, outcome: unknown) => Promise<void>,
): Promise<void> {
  for (let at = 1; ; at++) {
    const root = temporaryDirectory()
    await prepare(root)
    let met = false
    let armed = false
    const faulty = faultyFs(nodeFs, { at, fault, concerns: () => armed })
    const watching = new Proxy(faulty, {
      get(target, name: keyof typeof faulty) {
        return (...args: never[]) => {
          try {
            return (target[name] as (...args: never[]) => unknown)(...args)
          } catch (error) {
            if (String(error).includes('planted')) met = true
            throw error
          }
        }
      },
    })
    const tree = testTree(root, { fs: watching })
    armed = true
    const outcome = await job(tree).catch((error: unknown) => error)
    try {
      await check(root, outcome)
    } catch (error) {
      throw new Error(`${fault.kind} at file operation ${at}`, { cause: error })
    }
    if (!met) return
  }
}

const codeOf = (outcome: unknown): unknown => (outcome instanceof Fault ? outcome.code : outcome)

describe('an error of any file operation', () => {
  test.each([
    ['EIO', 'storage_unavailable'],
    ['ENOSPC', 'storage_full'],
    ['EDQUOT', 'storage_full'],
    ['ESTALE', 'storage_unavailable'],
  ] as const)(
    '%s: the message is committed, or a Fault says %s; the history is never mixed',
    async (code, expected) => {
      await everywhere(
        { kind: 'fail', code },
        (tree) => message(tree, 'two'),
        async (root, outcome) => {
          expect(['committed', expected]).toContain(codeOf(outcome))
          const left = await history(root)
          expect([OLD, NEW]).toContainEqual(left)
          if (outcome === 'committed') expect(left).toEqual(NEW)
          await message(testTree(root, { owner: { id: null, isDead: () => true } }), 'two')
          expect(await history(root)).toEqual(NEW)
        },
      )
    },
    60_000,
  )

  test('a lost reply does nothing twice', async () => {
    await everywhere(
      { kind: 'lost-reply', code: 'EIO' },
      (tree) => message(tree, 'two'),
      async (root, outcome) => {
        expect(['committed', 'storage_unavailable']).toContain(codeOf(outcome))
        if (outcome === 'committed') expect(await history(root)).toEqual(NEW)
        await message(testTree(root, { owner: { id: null, isDead: () => true } }), 'two')
        expect(await history(root)).toEqual(NEW)
      },
    )
  }, 60_000)

  test('a reset that met an error can be repeated', async () => {
    await everywhere(
      { kind: 'fail', code: 'ENOSPC' },
      (tree) => reset(tree, 'SESSION-2'),
      async (root, outcome) => {
        expect(['reset', 'storage_full']).toContain(codeOf(outcome))
        await reset(testTree(root, { owner: { id: null, isDead: () => true } }), 'SESSION-2')
        expect(await history(root)).toEqual([])
      },
    )
  }, 60_000)
})

/** Whether a process has come to a stop, as /proc tells. */
const isStopped = (pid: number): boolean => /\) T /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))

describe('several processes', () => {
  test('four writers on one session, two of them under leases that anyone may break: nothing lost, nothing twice', async () => {
    const root = temporaryDirectory()
    testTree(root)
    const writers = ['a,50,30000', 'b,50,30000', 'c,50,1', 'd,50,1'].map((job) =>
      children.start(root, 'write', job),
    )
    const outputs = (await Promise.all(writers.map(({ finished }) => finished))).map(({ output }) => output)
    const acknowledged = outputs.flatMap((output) =>
      [...output.matchAll(/acknowledged (\S+)/g)].map(([, turn]) => turn),
    )
    expect(acknowledged).toHaveLength(200)
    const version = await testTree(root).sessions.open(SESSION)
    const written = version.messages.filter(({ role }) => role === 'user').map(({ content }) => content)
    expect([...written].sort()).toEqual([...acknowledged].sort())
    expect(version.messages).toHaveLength(400)
  }, 60_000)

  test('one that was frozen while it held the lease commits behind what another wrote meanwhile, once', async () => {
    const root = temporaryDirectory()
    const tree = testTree(root, { clock: { now: () => Date.now() }, timers: realTimers })
    const frozen = children.start(root, 'freeze', 'frozen')
    while (!isStopped(frozen.process.pid!)) await realTimers.sleep(5)
    await expect(message(tree, 'other', { waitMs: 20_000 })).resolves.toBe('committed')
    frozen.process.kill('SIGCONT')
    await expect(frozen.finished).resolves.toMatchObject({ code: 0 })
    expect(await history(root)).toEqual(['other', 'noted other', 'frozen', 'noted frozen'])
    expect((await tree.sessions.turn(SESSION, 'frozen'))?.result?.status).toBe('completed')
  }, 30_000)

  test('the lease of a process that died is free at once', async () => {
    const root = temporaryDirectory()
    const tree = testTree(root)
    const holder = children.start(root, 'hold')
    await new Promise<void>((resolve) => holder.process.stdout?.on('data', () => resolve()))
    const busy = { purpose: 'turn', ttlMs: 1000, waitMs: 0 }
    await expect(tree.sessions.acquire(SESSION, busy)).resolves.toBeNull()
    holder.process.kill('SIGKILL')
    await holder.finished
    await expect(tree.sessions.acquire(SESSION, busy)).resolves.toMatchObject({ epoch: 2 })
  }, 20_000)
})
