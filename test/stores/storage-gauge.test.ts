import { join } from 'node:path'
import { beforeEach, describe, expect, test } from '@jest/globals'
import { Fault, faultText } from '../../agents/ports/fault.ts'
import { blamingStorage, NO_STORAGE_TIME } from '../../agents/ports/storage-time.ts'
import { CallUnderWay } from '../../stores/tree/call-under-way.ts'
import type { Fs } from '../../stores/tree/fs.ts'
import { OPERATIONS } from '../../stores/tree/intercepted-fs.ts'
import { nodeFs } from '../../stores/tree/node-fs.ts'
import { filesOfTree, StorageGauge } from '../../stores/tree/storage-gauge.ts'
import { type SlowDisk, slowDisk } from '../support/fs-slow.ts'
import { stateDir, testTree } from '../support/fs-tree.ts'
import { temporaryDirectory } from '../support/temporary.ts'

let root: string
let now: number
let disk: SlowDisk
let gauge: StorageGauge
let fs: Fs
beforeEach(() => {
  root = temporaryDirectory()
  now = 1000
  disk = slowDisk(nodeFs, (ms) => {
    now += ms
  })
  gauge = new StorageGauge({ now: () => now })
  fs = gauge.measured(disk.fs, filesOfTree(stateDir(root)))
})

const taking = (ms: number, call: () => void): void => {
  disk.slow(ms)
  call()
  disk.mend()
}
const look = (ms: number): void => taking(ms, () => fs.list(root))
const slowestSince = (mark: ReturnType<StorageGauge['mark']>) => gauge.since(mark).slowest?.ms ?? null

describe('the measurement of a file system', () => {
  test('adds up calls and their time, those that fail too', () => {
    look(3)
    expect(() => taking(4, () => fs.read(join(root, 'missing')))).toThrow('ENOENT')
    expect(gauge.figures()).toMatchObject({ calls: 2, ms: 7, slowest: { operation: 'read', ms: 4 } })
  })

  test('tells a piece of work what calls took of its time, and the slowest meanwhile', () => {
    look(50)
    const share = gauge.during((storage) => {
      look(7)
      now += 100
      look(9)
      look(2)
      return storage()
    })
    expect(share).toEqual({ ms: 18, ofMs: 118, slowest: { operation: 'list', files: 'sessions', ms: 9 } })
  })

  test.each([
    ['rising', [1, 2, 3, 4]],
    ['falling', [4, 3, 2, 1]],
    ['mixed', [2, 4, 1, 3]],
    ['equal', [2, 2, 2, 2]],
  ])('the slowest is right from every moment on, with times that are %s', (_name, times) => {
    const marks = times.map((ms) => {
      const mark = gauge.mark()
      look(ms)
      return mark
    })
    expect(marks.map(slowestSince)).toEqual(times.map((_, index) => Math.max(...times.slice(index))))
    expect(slowestSince(gauge.mark())).toBeNull()
  })

  test('keeps the newest slow calls where there are many, each faster than the one before', () => {
    for (let ms = 1000; ms > 100; ms -= 1) look(ms)
    const mark = gauge.mark()
    look(50)
    expect([gauge.figures().calls, slowestSince(mark)]).toEqual([901, 50])
  })

  test('a slow call stands in the figures for five minutes', () => {
    look(2000)
    now += 5 * 60_000 - 1
    expect(gauge.figures().slowest).toMatchObject({ ms: 2000 })
    now += 1
    expect(gauge.figures().slowest).toBeNull()
  })

  test('says which files of a tree a slow call was about: of an open file, too', async () => {
    const tree = testTree(root, { fs })
    const mark = gauge.mark()
    const files = async (operation: string, work: () => Promise<unknown>) => {
      const before = gauge.mark()
      disk.slow(5, (one) => one === operation)
      await work()
      disk.mend()
      return gauge.since(before).slowest?.files
    }
    const ref = { agent: 'Bot', key: 'a' }
    const entry = { at: '2026-11-21T10:00:00.000Z' }
    expect([
      await files('fsync', () =>
        tree.killSwitch.set('Bot', { ...entry, disabled: true, reason: '', by: 'me' }),
      ),
      await files('link', () => tree.sessions.acquire(ref, { ttlMs: 1000, waitMs: 0, purpose: 'turn' })),
      await files('read', () => tree.runs.head('Bot')),
    ]).toEqual(['sys', 'sessions', 'forge'])
    expect(gauge.since(mark).ms).toBe(now - 1000)
  })
})

describe('the call that a thread is in', () => {
  test('is seen by others for as long as it lasts, one that fails too', () => {
    const other = new CallUnderWay(gauge.underWay.memory)
    const seen: unknown[] = []
    const looking = slowDisk(nodeFs, () => seen.push(other.operation))
    looking.slow(1)
    const measured = gauge.measured(looking.fs, filesOfTree(stateDir(root)))
    measured.list(root)
    seen.push(other.operation)
    expect(() => measured.read(join(root, 'missing'))).toThrow('ENOENT')
    seen.push(other.operation)
    expect(seen).toEqual(['list', null, 'read', null])
  })

  test('is not a sync aside, which holds up no thread', () => {
    const hanging: Fs = { ...nodeFs, syncDirectoryAside: () => new Promise(() => {}) }
    void gauge.measured(hanging, filesOfTree(stateDir(root))).syncDirectoryAside(root)
    expect(gauge.underWay.operation).toBeNull()
  })

  test('may be any of the port', () => {
    const calls = Object.keys(nodeFs).filter((name) => !name.endsWith('Aside'))
    expect([...OPERATIONS].toSorted()).toEqual(calls.toSorted())
  })
})

describe('a sync aside', () => {
  /** Syncs take until they are told to end. */
  const syncing = (): { readonly fs: Fs; readonly end: (() => void)[] } => {
    const end: (() => void)[] = []
    const slow: Fs = { ...nodeFs, fsyncAside: () => new Promise((resolve) => end.push(resolve)) }
    return { fs: gauge.measured(slow, filesOfTree(stateDir(root))), end }
  }
  const file = (): number => fs.create(join(root, `file ${now++}`))

  test('counts for the work that waits for it, and for none that goes on meanwhile', async () => {
    const { fs: slow, end } = syncing()
    const descriptor = file()
    const other = gauge.during((storage) => storage)
    const [waited, share] = gauge.during((storage) => [slow.fsyncAside(descriptor), storage] as const)
    now += 500
    end[0]!()
    await waited
    const slowest = { operation: 'fsync', files: 'sessions', ms: 500 }
    expect([share(), other()]).toEqual([
      { ms: 500, ofMs: 500, slowest },
      { ms: 0, ofMs: 500, slowest },
    ])
    expect(gauge.figures()).toMatchObject({ ms: 500, slowest })
  })

  test('counts while it is under way: a disk that hangs is told of', () => {
    const { fs: slow } = syncing()
    const descriptor = file()
    const share = gauge.during((storage) => {
      void slow.fsyncAside(descriptor)
      return storage
    })
    now += 30_000
    expect(share()).toEqual({
      ms: 30_000,
      ofMs: 30_000,
      slowest: { operation: 'fsync', files: 'sessions', ms: 30_000 },
    })
  })

  test('counts for the work around, too, and once where several are waited for at once', () => {
    const { fs: slow } = syncing()
    const descriptors = [file(), file()]
    const shares = gauge.during((outer) => {
      now += 100
      return gauge.during((inner) => {
        for (const descriptor of descriptors) void slow.fsyncAside(descriptor)
        return [outer, inner]
      })
    })
    now += 40
    expect(shares.map((storage) => storage().ms)).toEqual([40, 40])
    now += 100
    expect(shares.map((storage) => storage().ms)).toEqual([140, 140])
  })

  test('that fails has taken its time, and throws what it threw', async () => {
    const failing: Fs = {
      ...nodeFs,
      async syncDirectoryAside() {
        await null
        now += 20
        throw new Error('planted')
      },
    }
    await expect(
      gauge.measured(failing, filesOfTree(stateDir(root))).syncDirectoryAside(root),
    ).rejects.toThrow('planted')
    expect(gauge.figures()).toMatchObject({ calls: 1, ms: 20, slowest: { operation: 'syncDirectory' } })
  })
})

test.each([
  ['/tree/sessions/Bot/key/v.0000000001.jsonl', 'sessions'],
  ['/tree/sessions/forge', 'sessions'],
  ['/tree/state', 'state'],
  ['/tree/state/.t.01ABC', 'state'],
  ['/tree/state/forge', 'forge'],
  ['/tree/state/forge/Builder/HEAD.json', 'forge'],
  ['/tree/statement/forge', 'sessions'],
])('of %s the files are called %s', (path, files) => {
  expect(filesOfTree('/tree/state')(path)).toBe(files)
})

describe('a fault that is out of time', () => {
  const late = new Fault('deadline_exceeded', { doing: 'waiting for the model' })
  const share = (ms: number) => ({
    ms,
    ofMs: 10_000,
    slowest: { operation: 'fsync', files: 'sessions', ms: 1999.6 },
  })

  test('is storage_slow from a quarter of the time on, and says where it went', () => {
    const fault = blamingStorage(late, share(2500))
    expect([fault.code, fault.retryAfterMs, fault.cause]).toEqual(['storage_slow', 5000, late])
    expect(faultText(fault)).toBe(
      'out of time while waiting for the model: 2500 of 10000 ms went to storage, whose slowest call, one fsync of sessions files, took 2000 ms; look at the throughput and the load of the file system',
    )
  })

  test.each([
    ['calls took less of the time', late, share(2499)],
    ['nothing is measured', late, NO_STORAGE_TIME.during((storage) => storage())],
    ['it is about something else', new Fault('provider_timeout', { provider: 'openai' }), share(9000)],
  ])('stays what it is where %s', (_name, fault, measured) => {
    expect(blamingStorage(fault, measured)).toBe(fault)
  })
})
